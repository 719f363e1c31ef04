"""
The engine of every computing service: a plain object with two shells (design §6).

It rests on three rules, each with a test that fails without it: a frame is one synchronous
section (`handle` has no await); one sender per (topic, partition) (`Outbox`); a step is
deterministic. A crash then repeats outputs with the same `(seq, part)`, and readers drop them.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

import msgspec

from schemas import frames
from services.runtime import logs
from services.runtime.ages import Ages, first_seq
from services.runtime.dead_letters import DeadLetterLimit, DeadLetters
from services.runtime.metrics import Metrics
from services.runtime.outbox import Outbox, Outboxes
from services.runtime.partition import Partition, Quarantined, Sink, StepFailedError
from services.runtime.service import Service
from services.runtime.settings import Settings
from services.runtime.snapshots import Found, SnapshotWriter

log = logs.get(__name__)
S = TypeVar("S")

BUSY_POLL_S = 0.002


class Pump(Generic[S]):
    """
    Owns the partitions of one worker and everything they send.

    A shell calls `handle` for each record of an owned partition, awaits `relieved` between
    records, calls `snapshot` now and then, and `restore` when partitions are assigned.
    """

    def __init__(
        self, service: Service[S], settings: Settings, outboxes: Outboxes, metrics: Metrics
    ) -> None:
        self.service, self.settings, self.metrics = service, settings, metrics
        self.partitions: dict[int, Partition[S]] = {}
        self._outboxes = outboxes
        tape = settings.tape
        self._input = service.input.on(tape)
        self._writer = SnapshotWriter(
            outboxes, service.snapshots.on(tape), service.name, service.version, tape
        )
        self._dead = DeadLetters(service.name, tape, outboxes)
        self._limit = DeadLetterLimit(settings.dead_letters_in_a_row, settings.dead_letter_ratio)
        self._age = Ages(settings, metrics).at("step")
        # 1.6 µs: nothing of a frame, but a tenth of a record with one message.
        self._aged_every = 1 if service.input.codec == "frames" else 8
        self._since: dict[int, int] = {}
        self._busy: set[int] = set()
        self._boxes: dict[int, list[Outbox]] = {}
        if service.input.codec == "frames":
            self._decode: Callable[[bytes], list[Any]] = frames.messages
        else:
            decode = msgspec.json.Decoder(service.input.value).decode
            self._decode = lambda value: [decode(value)]

    # ---- the hot path -------------------------------------------------------------------

    def handle(self, number: int, offset: int, value: bytes) -> int:
        """
        One record of an owned partition: decode, step, append outputs; nothing is awaited.

        Returns:
            How many of its messages were new.

        Raises:
            StepFailedError: the worker must end, see `strike`.
            TooManyDeadLettersError: the worker must end and stay down.
        """
        partition = self.partitions[number]
        repeats = partition.repeats
        try:
            messages = self._decode(value)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            messages = self._decode_around(number, offset, value)
        else:
            self._limit.good(len(messages), time.monotonic())
        for left_out in partition.run(offset, messages):
            self._quarantine(number, offset, left_out, messages[left_out.index])
        # A record of nothing but dead letters is done too: its place must be told.
        self._since[number] += len(messages) or 1
        fresh = len(messages) - (partition.repeats - repeats)
        if fresh and not offset % self._aged_every and (seq := first_seq(messages)) is not None:
            self._age(seq, 0.0)
        return fresh

    def _decode_around(self, number: int, offset: int, value: bytes) -> list[Any]:
        """The good lines of a bad record; the bad ones go to the dead letters."""
        good: list[Any] = []
        lines: list[Any]
        if self.service.input.codec == "frames":
            lines = list(frames.messages_and_errors(value))
        else:
            lines = [frames.BadLine(0, value, "not a message of its topic")]
        for line in lines:
            if isinstance(line, frames.BadLine):
                self._dead.send(
                    f"undecodable: {line.reason}",
                    line.line,
                    topic=self._input,
                    partition=str(number),
                    offset=str(offset),
                    index=str(line.index),
                )
                self.metrics.dead_letters.labels(self.service.name, "undecodable").inc()
                self._limit.bad(time.monotonic())
            else:
                self._limit.good(1, time.monotonic())
                good.append(line)
        return good

    def _quarantine(self, number: int, offset: int, what: Quarantined, message: Any) -> None:
        self._dead.send(
            f"step_error: {what.reason}",
            msgspec.json.encode(message),
            key=str(what.seq).encode(),
            topic=self._input,
            partition=str(number),
            offset=str(offset),
            index=str(what.index),
        )
        self.metrics.step_errors.labels(self.service.name, "quarantined").inc()
        self.metrics.dead_letters.labels(self.service.name, "step_error").inc()
        suspects = sum(len(p.suspects) for p in self.partitions.values())
        self.metrics.suspect_units.labels(self.service.name).set(suspects)
        log.error("message_quarantined", symbol=what.symbol, seq=what.seq, reason=what.reason)

    async def relieved(self, number: int) -> None:
        """The back-pressure: wait while an output of this partition is crowded."""
        for box in self._boxes[number]:
            if box.crowded:
                await box.relieved()

    # ---- partitions come and go ---------------------------------------------------------

    def keep_only(self, numbers: Iterable[int]) -> None:
        """Forget partitions that are not among these."""
        for gone in set(self.partitions) - set(numbers):
            del self.partitions[gone], self._since[gone], self._boxes[gone]

    def restore(self, number: int, found: Found) -> int:
        """
        Own a partition: from memory where that is newer, else from the snapshot, else empty.

        Returns:
            The offset of the first record to handle.
        """
        in_memory = self.partitions.get(number)
        snapshot = found.snapshot
        if in_memory is not None and (
            snapshot is None or in_memory.next_offset >= snapshot.next_offset
        ):
            return in_memory.next_offset
        partition = self._new_partition(number, frozenset(found.strikes))
        if snapshot is not None:
            partition.restore(snapshot.body(), snapshot.next_offset)
        self.partitions[number], self._since[number] = partition, 0
        found_label = "snapshot" if snapshot else "nothing"
        self.metrics.restores.labels(self.service.name, found_label).inc()
        return partition.next_offset

    def _new_partition(self, number: int, strikes: frozenset[tuple[int, int]]) -> Partition[S]:
        topics = {topic.name: topic for topic in self.service.outputs.values()}
        boxes = {
            # Where the input stands; a topic of one partition takes the outputs of all.
            name: self._outboxes.get(topic.on(self.settings.tape), number % topic.partitions)
            for name, topic in topics.items()
        }
        self._boxes[number] = list(boxes.values())

        def sink(name: str) -> Sink:
            headers = [("schema", name.encode())]
            return partial(boxes[name].append, headers=headers)

        return Partition(
            self.service,
            {kind: sink(topic.name) for kind, topic in self.service.outputs.items()},
            [sink(topic.name) for topic in topics.values() if topic.clocked],
            strikes,
            number,
        )

    def move(self, number: int, offset: int, messages: Sequence[Any]) -> None:
        """Take messages that stand in no record, as if the one at `offset` held them."""
        self.partitions[number].run(offset, messages)
        self._since[number] += len(messages)

    # ---- snapshots ------------------------------------------------------------------------

    def due(self, number: int) -> bool:
        """Whether the bound of messages asks for a snapshot now."""
        return self._since.get(number, 0) >= self.settings.snapshot_messages

    async def snapshot(self, number: int, force: bool = False) -> int | None:
        """
        Write one partition's state; outputs first.

        Closing the open batches, taking `next_offset` and encoding the units is one
        synchronous section. Then the outputs of all input below it are awaited, then the
        snapshot is written: the log never holds a state whose outputs it does not hold.

        Returns:
            The `next_offset` it wrote, or None when there was nothing new, or one is under way.
        """
        partition = self.partitions.get(number)
        if partition is None or number in self._busy:
            return None
        if not self._since[number] and not force:
            return None
        self._busy.add(number)
        try:
            begun = time.perf_counter()
            dead_box = self._outboxes.get(self._dead.topic, 0)
            tickets = [(box, box.ticket()) for box in [*self._boxes[number], dead_box]]
            next_offset, state = partition.next_offset, partition.encode()
            self._since[number] = 0
            name = self.service.name
            self.metrics.snapshot_pause.labels(name).observe(time.perf_counter() - begun)
            for box, ticket in tickets:
                await box.acknowledged(ticket)
            size = await self._writer.write(number, next_offset, state)
            self.metrics.snapshots.labels(name).inc()
            self.metrics.snapshot_bytes.labels(name).set(size)
        finally:
            self._busy.discard(number)
        return next_offset

    async def snapshot_all(self, deadline_s: float) -> bool:
        """At a revoke or the end: all partitions, one after the other; False: the deadline came."""
        try:
            async with asyncio.timeout(deadline_s):
                for number in list(self.partitions):
                    while number in self._busy:  # an older one, under way
                        await asyncio.sleep(BUSY_POLL_S)
                    await self.snapshot(number)
        except TimeoutError:
            log.warning("snapshots_cut_short", deadline_s=deadline_s)
            return False
        return True

    async def strike(self, number: int, error: StepFailedError) -> None:
        """Say in the log where a step failed, so that the restarted worker knows."""
        offset = self.partitions[number].next_offset
        log.error("step_failed", partition=number, offset=offset, error=str(error), exc_info=error)
        self.metrics.step_errors.labels(self.service.name, "restart").inc()
        if self.settings.step_errors == "quarantine":
            async with asyncio.timeout(5):
                await self._writer.strike(number, offset, error.index)
