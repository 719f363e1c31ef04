"""Ingest, classifier and writer killed under load: the tape and its tables show no trace of it."""

from pathlib import Path

import pytest

from services.stack import Addresses
from tests.support.eventually import eventually_sync
from tests.support.path import crew
from tests.support.path_kills import SEED, kill_at_random
from tests.support.path_result import Result, assert_same, result, summary

pytestmark = [pytest.mark.broker, pytest.mark.database, pytest.mark.timeout(240)]

VICTIMS = ("ingest-1", "classifier-1", "writer-1")


@pytest.mark.soak
def test_everything_killed_at_random_leaves_what_an_undisturbed_run_leaves(
    stack: Addresses, tape: str, tmp_path: Path, recording: Path, undisturbed: Result
) -> None:
    """Eleven kills -9 and one of ingest: topics and tables are equal, byte for byte."""
    with crew(stack, tape, tmp_path, recording) as path:
        path.begin()
        kill_at_random(path, VICTIMS, SEED, each=3, pairs=1)
        path.rush()
    found = result(stack, tape)
    print(summary(found))
    assert_same(found, undisturbed)
    assert found.repeats > 0, "no kill came between an output and its snapshot: nothing was tested"


@pytest.mark.soak
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
        kill_at_random(path, VICTIMS, SEED + round_, each=10, pairs=9)
        path.rush()
    assert_same(result(stack, tape), undisturbed)
