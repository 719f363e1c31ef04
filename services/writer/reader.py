"""The typed topics in order, gathered into batches."""

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Any

from schemas.topics import MARKET
from services.runtime import kafka
from services.writer.core import positions
from services.writer.core.batch import Batch
from services.writer.core.positions import Place
from services.writer.store import Store

BATCH_BYTES = 8 * 1024 * 1024


class AbsentError(Exception):
    """Something that must be made first is not there; the text says what."""


class Reader:
    """
    Batches of a tape's topics, each beginning where the one before ends.

    Args:
        names: topic in Kafka -> its name without the tape. A tape has only the topics of what
            runs on it: those that are not there are left out, but for `market`.
        flush_s: a message waits at most so long for others.
        stopping: set when no further batch is wanted.
    """

    def __init__(
        self,
        consumer: kafka.Consumer,
        names: Mapping[str, str],
        flush_s: float,
        stopping: asyncio.Event,
    ) -> None:
        self.consumer = consumer
        self._names, self._flush_s, self._stopping = names, flush_s, stopping
        self._read: dict[Place, int] = {}
        self._fetched: deque[tuple[str, Any]] = deque()
        self._absent: set[str] = set()
        self._outdated = False

    async def seek(self, store: Store) -> dict[Place, int]:
        """
        Begin where the database stands, which is returned.

        Raises:
            AbsentError: `market` is not there.
            OutsideLogError: the database does not fit the log.
        """
        there = await self.consumer.topics()
        self._absent = {f for f, name in self._names.items() if name != MARKET.name} - there
        topics = [full for full in self._names if full not in self._absent]
        places: list[Place] = []
        for full in topics:
            try:
                partitions = await kafka.partitions_of(self.consumer, full)
            except LookupError as e:
                raise AbsentError(str(e)) from e
            places += [(self._names[full], number) for number in partitions]
        # Before the ends are asked: another writer may store more meanwhile, not beyond them.
        stored = await store.positions(places)
        starts = {}
        for full in topics:
            for tp, (first, end) in (await kafka.bounds(self.consumer, full)).items():
                place = self._names[full], tp.partition
                positions.check(place, stored[place], first, end)
                starts[tp] = stored[place]
        self.consumer.assign(list(starts))
        for tp, at in starts.items():
            self.consumer.seek(tp, at)
        self._read = dict(stored)
        return stored

    async def look(self) -> None:
        """Whether a topic has come into being: then `next` ends, and another reader is wanted."""
        if self._absent and self._absent & await self.consumer.topics():
            self._outdated = True

    async def next(self, rows: int) -> Batch:
        """The next batch, of about `rows` messages; an empty one only when this is to end."""
        batch = Batch(self._read)
        loop = asyncio.get_running_loop()
        deadline: float | None = None
        while batch.count < rows and batch.bytes < BATCH_BYTES:
            if self._fetched:
                topic, record = self._fetched.popleft()
                batch.add(topic, record)
                continue
            now = loop.time()
            if batch and deadline is None:
                deadline = now + self._flush_s
            wait_s = 0.2 if deadline is None else deadline - now
            if wait_s <= 0 or self._stopping.is_set() or self._outdated:
                break
            got = await self.consumer.getmany(
                timeout_ms=int(min(wait_s, 0.2) * 1000), max_records=500
            )
            for tp, records in got.items():
                self._fetched.extend((self._names[tp.topic], r) for r in records)
        self._read = {**self._read, **batch.new}
        return batch
