"""
The ordered sender: one FIFO and one sender task per (topic, partition) (design §6, rule 2).

aiokafka does not keep order between concurrent `send_batch` callers of one partition, so
nothing else may send there. While a batch is in flight the open builder grows, which
coalesces.
"""

import asyncio
import os
from collections import deque
from collections.abc import Callable
from typing import Any

from aiokafka import AIOKafkaProducer

from services.runtime import logs
from services.runtime.exits import EXIT_RESTART

log = logs.get(__name__)

Headers = list[tuple[str, bytes]]

NO_HEADERS: Headers = []

HIGH_BATCHES = 16
"""Batches of 256 KiB waiting in one FIFO before a reader is asked to pause: 4 MiB."""


def die(topic: str, partition: int, error: BaseException) -> None:
    """
    End the process at once: an output failed, nothing after it may be sent.

    The supervisor restarts it from the last snapshot, which repeats the output.
    """
    log.error("output_failed", topic=topic, partition=partition, error=repr(error))
    os._exit(EXIT_RESTART)


class Outbox:
    """The only sender to one partition of one topic."""

    def __init__(
        self,
        producer: AIOKafkaProducer,
        topic: str,
        partition: int,
        on_failure: Callable[[str, int, BaseException], None] = die,
    ) -> None:
        self.topic, self.partition = topic, partition
        self._producer, self._on_failure = producer, on_failure
        self._open: Any = producer.create_batch()
        self._fifo: deque[Any] = deque()
        self._closed = 0  # batches closed so far; number n is the n-th
        self._acked = 0
        self._next_offset = 0
        self._wake = asyncio.Event()
        self._acks = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None
        self._failed = False

    def start(self) -> None:
        """Start the sender task in the running loop."""
        self._task = asyncio.create_task(self._send(), name=f"outbox-{self.topic}-{self.partition}")

    def append(self, key: bytes | None, value: bytes, headers: Headers = NO_HEADERS) -> None:
        """Queue one record; synchronous, never blocks. Call it from one event loop only."""
        if self._open.append(timestamp=None, key=key, value=value, headers=headers) is None:
            self._close()
            if self._open.append(timestamp=None, key=key, value=value, headers=headers) is None:
                raise ValueError(f"record of {len(value)} bytes does not fit a batch")
        self._wake.set()

    def _close(self) -> None:
        self._open.close()
        self._fifo.append(self._open)
        self._closed += 1
        self._open = self._producer.create_batch()

    def ticket(self) -> int:
        """Close the open batch; `acknowledged(ticket)` then waits for all appended so far."""
        if self._open.record_count():
            self._close()
            self._wake.set()
        return self._closed

    def mark(self) -> int:
        """
        A ticket that leaves the open batch open: it may grow until the sender takes it.

        For who asks at every few records: closing each time would send tiny batches in turn.
        """
        return self._closed + bool(self._open.record_count())

    async def acknowledged(self, ticket: int) -> None:
        """Wait until every batch up to `ticket` is on the broker."""
        if self._acked >= ticket:
            return
        async with self._acks:
            await self._acks.wait_for(lambda: self._acked >= ticket)

    @property
    def crowded(self) -> bool:
        """More waits than a reader should add to."""
        return len(self._fifo) >= HIGH_BATCHES

    @property
    def next_offset(self) -> int:
        """Offset after the last acknowledged record; 0 before the first acknowledgement."""
        return self._next_offset

    async def relieved(self) -> None:
        """Wait until it is not crowded any more: the back-pressure of a pump."""
        if self.crowded:
            async with self._acks:
                await self._acks.wait_for(lambda: not self.crowded)

    async def _send(self) -> None:
        try:
            while True:
                while not self._fifo and not self._open.record_count():
                    self._wake.clear()
                    await self._wake.wait()
                if not self._fifo:
                    self._close()
                batch = self._fifo.popleft()
                count = batch.record_count()
                sent = await self._producer.send_batch(batch, self.topic, partition=self.partition)
                metadata = await sent
                self._next_offset = metadata.offset + count
                async with self._acks:
                    self._acked += 1
                    self._acks.notify_all()
        except asyncio.CancelledError:
            raise
        except Exception as e:  # noqa: BLE001  whatever it is, nothing may be sent after it
            self._failed = True
            self._on_failure(self.topic, self.partition, e)

    async def stop(self) -> None:
        """Send what waits, then end the task."""
        if self._task is None:
            return
        if not self._failed:
            await self.acknowledged(self.ticket())
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._task = None


class Outboxes:
    """Outboxes by (topic, partition), made and started when first used."""

    def __init__(
        self,
        producer: AIOKafkaProducer,
        on_failure: Callable[[str, int, BaseException], None] = die,
    ) -> None:
        self._producer, self._on_failure = producer, on_failure
        self._boxes: dict[tuple[str, int], Outbox] = {}

    def get(self, topic: str, partition: int) -> Outbox:
        """The outbox of a partition; `topic` is the name in Kafka."""
        box = self._boxes.get((topic, partition))
        if box is None:
            box = Outbox(self._producer, topic, partition, self._on_failure)
            self._boxes[topic, partition] = box
            box.start()
        return box

    def tickets(self) -> list[tuple[Outbox, int]]:
        """What must be acknowledged for all appended so far to be safe, as `Outbox.mark` says."""
        return [(box, box.mark()) for box in self._boxes.values()]

    async def flush(self) -> None:
        """Wait until everything appended so far is on the broker."""
        for box, ticket in self.tickets():
            await box.acknowledged(ticket)

    async def stop(self) -> None:
        """Flush and end all sender tasks."""
        await asyncio.gather(*(box.stop() for box in self._boxes.values()))
