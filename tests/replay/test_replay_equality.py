"""One recording on two tapes, played differently: the same bytes in every typed topic."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.stack import Addresses
from tests.support import vn_day_crowd
from tests.support.path import crew
from tests.support.path_result import Result, assert_same, result, summary
from tests.support.tapes import forget

pytestmark = [pytest.mark.broker, pytest.mark.database, pytest.mark.timeout(120)]

STOCKS = 24
FAST = "40000"
"""Two days in 4 s: frames, batches and snapshots end elsewhere than without any pace."""


@pytest.fixture
def tapes(stack: Addresses) -> Iterator[tuple[str, str]]:
    """Two names no other test has."""
    names = (f"t{secrets.token_hex(6)}", f"t{secrets.token_hex(6)}")
    yield names
    for name in names:
        forget(name, stack)


def played(
    stack: Addresses, tape: str, folder: Path, manifest: Path, *names: str, speed: str
) -> Result:
    """What the path leaves of the recording, with these workers beside ingest and the writer."""
    data = vn_day_crowd.reference_data(folder / "reference", STOCKS)
    settings = {"receive_clock": "recorded", "snapshot_interval_s": 2, "reference_data": data}
    with crew(stack, tape, folder, manifest, **settings) as path:
        for name in (*names, "writer-1"):
            path.start(name)
        path.start("ingest-1", "--speed", speed)
        path.finish()
    return result(stack, tape)


def test_the_same_recording_gives_the_same_bytes_on_another_tape(
    stack: Addresses, tapes: tuple[str, str], tmp_path: Path
) -> None:
    """At once with one worker a service, and paced with two classifiers that share partitions."""
    manifest = vn_day_crowd.recording(tmp_path, STOCKS, step_s=121)
    first = played(stack, tapes[0], tmp_path / "first", manifest,
                   "classifier-1", "board-1", speed="max")  # fmt: skip
    second = played(stack, tapes[1], tmp_path / "second", manifest,
                    "classifier-1", "classifier-2", "board-1", speed=FAST)  # fmt: skip
    print(summary(first))
    assert len(first.derived) > STOCKS * 4
    assert_same(second, first)
