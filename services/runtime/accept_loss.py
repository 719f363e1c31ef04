"""
Going on after input that expired (`vntape accept-loss`): a gap where it was, then what is left.

The state is moved over the hole by a `gap` message, like over any other: its units see it, the
clocked outputs get it, and the snapshot behind it begins at the log's first offset.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.base import BROADCAST
from schemas.keys import venue_of
from schemas.market import Gap
from services.runtime import kafka
from services.runtime.metrics import Metrics
from services.runtime.outbox import Outboxes
from services.runtime.pump import Pump
from services.runtime.service import Service
from services.runtime.settings import Settings
from services.runtime.snapshots import Found, read_latest
from services.runtime.topics_admin import admin

FIRST_LOOK = 1000
"""Records of an output read back from its end at first, four times more until all are found."""


class WorkersAliveError(Exception):
    """A worker of the service is in its group: stop it first."""


@dataclass(frozen=True)
class Loss:
    """Input of a partition that has left the log: offsets from `at` up to `first`."""

    partition: int
    at: int
    first: int


class _Head(msgspec.Struct):
    """What places any message of any typed topic."""

    symbol: str
    seq: int
    venue: str | None = None


_head = msgspec.json.Decoder(_Head).decode


async def alive(bootstrap: str, group: str) -> list[str]:
    """The members of a consumer group, also those that died less than a session timeout ago."""
    async with admin(bootstrap) as client:
        members = []
        for reply in await client.describe_consumer_groups([group]):
            members += [member[0] for found in reply.groups for member in found[5]]
        return members


class Acceptance:
    """What is lost of a service's input on a tape, and its acceptance. Use as a context."""

    def __init__(self, service: Service[Any], settings: Settings) -> None:
        assert settings.kafka is not None
        self.service, self.settings = service, settings
        self._input = service.input.on(settings.tape)
        self._client = kafka.consumer(settings.kafka, f"vntape-{service.name}-accept-loss")
        self._found: dict[int, Found] = {}

    async def __aenter__(self) -> "Acceptance":
        await self._client.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.stop()

    async def losses(self) -> list[Loss]:
        """
        What is lost, by partition, ascending; empty when nothing is.

        Raises:
            WorkersAliveError: naming how many; a worker would write its own state meanwhile.
            RefusedSnapshotError: the state is of another version.
        """
        assert self.settings.kafka is not None
        group = self.service.app_id(self.settings.tape)
        if members := await alive(self.settings.kafka, group):
            raise WorkersAliveError(
                f"{len(members)} worker(s) of {group} are alive, or died less than "
                f"{self.settings.session_timeout_s:g} s ago: stop them first"
            )
        numbers = await kafka.partitions_of(self._client, self._input)
        snapshots = self.service.snapshots.on(self.settings.tape)
        self._found = await read_latest(self._client, snapshots, numbers, self.service.version)
        bounds = await kafka.bounds(self._client, self._input)
        losses = []
        for tp, (first, _) in sorted(bounds.items()):
            snapshot = self._found[tp.partition].snapshot
            at = snapshot.next_offset if snapshot else 0
            if at < first:
                losses.append(Loss(tp.partition, at, first))
        return losses

    async def accept(self, losses: list[Loss]) -> int:
        """Write a gap and a snapshot for each; returns how many gaps."""
        assert self.settings.kafka is not None
        producer = kafka.producer(self.settings.kafka, f"vntape-{self.service.name}-accept-loss")
        await producer.start()
        outboxes = Outboxes(producer)
        pump = Pump(self.service, self.settings, outboxes, Metrics(self.service.name))
        try:
            gaps = 0
            for loss in losses:
                gaps += await self._accept_one(pump, loss)
            await outboxes.stop()
        finally:
            await producer.stop()
        return gaps

    async def _accept_one(self, pump: Pump[Any], loss: Loss) -> int:
        pump.restore(loss.partition, self._found[loss.partition])
        partition = pump.partitions[loss.partition]
        known = partition.last_seqs()
        survivors = await self._survivors(loss)
        told = await self._told(loss.partition, known.keys() | survivors.keys())
        gaps = [
            _gap(venue, known.get(venue, 0), survivors.get(venue), told.get(venue, 0))
            for venue in sorted(known.keys() | survivors.keys())
        ]
        pump.move(loss.partition, loss.first - 1, sorted(gaps, key=lambda gap: gap.seq))
        await pump.snapshot(loss.partition, force=True)
        return len(gaps)

    async def _survivors(self, loss: Loss) -> Mapping[str, int]:
        """Venue -> seq of the first of its messages that is left, from the first records."""
        tp = TopicPartition(self._input, loss.partition)
        seqs: dict[str, int] = {}
        for record in await _some(self._client, tp, loss.first, FIRST_LOOK):
            for line in record.value.split(b"\n"):
                if venue_seq := _place(line):
                    seqs.setdefault(*venue_seq)
        return seqs

    async def _told(self, partition: int, venues: set[str]) -> Mapping[str, int]:
        """Venue -> seq of the last broadcast that readers of the clocked outputs have."""
        told: dict[str, int] = {}
        for topic in set(self.service.outputs.values()):
            if not topic.clocked:
                continue
            tp = TopicPartition(topic.on(self.settings.tape), partition)
            first = (await self._client.beginning_offsets([tp]))[tp]
            end = (await self._client.end_offsets([tp]))[tp]
            look, last = FIRST_LOOK, dict[str, int]()
            while True:
                start = max(first, end - look)
                for record in await _some(self._client, tp, start, end - start):
                    head = _head(record.value)
                    if head.symbol == BROADCAST and head.venue is not None:
                        last[head.venue] = max(head.seq, last.get(head.venue, 0))
                if start == first or venues <= last.keys():
                    break
                look *= 4
            told = {v: max(told.get(v, 0), last.get(v, 0)) for v in told.keys() | last.keys()}
        return told


def _gap(venue: str, known: int, survivor: int | None, told: int) -> Gap:
    """
    A gap just before the first surviving message.

    Behind `told`, the last broadcast that readers have, or they would ignore it; that is later
    than the survivor only when a worker had sent outputs of the lost input and then crashed.
    """
    seq = max((survivor or known + 2) - 1, told + 1, known + 1)
    begin_ms = known // 1000 or seq // 1000
    return Gap(
        symbol=BROADCAST,
        feed="accept-loss",
        seq=seq,
        ts_ms=seq // 1000,
        ts_source="receive",
        venue=venue,
        channel="*",
        cause="accepted_loss",
        from_ts_ms=begin_ms,
        to_ts_ms=max(begin_ms, (survivor or seq) // 1000),
    )


def _place(line: bytes) -> tuple[str, int] | None:
    try:
        head = _head(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return head.venue or venue_of(head.symbol), head.seq


async def _some(client: AIOKafkaConsumer, tp: TopicPartition, start: int, count: int) -> list[Any]:
    """Records from `start`, as many as there are, at most `count`."""
    end = min((await client.end_offsets([tp]))[tp], start + count)
    client.assign([tp])
    client.seek(tp, start)
    records: list[Any] = []
    at = start
    while at < end:
        got = (await client.getmany(tp, timeout_ms=500)).get(tp, [])
        records += [r for r in got if r.offset < end]
        at = max(at, await client.position(tp))
    return records
