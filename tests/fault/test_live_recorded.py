"""A live tape, with faults and kills in it, recorded and replayed: the same to the byte."""

import asyncio
import os
import secrets
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from schemas import frames
from schemas.market import Candle, Clock, Gap
from services.ingest.verify import verify
from services.stack import Addresses
from tests.support.connected import channels, connected, environment, lives, played, topics
from tests.support.eventually import eventually
from tests.support.exchange import order, serving
from tests.support.ingest import ROOT, IngestProcess, written
from tests.support.tapes import forget
from tests.unit.simulator.exchange_day import plan

pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]

ALL = frozenset({"F", "X-TRADE", "X-QUOTE", "R", "MI", "OL", "L", "S"})
NOISE = [
    {"kind": "duplicate", "every": 3, "lasts": 3},
    {"kind": "malformed", "channel": "X-TRADE", "every": 1, "how": "content", "count": 20},
]


@pytest.fixture
def second_tape(stack: Addresses) -> Iterator[str]:
    name = f"t{secrets.token_hex(6)}"
    yield name
    forget(name, stack)


def vntape(kafka: str, folder: Path, *words: str) -> str:
    """Run a command to its end; what it printed."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("VNTAPE_")}
    env |= {"VNTAPE_KAFKA": kafka, "VNTAPE_LOCAL_DIR": str(folder), "VNTAPE_STACK": "nowhere"}
    done = subprocess.run(
        [sys.executable, "-c", "from services.cli import main; main()", *words],
        cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


async def lived(kafka: str, tape: str, folder: Path, kills: int, bars: bool) -> None:
    """An ingest that is killed so often, each time while a connection is lost; then SIGTERM."""
    day = plan(which="vn30", scale=0.1, channels=ALL)
    async with serving(day, "09:16:00", 1.0) as server:
        await server.floor.made_up.wait()
        clock = server.receive_clock()
        assert clock is not None
        settings = environment(server, receive_clock=clock)
        for _ in range(kills):
            with connected(tape, kafka, folder, settings) as run:
                await lives(run, after=50)
                await order(server, NOISE)
                await eventually(partial(dead_lettered, run), 60)  # the noise goes on
                await order(server, [{"kind": "too_many_requests", "lasts": 1.5},
                                     {"kind": "disconnect", "channel": "X-TRADE"}])  # fmt: skip

                async def is_lost() -> bool:
                    shown = await channels(run)
                    return shown["ssi vn.X-TRADE"]["state"] in ("backing_off", "connecting")

                await eventually(is_lost, 20)
                run.kill()
        with connected(tape, kafka, folder, settings) as run:
            count = sum(each["messages"] for each in (await lives(run, 60)).values())
            await lives(run, after=count + 20)
            if bars:
                # When the minute is over in which the loss ended.
                await eventually(lambda: backfilled(run), 90)
            await played(run)
            assert run.terminate() == 0, run.said()


async def dead_lettered(run: IngestProcess) -> bool:
    """It refused a message and says so; what is killed now is decoded again, and refused again."""
    health = await asyncio.to_thread(run.health)
    return "dead_letters" in health.get("problems", {})


async def backfilled(run: IngestProcess) -> bool:
    """REST was asked for bars of what was lost."""
    health = await asyncio.to_thread(run.health)
    return "ssi backfill" in health.get("live", {})


async def same(
    kafka: str, tape: str, again: str, folder: Path, kills: int, bars: bool = False
) -> None:
    await topics(kafka, tape, "ssi", "iboard")
    await lived(kafka, tape, folder, kills, bars)
    verdict = await verify(kafka, tape)
    assert verdict.ok, verdict.faults
    out = folder / "archive"
    told = await asyncio.to_thread(
        vntape, kafka, folder, "record", "--tape", tape, "--out", str(out), "--once"
    )
    await asyncio.to_thread(vntape, kafka, folder, "replay", *told.split(), "--tape", again)
    original, replayed = await written(kafka, tape), await written(kafka, again)
    assert replayed.raw == original.raw
    assert replayed.market == original.market
    assert replayed.letters == original.letters
    lines = b"\n".join(line for lines in original.market.values() for line in lines)
    messages = {m.seq: m for m in frames.messages(lines)}.values()
    causes = Counter(m.cause for m in messages if isinstance(m, Gap))
    print(f"\n{len(messages)} messages, gaps {dict(causes)}")
    assert causes["restart"] >= kills
    assert causes["late_start"]
    sources = {m.source for m in messages if isinstance(m, Candle)}
    assert sources == {"rest"} if bars else sources <= {"rest"}
    assert causes["disconnect"], "the loss that was open at the kill is told by the restart"
    assert sum(isinstance(m, Clock) for m in messages) > 5
    assert original.letters


@pytest.mark.soak
async def test_a_live_tape_recorded_and_replayed_is_the_same_to_the_byte(
    kafka: str, tape: str, second_tape: str, tmp_path: Path
) -> None:
    """One kill -9 with a connection lost, one SIGTERM; repeated and malformed messages."""
    await same(kafka, tape, second_tape, tmp_path, 1)


@pytest.mark.soak
async def test_so_it_is_after_many_kills(
    kafka: str, tape: str, second_tape: str, tmp_path: Path
) -> None:
    """The bars of the lost minutes included."""
    await same(kafka, tape, second_tape, tmp_path, 4, bars=True)
