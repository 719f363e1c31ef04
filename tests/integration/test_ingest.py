"""What ingest writes on a real broker, and how it ends."""

import asyncio
import json
import time
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from schemas.control import Position
from schemas.keys import partition
from schemas.topics import BINANCE, CONTROL, MARKET
from services.ingest.rawlog import headers
from services.ingest.verify import verify
from services.runtime import kafka as clients
from tests.support.eventually import eventually_sync
from tests.support.ingest import ONE_VENUE, IngestProcess, make_topics, play, written
from tests.support.ingest_data import captured, recording, send, text

pytestmark = [pytest.mark.broker, pytest.mark.timeout(120)]

SLOT = ("binance", partition("BTCUSDT.BN", 12))


async def positions_of(bootstrap: str, tape: str) -> list[Position]:
    """All positions of a tape, oldest first."""
    return [
        msgspec.json.decode(r.value, type=Position)
        async for r in clients.read_all(bootstrap, CONTROL.on(tape))
        if dict(r.headers)["channel"] == b"position"
    ]


def test_counts_equal_an_independent_count_and_market_follows_from_raw(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    """Every line is one raw record, verbatim and in order; market decodes from them."""
    make_topics(kafka, tape)
    play(tape, ONE_VENUE, kafka, tmp_path)
    lines = captured()
    streams = Counter(json.loads(value)["stream"].split("@")[1] for _, value in lines)
    verdict = asyncio.run(verify(kafka, tape))
    assert verdict.ok, verdict.faults
    channels = {channel: n for (_, channel), n in verdict.raw.items()}
    assert (channels.pop("reference"), channels.pop("tick")) == (1, 1)
    assert channels == {f"spot.{kind}": count for kind, count in streams.items()}
    assert verdict.market["BN", "trade"] == streams["trade"]
    assert verdict.market["BN", "quote"] == streams["bookTicker"]
    found = asyncio.run(written(kafka, tape))
    assert [place for place in found.raw if place[0] == "binance"] == [SLOT]
    assert [value for _, value, _ in found.raw[SLOT]] == [value for _, value in lines]
    key, _, heads = found.raw[SLOT][0]
    assert key == b"BTCUSDT.BN"
    # The reference record was received with the first line and stands before it.
    seq = lines[0][0] // 1000 + 1
    assert list(heads) == headers(seq, "binance", "spot.depth")


def test_verify_sees_a_message_too_many_and_one_too_few(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    """The check fails when `market` and the raw topics differ by one message, either way."""
    make_topics(kafka, tape)
    lines = captured(51)
    play(tape, recording(tmp_path, {"BN": text(lines[:50])}), kafka, tmp_path)
    assert asyncio.run(verify(kafka, tape)).ok
    found = asyncio.run(written(kafka, tape))
    _, number = SLOT
    last = found.market[number][-1] + b"\n"
    asyncio.run(send(kafka, [(MARKET.on(tape), number, None, last, [])]))
    (fault,) = asyncio.run(verify(kafka, tape)).faults
    assert fault.startswith(f"market {number}/")
    assert "give nothing" in fault
    ns, value = lines[50]
    kind = json.loads(value)["stream"].split("@")[1]
    later = headers(ns // 1000, "binance", f"spot.{kind}")
    asyncio.run(send(kafka, [(BINANCE.on(tape), number, b"BTCUSDT.BN", value, later)]))
    faults = asyncio.run(verify(kafka, tape)).faults
    assert any("the raw records give {" in fault for fault in faults), faults


def test_sigterm_ends_well_within_5_s_and_the_next_start_goes_on(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    """Stopped in the middle of a paced play: exit 0, a position of all, nothing lost or twice."""
    make_topics(kafka, tape)
    run = IngestProcess(tape, ONE_VENUE, kafka, tmp_path, options=("--speed", "20x"))
    eventually_sync(lambda: run.done() > 500, 30)
    began = time.monotonic()
    assert run.terminate() == 0, run.said()
    assert time.monotonic() - began < 5
    (*_, position) = asyncio.run(positions_of(kafka, tape))
    spans = asyncio.run(clients.spans(kafka, [BINANCE.on(tape)]))
    stands = sum(end for _, end in spans[BINANCE.on(tape)].values())
    assert stands == position.cursor["done"] - 1, "all that stands, but for the reference"
    assert stands < 40_000, "it was stopped in the middle"
    play(tape, ONE_VENUE, kafka, tmp_path)
    verdict = asyncio.run(verify(kafka, tape))
    assert verdict.ok, verdict.faults
    assert sum(verdict.raw.values()) == len(captured()) + 2  # a reference record, a closing tick


def test_a_position_is_written_every_second_while_records_come(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    """Played for some 6 s, ingest writes 5 to 8 positions, each further than the one before."""
    make_topics(kafka, tape)
    ns = captured(1)[0][0]
    lines = [(ns + n * 10_000_000, value) for n, (_, value) in enumerate(captured(600))]
    play(tape, recording(tmp_path, {"BN": text(lines)}), kafka, tmp_path, "--speed", "1")
    done = [p.cursor["done"] for p in asyncio.run(positions_of(kafka, tape))]
    assert 5 <= len(done) <= 8, done
    assert done == sorted(set(done))
    assert done[-1] == 602


def test_a_finished_recording_started_again_writes_nothing(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    """A second start reads the position, finds the end and leaves no trace."""
    make_topics(kafka, tape)
    played = recording(tmp_path, {"BN": text(captured(2000))})
    play(tape, played, kafka, tmp_path)
    topics = [t.on(tape) for t in (BINANCE, CONTROL, MARKET)]
    before = asyncio.run(clients.spans(kafka, topics))
    play(tape, played, kafka, tmp_path)
    assert asyncio.run(clients.spans(kafka, topics)) == before


def test_the_last_seconds_play_at_the_recorded_pace(kafka: str, tape: str, tmp_path: Path) -> None:
    """With --paced-last 3, 60 recorded seconds take 3 s and something, and /health says paced."""
    make_topics(kafka, tape)
    ns = captured(1)[0][0]
    lines = [(ns + n * 100_000_000, value) for n, (_, value) in enumerate(captured(600))]
    played = recording(tmp_path, {"BN": text(lines)})
    run = IngestProcess(tape, played, kafka, tmp_path, options=("--paced-last", "3"))
    eventually_sync(lambda: run.health().get("recording", {}).get("paced"), 20)
    began = time.monotonic()
    assert run.done() < 590
    assert run.wait() == 0, run.said()
    assert 1.5 < time.monotonic() - began < 8


def test_frames_keep_to_their_bounds_and_stand_in_log_append_time(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    """At most 512 messages and 256 KiB a frame, no key, newline after each message."""
    make_topics(kafka, tape)
    play(tape, recording(tmp_path, {"BN": text(captured(5000))}), kafka, tmp_path)

    async def frames() -> list[bytes]:
        records = [r async for r in clients.read_all(kafka, MARKET.on(tape))]
        assert all(r.key is None and r.timestamp_type == 1 for r in records)
        return [r.value for r in records]

    found = asyncio.run(frames())
    assert all(frame.endswith(b"\n") for frame in found)
    assert max(frame.count(b"\n") for frame in found) <= 512
    assert max(map(len, found)) <= 262_144
    assert len(found) < 1000, "messages share frames"
