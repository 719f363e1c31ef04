"""Killing the services of a path at random while its recording flows."""

import os
import random
import secrets
import time
from collections import Counter
from collections.abc import Sequence

from tests.support.eventually import eventually_sync
from tests.support.path import Crew

SEED = int(os.environ.get("VNTAPE_TEST_SEED") or secrets.randbelow(10**6))


def kill_at_random(path: Crew, victims: Sequence[str], seed: int, each: int, pairs: int) -> None:
    """
    Everybody dies `each` times alone, and `pairs` times two at once.

    Of four victims three had become ready, or had moved, before they die; one dies at once.
    """
    chance = random.Random(seed)
    print(f"\nseed {seed} (VNTAPE_TEST_SEED={seed} repeats it)")
    deaths: Counter[str] = Counter()
    for names in _plan(chance, victims, each, pairs):
        if chance.random() < 0.75:
            for name in names:
                eventually_sync(lambda n=name: path.ready(n), 30, every=0.02)
        time.sleep(chance.uniform(0.0, 0.7))
        assert path.playing(), "the recording ended before the kills did: choose a lower speed"
        path.kill(*names)
        deaths.update(names)
    assert min(deaths[name] for name in victims) >= each
    print(f"killed {dict(deaths)}")


def _plan(
    chance: random.Random, victims: Sequence[str], each: int, pairs: int
) -> list[tuple[str, ...]]:
    deaths: list[tuple[str, ...]] = [(name,) for name in victims for _ in range(each)]
    deaths += [tuple(chance.sample(victims, 2)) for _ in range(pairs)]
    chance.shuffle(deaths)
    return deaths
