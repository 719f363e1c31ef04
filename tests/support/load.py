"""Input for a pump under test, and what it must give: computed here, without Kafka."""

import asyncio
import itertools
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import msgspec

from schemas import frames
from schemas.base import BROADCAST
from schemas.market import MarketMessage
from schemas.topics import MARKET, TRADES_CLASSIFIED, Topic
from services.runtime import kafka as clients
from services.runtime import topics_admin
from services.runtime.outbox import Outboxes
from services.runtime.partition import Partition
from services.runtime.service import Service
from tests.support.trades import framed, messages

PARTITIONS = 4

Output = tuple[bytes, bytes]
"""Key and value of a record of a derived topic."""


def outcome(service: Service[Any], records: Iterable[bytes]) -> list[Output]:
    """What the input records of one partition give, computed at once and undisturbed."""
    outputs: list[Output] = []

    def sink(key: bytes, value: bytes) -> None:
        outputs.append((key, value))

    kinds = dict.fromkeys(service.outputs, sink)
    clocked = [sink for topic in set(service.outputs.values()) if topic.clocked]
    partition = Partition(service, kinds, clocked)
    for offset, record in enumerate(records):
        good = [m for m in frames.messages_and_errors(record) if not isinstance(m, ValueError)]
        partition.run(offset, good)
    return outputs


class _Place(msgspec.Struct):
    symbol: str
    seq: int
    part: int = 0
    venue: str = ""


_place = msgspec.json.Decoder(_Place).decode


def readers_rule(records: Iterable[Output], use_part: bool = True) -> list[Output]:
    """What a reader keeps: only what is newer than the last `(seq, part)` of its stream."""
    last: dict[str, tuple[int, int]] = {}
    kept: list[Output] = []
    for key, value in records:
        at = _place(value)
        stream = at.symbol if at.symbol != BROADCAST else f"{BROADCAST}{at.venue}"
        place = (at.seq, at.part if use_part else 0)
        if place > last.get(stream, (-1, 0)):
            last[stream] = place
            kept.append((key, value))
    return kept


@dataclass(frozen=True)
class Difference:
    """How an output log differs from what it must be; `repeats` are no difference."""

    missing: int
    wrong: int
    repeats: int
    right: int
    same_order: bool


def compare(
    want: Mapping[int, Sequence[Output]], got: Mapping[int, Sequence[Output]]
) -> Difference:
    """`want` by partition, against whole logs by partition, after the reader's rule."""
    missing = wrong = repeats = right = 0
    same_order = True
    for number in want.keys() | got.keys():
        raw, wanted = got.get(number, ()), want.get(number, ())
        kept = readers_rule(raw)
        repeats += len(raw) - len(kept)
        wanted_set, kept_set = set(wanted), set(kept)
        missing += len(wanted_set - kept_set)
        wrong += len(kept_set - wanted_set)
        right += len(wanted_set & kept_set)
        same_order &= kept == list(wanted)
    return Difference(missing, wrong, repeats, right, same_order)


class Load:
    """Synthetic messages into `market` of a tape, remembering every record it sent."""

    def __init__(
        self,
        tape: str,
        outboxes: Outboxes,
        source: Iterator[MarketMessage],
        frame: int,
        partitions: int = PARTITIONS,
    ) -> None:
        self.tape, self.records = tape, defaultdict[int, list[bytes]](list)
        self.sent = 0
        self._outboxes, self._frame, self._partitions = outboxes, frame, partitions
        self._source = source
        self._last_seq = 0

    async def more(self, count: int) -> None:
        """So many more messages, all on the broker when it returns."""
        taken = list(itertools.islice(self._source, count))
        self._last_seq = taken[-1].seq
        for number, (at, record) in enumerate(framed(iter(taken), self._partitions, self._frame)):
            await self.append(at, record)
            if number % 50 == 0:
                await asyncio.sleep(0)
        self.sent += count
        await self._outboxes.flush()

    async def append(self, partition: int, record: bytes, counts_as: bytes | None = None) -> None:
        """One record as it is, good or bad; `counts_as` is what is left of it when it is bad."""
        self.records[partition].append(record if counts_as is None else counts_as)
        box = self._outboxes.get(MARKET.on(self.tape), partition)
        box.append(None, record)
        await box.relieved()

    def next_seq(self) -> int:
        """A seq behind everything sent so far; ten from it are before all that is sent later."""
        return self._last_seq + 1

    async def flow(self, until: asyncio.Event, per_s: int = 20_000) -> None:
        """Input that keeps flowing, in bursts each 50 ms, until the event."""
        while not until.is_set():
            await self.more(per_s // 20)
            await asyncio.sleep(0.05)

    def expected(self, service: Service[Any]) -> dict[int, list[Output]]:
        """Partition -> what the service must give for everything sent so far."""
        return {number: outcome(service, records) for number, records in self.records.items()}


@asynccontextmanager
async def load(
    kafka: str,
    tape: str,
    *,
    symbols: int = 60,
    seed: int = 1,
    frame: int = 20,
    source: Iterator[MarketMessage] | None = None,
    partitions: int = PARTITIONS,
) -> AsyncIterator[Load]:
    """The topics of a tape with few partitions, and a load into them: trades, or `source`."""
    await topics_admin.apply(kafka, tape, partitions=partitions)
    producer = clients.producer(kafka, "test-load")
    await producer.start()
    outboxes = Outboxes(producer, on_failure=_complain)
    try:
        given = source or messages(1_000_000_000, symbols, seed)
        yield Load(tape, outboxes, given, frame, partitions)
    finally:
        await outboxes.stop()
        await producer.stop()


def _complain(topic: str, partition: int, error: BaseException) -> None:
    raise AssertionError(f"the test's own input failed: {topic}/{partition}") from error


async def output_log(
    kafka: str, tape: str, topic: Topic = TRADES_CLASSIFIED
) -> dict[int, list[Output]]:
    """Partition -> all records of an output topic as they stand in the log now."""
    log = defaultdict[int, list[Output]](list)
    async for record in clients.read_all(kafka, topic.on(tape)):
        log[record.partition].append((record.key, record.value))
    return log


async def caught_up(
    kafka: str, tape: str, want: Mapping[int, Sequence[Output]], seconds: float = 30.0
) -> None:
    """Wait until the last wanted output of every partition is in the log."""
    from tests.support.eventually import eventually

    topic = TRADES_CLASSIFIED.on(tape)
    seen: dict[int, int] = {}
    open_ = {number: outputs[-1] for number, outputs in want.items() if outputs}

    async def all_there() -> bool:
        start = {number: seen.get(number, 0) for number in open_}
        async for record in clients.read_all(kafka, topic, start, list(open_)):
            seen[record.partition] = record.offset + 1
            if open_.get(record.partition) == (record.key, record.value):
                del open_[record.partition]
        return not open_

    await eventually(all_there, seconds, every=0.1)
