"""
Snapshots of partitions in a service's `…-snapshots` topic (design §6).

A snapshot is some records (chunks) with one id; a strike is a record that says at which
message a step failed. Both live in the partition of the input they speak of.
"""

import asyncio
import itertools
import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import zstandard
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from services.runtime.outbox import Outboxes

CHUNK_BYTES = 200_000
"""Below the batch builder's 256 KiB."""
FIRST_LOOK = 3
"""Records read back from the end at first; four times more until a whole snapshot is found."""


class RefusedSnapshotError(Exception):
    """A snapshot was written by another state version: a new tape, or the day boundary."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """State of a partition after all input below `next_offset`; `data` is still compressed."""

    next_offset: int
    version: int
    data: bytes

    def body(self) -> bytes:
        """The encoded state."""
        body: bytes = zstandard.ZstdDecompressor().decompress(self.data)
        return body


@dataclass(slots=True)
class Found:
    """What the end of a snapshot partition says."""

    snapshot: Snapshot | None = None
    strikes: set[tuple[int, int]] = field(default_factory=set)


class SnapshotWriter:
    """Writes snapshots through the one sender of each snapshot partition."""

    def __init__(
        self, outboxes: Outboxes, topic: str, service: str, version: int, tape: str
    ) -> None:
        self._outboxes, self._topic = outboxes, topic
        self._head = [
            ("service", service.encode()),
            ("version", str(version).encode()),
            ("tape", tape.encode()),
        ]
        self._worker = uuid.uuid4().hex
        self._numbers = itertools.count()

    async def write(self, partition: int, next_offset: int, state: bytes) -> int:
        """Compress, append the chunks, wait until they are on the broker; compressed bytes."""
        data = await asyncio.to_thread(zstandard.ZstdCompressor(level=1).compress, state)
        chunks = [data[i : i + CHUNK_BYTES] for i in range(0, len(data), CHUNK_BYTES)]
        box = self._outboxes.get(self._topic, partition)
        identity = f"{self._worker}-{next(self._numbers)}".encode()
        for number, chunk in enumerate(chunks):
            headers = [
                *self._head,
                ("next_offset", str(next_offset).encode()),
                ("id", identity),
                ("chunk", f"{number}/{len(chunks)}".encode()),
            ]
            box.append(b"snapshot", chunk, headers)
        await box.acknowledged(box.ticket())
        return len(data)

    async def strike(self, partition: int, offset: int, index: int) -> None:
        """Remember over the restart that a step failed at this message."""
        box = self._outboxes.get(self._topic, partition)
        place = f"{offset}/{index}".encode()
        box.append(b"strike", b"", [*self._head, ("place", place)])
        await box.acknowledged(box.ticket())


def choose(records: Iterable[ConsumerRecord], version: int) -> Found:
    """
    The complete snapshot with the highest `next_offset`, and all strikes at or above it.

    Chunks of several writers may be interleaved (a zombie beside its successor).

    Raises:
        RefusedSnapshotError: when the best one is of another state version.
    """
    groups: dict[bytes, dict[int, bytes]] = defaultdict(dict)
    heads: dict[bytes, tuple[int, int, int]] = {}
    strikes: set[tuple[int, int]] = set()
    for record in records:
        head = dict(record.headers)
        if record.key == b"strike":
            offset, _, index = head["place"].decode().partition("/")
            strikes.add((int(offset), int(index)))
            continue
        number, _, count = head["chunk"].decode().partition("/")
        groups[head["id"]][int(number)] = record.value
        heads[head["id"]] = (int(head["next_offset"]), int(head["version"]), int(count))
    best: Snapshot | None = None
    for identity, chunks in groups.items():
        next_offset, written, count = heads[identity]
        if len(chunks) == count and (best is None or next_offset > best.next_offset):
            best = Snapshot(next_offset, written, b"".join(chunks[i] for i in range(count)))
    if best is not None and best.version != version:
        raise RefusedSnapshotError(
            f"the snapshot in the log was written by state version {best.version}, this service is "
            f"version {version}: run it on a new tape, or start the new version at a day boundary"
        )
    from_offset = best.next_offset if best else 0
    return Found(best, {place for place in strikes if place[0] >= from_offset})


async def read_latest(
    client: AIOKafkaConsumer, topic: str, partitions: Iterable[int], version: int
) -> dict[int, Found]:
    """
    The newest state of each partition; reads from the end, only as far back as needed.

    Args:
        client: started, without a group; its assignment is replaced.

    Raises:
        RefusedSnapshotError: see `choose`.
    """
    tps = [TopicPartition(topic, p) for p in partitions]
    if not tps:
        return {}
    first, end = await client.beginning_offsets(tps), await client.end_offsets(tps)
    found: dict[int, Found] = {tp.partition: Found() for tp in tps}
    missing, look = [tp for tp in tps if first[tp] < end[tp]], FIRST_LOOK
    while missing:
        starts = {tp: max(first[tp], end[tp] - look) for tp in missing}
        records = await _read(client, starts, end)
        again = []
        for tp in missing:
            found[tp.partition] = choose(records[tp], version)
            if found[tp.partition].snapshot is None and starts[tp] > first[tp]:
                again.append(tp)
        missing, look = again, look * 4
    return found


async def _read(
    client: AIOKafkaConsumer, starts: dict[TopicPartition, int], end: dict[TopicPartition, int]
) -> dict[TopicPartition, list[ConsumerRecord]]:
    client.assign(list(starts))
    for tp, offset in starts.items():
        client.seek(tp, offset)
    records: dict[TopicPartition, list[ConsumerRecord]] = {tp: [] for tp in starts}
    waiting = set(starts)
    while waiting:
        batch: dict[TopicPartition, Any] = await client.getmany(*waiting, timeout_ms=500)
        for tp, got in batch.items():
            records[tp] += [r for r in got if r.offset < end[tp]]
        for tp in list(waiting):
            if await client.position(tp) >= end[tp]:
                waiting.discard(tp)
    return records
