"""Messages of `market` into Kafka: in frames, each sent when it is full or has waited enough."""

import asyncio
from collections.abc import Iterable, Sequence

from schemas.frames import MAX_MESSAGES
from services.ingest.frames import Framer
from services.runtime.outbox import Outbox, Outboxes

FRAME_WAIT_S = 0.005
"""From a message's arrival to its frame, when its raw record is acknowledged by then."""


class MarketLog:
    """
    The writing end of `market` on one tape.

    Args:
        topic: with the tape.
    """

    def __init__(self, outboxes: Outboxes, topic: str, partitions: int) -> None:
        self._outboxes, self._topic, self._partitions = outboxes, topic, partitions
        self._framer = Framer()
        self._timer: asyncio.TimerHandle | None = None

    async def put(self, lines: Iterable[tuple[Sequence[int], bytes]], arrived_s: float) -> int:
        """
        Put lines into frames of their partitions, as fast as Kafka takes them; how many they are.

        What fills no frame is sent FRAME_WAIT_S after it arrived, by the event loop's clock.
        """
        sent = 0
        for count, (targets, line) in enumerate(lines, 1):
            sent += len(targets)
            for partition in targets:
                frame = self._framer.add(partition, line, arrived_s)
                if frame is not None:
                    self._send(partition, frame)
            if count % MAX_MESSAGES == 0:
                await self.relieved()
        self._set_timer()
        return sent

    def send(self) -> None:
        """Send what waits in frames now."""
        for partition, frame in self._framer.due(float("inf")):
            self._send(partition, frame)

    async def relieved(self) -> None:
        """Wait until Kafka took so much that more may come: the back-pressure."""
        for partition in range(self._partitions):
            await self._box(partition).relieved()

    def _box(self, partition: int) -> Outbox:
        return self._outboxes.get(self._topic, partition)

    def _send(self, partition: int, frame: bytes) -> None:
        self._box(partition).append(None, frame)

    def _set_timer(self) -> None:
        oldest = self._framer.oldest_s()
        if oldest is None or self._timer is not None:
            return
        self._timer = asyncio.get_running_loop().call_at(oldest + FRAME_WAIT_S, self._timed_out)

    def _timed_out(self) -> None:
        # All partitions at once: what is younger need not wait, and readers wake once, not
        # a dozen times.
        self._timer = None
        self.send()
