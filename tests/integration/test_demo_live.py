"""The Vietnamese day of `vntape demo`, with services killed in it and after it."""

import os
import re
import signal

import psycopg
import pytest

from tests.support.demos import Demos
from tests.support.eventually import eventually

pytestmark = [
    pytest.mark.broker, pytest.mark.database, pytest.mark.soak, pytest.mark.timeout(600),
]  # fmt: skip

PRINTS = 500
"""Of continuous trading, stored when the kills begin: the day is under way."""


def prints(demos: Demos, tape: str) -> int:
    with psycopg.connect(demos.stack.database) as connection:
        query = f"SELECT count(*) FROM {tape}.trades_classified WHERE phase = 'continuous'"
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return int(row[0])


async def test_who_is_killed_is_started_again_in_the_day_and_after_it_and_the_truth_holds(
    demos: Demos,
) -> None:
    with demos.running("demo", "--only", "vietnam", "--speed", "400") as demo:
        named = await eventually(lambda: re.search(r"tape (demovn\w*), new", demo.said()), 60)
        assert named is not None
        tape = named[1]
        demos.tapes.append(tape)
        await eventually(lambda: prints(demos, tape) > PRINTS, 120, every=0.5)
        victims = ("board-1", "classifier-1", "writer-1")
        pids = {name: demos.pid_of(tape, name) for name in victims}
        for pid in pids.values():
            os.kill(pid, signal.SIGKILL)
        for name, old in pids.items():
            await eventually(lambda n=name, p=old: demos.pid_of(tape, n) != p, 30)
        await eventually(lambda: "Ctrl-C ends the demo" in demo.said(), 240, every=0.5)
        os.kill(old := demos.pid_of(tape, "writer-1"), signal.SIGKILL)
        await eventually(lambda: demos.pid_of(tape, "writer-1") != old, 30)
        said = demo.said()
    assert demo.process.returncode == 130
    assert said.count("writer ended with -9; started again") == 2
    truth = demos.folder / "main" / "exchange" / tape
    status, told = demos.run("report", "truth", str(truth), "--tape", tape)
    assert (status, ": EXACT: " in told) == (0, True), told
