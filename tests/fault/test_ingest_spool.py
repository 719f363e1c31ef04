"""A live feed while Kafka is killed, ingest itself is, or the machine's clock is set back."""

import asyncio
import json
import os
import random
import secrets
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from schemas import frames
from schemas.market import Gap
from services.ingest import rawlog
from services.ingest.rawlog import Standing
from services.ingest.verify import verify
from tests.support.eventually import eventually_sync
from tests.support.ingest import IngestProcess, make_topics, written
from tests.support.live import Sender, binance_trades, listening, live, port_of
from tests.support.set_clock import SetClock
from tests.support.stack import OwnStack

pytestmark = [pytest.mark.broker, pytest.mark.timeout(120)]

SEED = int(os.environ.get("VNTAPE_TEST_SEED") or secrets.randbelow(10**6))
RATE = 3000


def spooled(run: IngestProcess) -> int:
    """Bytes that wait on its disk."""
    return int(run.health().get("live", {}).get("waiting_bytes", 0))


async def raw_of(kafka: str, tape: str) -> tuple[list[bytes], list[dict[str, Any]]]:
    """A tape's vendor messages in the order of seq, and what its `control` says was lost."""
    records: list[Standing] = []
    for topic in ("binance", "control"):
        records += [r async for r in rawlog.tail(kafka, tape, topic, {})]
    raws = [r.raw for r in rawlog.in_order(records)]
    lost = [json.loads(r.value) for r in raws if r.channel == "lost"]
    return [r.value for r in raws if r.feed == "binance" and r.channel == "spot.trade"], lost


def assert_whole(kafka: str, tape: str, sender: Sender) -> list[dict[str, Any]]:
    """Everything taken stands once, in the order sent; `market` follows; what was lost."""
    stands, lost = asyncio.run(raw_of(kafka, tape))
    assert len(set(stands)) == len(stands), "no message twice"
    assert sender.taken <= set(stands), f"{len(sender.taken - set(stands))} taken are missing"
    place = {line: n for n, line in enumerate(sender.sent)}
    order = [place[line] for line in stands]
    assert order == sorted(order)
    verdict = asyncio.run(verify(kafka, tape))
    assert verdict.ok, verdict.faults
    return lost


def test_killed_in_the_outage_and_in_the_drain_nothing_that_was_taken_is_missing_or_twice(
    own_stack: OwnStack, tmp_path: Path
) -> None:
    """
    Kafka is killed under 3,000 messages/s; ingest is killed -9 in the outage, takes messages
    again while Kafka is still away, and is killed again while it drains.
    """
    print(f"\nseed {SEED} (VNTAPE_TEST_SEED repeats it)")
    chance = random.Random(SEED)
    kafka, tape = own_stack.addresses.kafka, "spooled"
    make_topics(kafka, tape)
    runs = [live(tape, kafka, tmp_path)]
    try:
        listening(runs[-1])
        with Sender(binance_trades(), lambda: port_of(runs[-1]), RATE) as sender:
            eventually_sync(lambda: len(sender.taken) > RATE, 10)
            own_stack.kill("kafka")
            eventually_sync(lambda: "spooling" in runs[-1].health().get("problems", {}), 10)
            assert runs[-1].health()["state"] == "degraded"
            time.sleep(chance.random())
            runs[-1].kill()
            runs.append(live(tape, kafka, tmp_path))
            listening(runs[-1])
            before = len(sender.taken)
            eventually_sync(lambda: len(sender.taken) > before + RATE, 10)
            own_stack.start("kafka")
            # The second to begin to play: the first run's word stands in the same file.
            begun = '"ingest_started"'
            eventually_sync(lambda: runs[-1].said().count(begun) == 2, 20, every=0.005)
            time.sleep(chance.random() * 0.3)
            runs[-1].kill()
            cut = asyncio.run(raw_of(kafka, tape))[0]
            print(f"killed again with {len(sender.taken - set(cut))} taken not on the tape")
            runs.append(live(tape, kafka, tmp_path))
            listening(runs[-1])
            before = len(sender.taken)
            eventually_sync(lambda: len(sender.taken) > before + RATE, 20)
            assert sender.slowest_s < 2, "its sender never waits for Kafka"
        eventually_sync(lambda: spooled(runs[-1]) == 0, 20)
        assert runs[-1].terminate() == 0, runs[-1].said()
    finally:
        for run in runs:
            run.process.kill()
    lost = assert_whole(kafka, tape, sender)
    assert [one["cause"] for one in lost] == ["restart", "restart"]
    assert all(0 <= one["to_ts_ms"] - one["from_ts_ms"] < 20_000 for one in lost)


def test_a_full_spool_is_a_gap_with_bounds_and_count_and_the_sender_never_waits(
    own_stack: OwnStack, tmp_path: Path
) -> None:
    kafka, tape = own_stack.addresses.kafka, "full"
    make_topics(kafka, tape)
    run = live(tape, kafka, tmp_path, spool_bytes=str(2**20))
    try:
        listening(run)
        with Sender(binance_trades(), lambda: port_of(run), RATE) as sender:
            eventually_sync(lambda: len(sender.taken) > RATE, 10)
            own_stack.kill("kafka")
            eventually_sync(lambda: sender.refused > RATE, 20)
            assert "spool_full" in run.health()["problems"]
            own_stack.start("kafka")
            refused = sender.refused
            taken = len(sender.taken)
            eventually_sync(lambda: len(sender.taken) > taken + RATE, 30)
            assert sender.slowest_s < 2
        eventually_sync(lambda: spooled(run) == 0, 20)
        assert run.terminate() == 0, run.said()
    finally:
        run.process.kill()
    assert refused <= sender.refused
    lost = assert_whole(kafka, tape, sender)
    assert {one["cause"] for one in lost} == {"spool_full"}
    assert sum(one["count"] for one in lost) == sender.refused
    gaps = asyncio.run(_gaps(kafka, tape))
    assert sum(gap.missing_count or 0 for gap in gaps if gap.cause == "spool_full") == (
        sender.refused
    )
    assert len(lost) <= 3, "one gap, not one a message"
    received = asyncio.run(received_ms(kafka, tape))
    for one in lost:
        assert one["from_ts_ms"] < one["to_ts_ms"]
        within = [ms for ms in received if one["from_ts_ms"] < ms < one["to_ts_ms"]]
        assert not within, "what stands was received before it or after it"


def test_a_clock_that_is_set_back_under_load_and_over_kills_never_takes_seq_back(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    """
    An hour while it runs, two while it is dead, three between SIGTERM and the next start; then
    the clock is right again. Every partition's seqs rise, of raw records and of messages.
    """
    make_topics(kafka, tape)
    clock = SetClock(tmp_path / "machine")

    def start() -> IngestProcess:
        options = ("--listen", "binance@BN:0")
        return IngestProcess(tape, None, kafka, tmp_path, None, options, clock.environment)

    runs = [start()]
    try:
        with Sender(binance_trades(), lambda: port_of(runs[-1]), RATE) as sender:

            def goes_on() -> None:
                before = len(sender.taken)
                eventually_sync(lambda: len(sender.taken) > before + RATE, 20)

            def is_behind() -> bool:
                return "clock" in runs[-1].health().get("problems", {})

            goes_on()
            clock.set(-3600)
            eventually_sync(is_behind, 10)
            goes_on()
            runs[-1].kill()
            clock.set(-7200)
            runs.append(start())
            goes_on()
            assert is_behind()
            assert runs[-1].terminate() == 0, runs[-1].said()
            clock.set(-10_800)
            runs.append(start())
            goes_on()
            assert is_behind()
            clock.set(0)
            eventually_sync(lambda: not is_behind(), 10)
            goes_on()
        eventually_sync(lambda: spooled(runs[-1]) == 0, 20)
        assert runs[-1].terminate() == 0, runs[-1].said()
    finally:
        for run in runs:
            run.process.kill()
    lost = assert_whole(kafka, tape, sender)
    assert [one["cause"] for one in lost] == ["restart", "restart"]
    assert all(one["from_ts_ms"] <= one["to_ts_ms"] for one in lost)
    found = asyncio.run(written(kafka, tape))
    seqs = [
        *([int(dict(headers)["seq"]) for *_, headers in records] for records in found.raw.values()),
        *([frames.messages(line)[0].seq for line in lines] for lines in found.market.values()),
    ]
    assert sum(map(len, seqs)) > 2 * len(sender.taken)
    for each in seqs:
        assert all(one < next_ for one, next_ in pairwise(each))
    # Nor did it run ahead: while the clock was behind each record was the next microsecond.
    assert max(each[-1] for each in seqs) < (time.time() + 60) * 1e6


async def received_ms(kafka: str, tape: str) -> list[int]:
    """When each vendor message that stands was received."""
    return [r.raw.seq // 1000 async for r in rawlog.tail(kafka, tape, "binance", {})]


async def _gaps(kafka: str, tape: str) -> list[Gap]:
    found = (await written(kafka, tape)).market[0]
    messages = [frames.messages(line)[0] for line in found if b'"gap"' in line]
    return [one for one in messages if isinstance(one, Gap)]
