"""Ingest started on a tape that a crash, a fault or a person left in an odd state."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest

from schemas.control import Connected, Lost
from schemas.keys import partition
from schemas.topics import BINANCE, CONTROL, MARKET
from services.ingest.app import ingest
from services.ingest.core.binance import route
from services.ingest.feed_options import Options, recording_of
from services.ingest.feeds.base import Arrival
from services.ingest.rawlog import headers
from services.ingest.verify import verify
from services.runtime import topics_admin
from services.runtime.metrics import Metrics
from services.runtime.process import Process
from services.runtime.settings_load import load
from tests.support.eventually import eventually, eventually_sync
from tests.support.ingest import IngestProcess, make_topics, play, written
from tests.support.ingest_data import (
    Line,
    Record,
    captured,
    recording,
    reference,
    send,
    text,
    two_symbols,
)

pytestmark = [pytest.mark.broker, pytest.mark.timeout(120)]

COUNT = 400
BTC = partition("BTCUSDT.BN", 12)


def raw_records(tape: str, lines: Sequence[Line], seqs: Sequence[int]) -> list[Record]:
    """The reference record and these lines as ingest writes them, at these seqs."""
    first = headers(seqs[0], "binance", "reference")
    records: list[Record] = [(CONTROL.on(tape), 0, b"BN", reference(), first)]
    for (_, value), seq in zip(lines, seqs[1:], strict=True):
        channel, key = route("BN", value)
        heads = headers(seq, "binance", channel)
        records.append((BINANCE.on(tape), partition(key, 12), key.encode(), value, heads))
    return records


def recorded_seqs(lines: Sequence[Line]) -> list[int]:
    """Seqs of the reference record and of lines 10 µs apart."""
    us = [ns // 1000 for ns, _ in lines]
    return [us[0], us[0] + 1, *us[1:]]


def assert_file_order(found: Any, lines: Sequence[Line]) -> None:
    """Each symbol's partition holds its lines, each once, in order."""
    for remainder, key in enumerate(("BTCUSDT.BN", "ETHUSDT.BN")):
        values = [value for _, value, _ in found.raw["binance", partition(key, 12)]]
        assert values == [value for _, value in lines[remainder::2]]


def test_a_hole_between_partitions_is_filled_from_the_file(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    """
    Records of one partition stand while earlier ones of another do not, and no position.

    What is missing is put in, and `market` equals that of a run without a crash.
    """
    lines = two_symbols(COUNT)
    make_topics(kafka, tape)
    records = raw_records(tape, lines, recorded_seqs(lines))
    # The reference, all of one symbol, and the other one up to line 100.
    stands = [r for n, r in enumerate(records) if n % 2 or n <= 100]
    asyncio.run(send(kafka, stands))
    play(tape, recording(tmp_path, {"BN": text(lines)}), kafka, tmp_path)
    found = asyncio.run(written(kafka, tape))
    assert_file_order(found, lines)
    verdict = asyncio.run(verify(kafka, tape))
    assert verdict.ok, verdict.faults
    assert verdict.market["BN", "quote"] + verdict.market["BN", "trade"] > COUNT // 2


def test_a_hole_left_by_the_wall_clock_gets_numbers_between_its_neighbours(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    """On the wall clock what stands keeps its seq and what is missing fits in between."""
    lines = two_symbols(COUNT)
    make_topics(kafka, tape)
    now = 1_700_000_000_000_000
    stamped = raw_records(tape, lines, range(now, now + COUNT + 1))
    asyncio.run(send(kafka, [r for n, r in enumerate(stamped) if n % 2 or n <= 100]))

    asyncio.run(in_process(kafka, tape, recording(tmp_path, {"BN": text(lines)})))
    found = asyncio.run(written(kafka, tape))
    assert_file_order(found, lines)
    verdict = asyncio.run(verify(kafka, tape))
    assert verdict.ok, verdict.faults
    seqs = [
        int(dict(heads)["seq"]) for _, _, heads in found.raw["binance", partition("BTCUSDT.BN", 12)]
    ]
    assert seqs[:100] == list(range(now + 1, now + 201, 2)), "what stood kept its numbers"


async def in_process(bootstrap: str, tape: str, manifest: Path) -> None:
    """Play with the receive clock `wall`, which the command line does not offer."""
    settings = load({}, kafka=bootstrap, tape=tape, receive_clock="wall")
    life = Process("ingest", settings, Metrics("ingest"))
    await ingest(life, feed=recording_of(manifest, Options()))


def interrupted(kafka: str, tape: str, folder: Path, at: int) -> tuple[Path, int]:
    """A tape whose ingest was killed after `at` records: the recording, and its lines."""
    make_topics(kafka, tape)
    lines = captured(3000)
    manifest = recording(folder, {"BN": text(lines)})
    run = IngestProcess(tape, manifest, kafka, folder, options=("--speed", "5x"))
    eventually_sync(lambda: run.done() >= at, 20)
    run.kill()
    found = asyncio.run(written(kafka, tape))
    assert len(found.raw["binance", BTC]) < len(lines)
    assert len(found.market[BTC]) > at // 2, "messages that stand and must not come twice"
    return manifest, len(lines)


# Within its first second ingest has written no position, after two seconds one.
@pytest.mark.parametrize("at", [300, 2000])
@pytest.mark.parametrize(
    "damage",
    [
        b"",
        pytest.param(b"{", marks=pytest.mark.soak),
        pytest.param(b"\xff\xfe", marks=pytest.mark.soak),
        b'{"type":"position","venues":["BN"],"raw":{},"market":{},"last_seq":{},'
        b'"chain":{"raw_seq":{},"engine":{"sequencers":1}},"cursor":null}',
    ],
)
def test_a_damaged_newest_position_only_means_more_to_read_again(
    kafka: str, tape: str, tmp_path: Path, damage: bytes, at: int
) -> None:
    """Whether or not a sound one stands before it: nothing is lost, nothing comes twice."""
    manifest, count = interrupted(kafka, tape, tmp_path, at)
    heads = [("feed", b"ingest"), ("channel", b"position")]
    asyncio.run(send(kafka, [(CONTROL.on(tape), 0, b"BN", damage, heads)]))
    play(tape, manifest, kafka, tmp_path)
    verdict = asyncio.run(verify(kafka, tape))
    assert verdict.ok, verdict.faults
    assert sum(verdict.raw.values()) == count + 2  # a reference record, a closing tick


def test_a_position_beyond_the_log_is_refused(kafka: str, tape: str, tmp_path: Path) -> None:
    """Records that a position counts on and that are gone stop ingest with a sentence."""
    manifest, _ = interrupted(kafka, tape, tmp_path, 2000)
    asyncio.run(remake(kafka, MARKET.on(tape)))
    run = IngestProcess(tape, manifest, kafka, tmp_path)
    assert run.wait() == 78
    assert "its records were lost" in run.said()


async def remake(bootstrap: str, topic: str) -> None:
    """Delete a topic and make it again, empty."""

    async with topics_admin.admin(bootstrap) as client:
        await client.delete_topics([topic])

        async def gone() -> bool:
            return topic not in await client.list_topics()

        await eventually(gone)
    tape = topic.partition(".")[0]
    await topics_admin.apply(bootstrap, tape, [MARKET])


@dataclass
class Socket:
    """A live feed: it cannot repeat, and tells in `control` of a restart."""

    batches: Sequence[Sequence[Line]]
    name: str = "socket"
    repeatable: bool = False
    venues: Sequence[str] = ("BN",)
    topics: Sequence[str] = ("binance",)
    restarted: bool = False
    given: int = 0
    report_of: Mapping[str, object] = field(default_factory=dict)

    def cursor(self) -> Any:
        """Batches given."""
        return self.given

    def resume(self, cursor: Any) -> None:
        """Only that it is a restart."""
        self.restarted = True

    def settled(self) -> None:
        """Nothing to do."""

    def report(self) -> Mapping[str, object]:
        """Nothing to say."""
        return self.report_of

    async def chunks(self, stopping: asyncio.Event) -> AsyncIterator[list[Arrival]]:
        """Control records, then the batches."""
        at_us = self.batches[0][0][0] // 1000
        notes: list[Any] = [Connected(venue="BN", channel="*")]
        if self.restarted:
            ms = at_us // 1000
            lost = Lost(venue="BN", channel="*", cause="restart", from_ts_ms=ms, to_ts_ms=ms)
            notes.insert(0, lost)
        yield [
            Arrival("control", "BN", at_us, "binance", type(n).__name__.lower(), "BN",
                    msgspec.json.encode(n))
            for n in notes
        ]  # fmt: skip
        for batch in self.batches:
            self.given += 1
            yield [
                Arrival("binance", "BN", ns // 1000, "binance", *route("BN", value), value)
                for ns, value in batch
            ]


def test_a_live_feed_loses_what_reached_no_topic_and_says_so(kafka: str, tape: str) -> None:
    """
    After a crash with a hole between partitions, market follows from the raw records that stand.

    The records of the hole are lost, those that stand are decoded, a gap tells of the restart.
    """
    lines = two_symbols(COUNT)
    make_topics(kafka, tape)
    settings = load({}, kafka=kafka, tape=tape, receive_clock="wall")

    async def live(batches: Sequence[Sequence[Line]]) -> None:
        life = Process("ingest", settings, Metrics("ingest"))
        await ingest(life, feed=Socket(batches))

    asyncio.run(live([lines[:100]]))
    # The crash: 100 to 199, of which one symbol's reached its topic.
    us = [ns // 1000 for ns, _ in lines[100:200]]
    stands = raw_records(tape, lines[100:200], [0, *us])[1::2]
    asyncio.run(send(kafka, stands))
    asyncio.run(live([lines[200:300], lines[300:]]))
    verdict = asyncio.run(verify(kafka, tape))
    assert verdict.ok, verdict.faults
    assert verdict.raw["BN", "lost"] == 1
    assert verdict.raw["BN", "connected"] == 2
    # In every partition: a venue's gap is a broadcast.
    assert verdict.market["BN", "gap"] >= 12
    found = asyncio.run(written(kafka, tape))
    values = [value for _, value, _ in found.raw["binance", partition("ETHUSDT.BN", 12)]]
    assert values == [v for n, (_, v) in enumerate(lines) if n % 2 and not 100 <= n < 200]
