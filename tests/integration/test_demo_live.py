"""The Vietnamese day of `vntape demo`, with services killed in it and after it."""

import os
import re
import signal

import psycopg
import pytest

from tests.support.demos import Demos
from tests.support.eventually import eventually

pytestmark = [
    pytest.mark.broker, pytest.mark.database, pytest.mark.soak, pytest.mark.timeout(900),
]  # fmt: skip

PRINTS = 500
"""Of continuous trading, stored when the kills begin: the day is under way."""


def prints(demos: Demos, tape: str) -> int:
    with psycopg.connect(demos.stack.database) as connection:
        query = f"SELECT count(*) FROM {tape}.trades_classified WHERE phase = 'continuous'"
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return int(row[0])


async def killed(demos: Demos, tape: str, *workers: str) -> None:
    """All at once, and all are there again."""
    gone = {demos.pid_of(tape, worker) for worker in workers}
    for pid in gone:
        assert pid is not None
        os.kill(pid, signal.SIGKILL)

    def back() -> bool:
        return (gone | {None}).isdisjoint(demos.pid_of(tape, worker) for worker in workers)

    await eventually(back, 60)


async def test_who_is_killed_is_started_again_in_the_day_and_after_it_and_the_truth_holds(
    demos: Demos,
) -> None:
    with demos.running("demo", "--only", "vietnam", "--speed", "400") as demo:
        named = await eventually(lambda: re.search(r"tape (demovn\w*), new", demo.said()), 60)
        assert named is not None
        tape = named[1]
        demos.tapes.append(tape)
        await eventually(lambda: prints(demos, tape) > PRINTS, 240, every=0.5)
        await killed(demos, tape, "board-1", "classifier-1", "writer-1")
        await eventually(lambda: "Ctrl-C ends the demo" in demo.said(), 600, every=0.5)
        await killed(demos, tape, "writer-1")
        said = demo.said()
    assert demo.process.returncode == 130
    assert said.count("writer ended with -9; started again") == 2
    truth = demos.folder / "main" / "exchange" / tape
    status, told = demos.run("report", "truth", str(truth), "--tape", tape)
    assert (status, ": EXACT: " in told) == (0, True), told
