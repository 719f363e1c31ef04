"""Broker and database killed in mid-play and back: the tape and its tables show no trace of it."""

import random
import secrets
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from services.stack import Component
from tests.support.eventually import eventually_sync
from tests.support.path import SPEED, Crew, crew
from tests.support.path_result import Result, assert_same, result, summary
from tests.support.stack import OwnStack

pytestmark = [pytest.mark.broker, pytest.mark.database, pytest.mark.timeout(240)]

AWAY_S = 2.0
SLOWLY = "1"
"""160 s: six outages take longer than the recording lasts at the usual speed."""


def cut(path: Crew, own_stack: OwnStack, components: Sequence[Component]) -> None:
    """SIGKILL; some seconds without; back, and until everything moves again."""
    for component in components:
        own_stack.kill(component)
    back = time.monotonic() + AWAY_S
    while time.monotonic() < back:
        path.mend()
        time.sleep(0.05)
    for component in components:
        own_stack.start(component)
    before = path.played()

    def moving() -> bool:
        path.mend()
        if not path.playing():
            raise RuntimeError("the recording ended before the trouble did: choose a lower speed")
        states = [path.health(n).get("state") for n in ("classifier-1", "writer-1")]
        return path.played() > before and all(s in ("ok", "idle") for s in states)

    eventually_sync(moving, 60, every=0.1)


def outages(
    own_stack: OwnStack,
    folder: Path,
    recording: Path,
    cuts: Sequence[Sequence[Component]],
    speed: str = SPEED,
) -> Result:
    """What comes out when these are cut one after the other while the recording flows."""
    tape = f"t{secrets.token_hex(6)}"
    with crew(own_stack.addresses, tape, folder, recording) as path:
        path.begin(speed)
        for components in cuts:
            cut(path, own_stack, components)
        path.rush()
        restarts = path.restarts
    found = result(own_stack.addresses, tape)
    print(f"\n{summary(found)}, {restarts} restarts")
    return found


@pytest.mark.soak
def test_database_and_broker_killed_and_back(
    own_stack: OwnStack, tmp_path: Path, recording: Path, undisturbed: Result
) -> None:
    """The database alone, then the broker alone, in one play: no record lost, doubled, moved."""
    cuts: list[list[Component]] = [["postgres"], ["kafka"]]
    assert_same(outages(own_stack, tmp_path, recording, cuts), undisturbed)


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(4))
def test_many_outages(
    own_stack: OwnStack, tmp_path: Path, recording: Path, undisturbed: Result, seed: int
) -> None:
    """Either, or both at once, six times in one play."""
    kinds: list[list[Component]] = [["postgres"], ["kafka"], ["kafka", "postgres"]]
    cuts = random.Random(seed).choices(kinds, k=3) + kinds
    assert_same(outages(own_stack, tmp_path, recording, cuts, SLOWLY), undisturbed)
