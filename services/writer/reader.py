"""The typed topics in order, gathered into batches."""

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Any

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
        names: topic in Kafka -> its name without the tape.
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

    async def seek(self, store: Store) -> dict[Place, int]:
        """
        Begin where the database stands, which is returned.

        Raises:
            AbsentError: a topic is not there.
            OutsideLogError: the database does not fit the log.
        """
        bounds = {}
        for full in self._names:
            try:
                bounds.update(await kafka.bounds(self.consumer, full))
            except LookupError as e:
                raise AbsentError(str(e)) from e
        places = {(self._names[tp.topic], tp.partition): tp for tp in bounds}
        stored = await store.positions(list(places))
        for place, at in stored.items():
            first, end = bounds[places[place]]
            positions.check(place, at, first, end)
        self.consumer.assign(list(bounds))
        for place, at in stored.items():
            self.consumer.seek(places[place], at)
        self._read = dict(stored)
        return stored

    async def next(self, rows: int) -> Batch:
        """The next batch, of about `rows` messages; an empty one only when it is to stop."""
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
            if wait_s <= 0 or self._stopping.is_set():
                break
            got = await self.consumer.getmany(
                timeout_ms=int(min(wait_s, 0.2) * 1000), max_records=500
            )
            for tp, records in got.items():
                self._fetched.extend((self._names[tp.topic], r) for r in records)
        self._read = {**self._read, **batch.new}
        return batch
