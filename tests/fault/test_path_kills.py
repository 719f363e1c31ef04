"""Ingest, classifier and writer killed under load: the tape and its tables show no trace of it."""

import os
import random
import secrets
import time
from collections import Counter
from pathlib import Path

import pytest

from services.stack import Addresses
from tests.support.eventually import eventually_sync
from tests.support.path import Crew, crew
from tests.support.path_result import Result, assert_same, result, summary

pytestmark = [pytest.mark.broker, pytest.mark.database, pytest.mark.timeout(240)]

SEED = int(os.environ.get("VNTAPE_TEST_SEED") or secrets.randbelow(10**6))
VICTIMS = ("ingest-1", "classifier-1", "writer-1")


def plan(chance: random.Random, each: int, pairs: int) -> list[tuple[str, ...]]:
    """Who dies when: everybody `each` times alone, and `pairs` times two at once."""
    deaths: list[tuple[str, ...]] = [(name,) for name in VICTIMS for _ in range(each)]
    deaths += [tuple(chance.sample(VICTIMS, 2)) for _ in range(pairs)]
    chance.shuffle(deaths)
    return deaths


def kill_at_random(path: Crew, seed: int, each: int, pairs: int) -> None:
    """
    The kills of a plan, while the recording flows.

    Of four victims three had become ready, or had moved, before they die; one dies at once.
    """
    chance = random.Random(seed)
    print(f"\nseed {seed} (VNTAPE_TEST_SEED={seed} repeats it)")
    deaths: Counter[str] = Counter()
    for victims in plan(chance, each, pairs):
        if chance.random() < 0.75:
            for name in victims:
                eventually_sync(lambda n=name: path.ready(n), 30, every=0.02)
        time.sleep(chance.uniform(0.0, 0.7))
        assert path.playing(), "the recording ended before the kills did: choose a lower speed"
        path.kill(*victims)
        deaths.update(victims)
    assert min(deaths[name] for name in VICTIMS) >= 3
    print(f"killed {dict(deaths)}")


def test_everything_killed_at_random_leaves_what_an_undisturbed_run_leaves(
    stack: Addresses, tape: str, tmp_path: Path, recording: Path, undisturbed: Result
) -> None:
    """Eleven kills -9 and one of ingest: topics and tables are equal, byte for byte."""
    with crew(stack, tape, tmp_path, recording) as path:
        path.begin()
        kill_at_random(path, SEED, each=3, pairs=1)
        path.rush()
    found = result(stack, tape)
    print(summary(found))
    assert_same(found, undisturbed)
    assert found.repeats > 0, "no kill came between an output and its snapshot: nothing was tested"


def test_a_classifier_joins_in_mid_stream_and_one_is_killed(
    stack: Addresses, tape: str, tmp_path: Path, recording: Path, undisturbed: Result
) -> None:
    """Partitions move to the worker that joins, and to it again when the first is dead."""
    with crew(stack, tape, tmp_path, recording) as path:
        path.begin()
        path.start("classifier-2")
        eventually_sync(lambda: path.owned(1) == path.owned(2) == 6, 30)
        path.kill("classifier-1", restart=False)
        eventually_sync(lambda: path.owned(2) == 12, 30)
        path.rush()
    found = result(stack, tape)
    print(summary(found))
    assert_same(found, undisturbed)


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("round_", range(10))
def test_many_kills(
    stack: Addresses, tape: str, tmp_path: Path, recording: Path, undisturbed: Result, round_: int
) -> None:
    """Other seeds: thirty kills of one, and nine of two at once, at a lower speed."""
    with crew(stack, tape, tmp_path, recording) as path:
        path.begin(speed="1")
        kill_at_random(path, SEED + round_, each=10, pairs=9)
        path.rush()
    assert_same(result(stack, tape), undisturbed)
