"""
A live source behind a spool, as a feed that can be given again.

What the source receives goes to the spool at once; ingest plays the spool, like a recording,
as fast as Kafka takes it. So an outage of Kafka, a crash and a restart are what they are for a
recording: nothing is missing and nothing is twice. What came while nobody listened is a `gap`.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from schemas.topics import CONTROL
from services.ingest.core.sequence import FEED
from services.ingest.core.vn.image import VENUE
from services.ingest.core.vn.reference_data import ReferenceData
from services.ingest.core.vn.schedule import local
from services.ingest.feeds.base import Arrival, FeedError
from services.ingest.spool import Place, Spool
from services.ingest.spool_intake import Clock, Intake
from services.runtime import logs
from services.runtime.health import Health
from services.runtime.metrics import Metrics

log = logs.get(__name__)

CHUNK = 256
"""Records of one chunk, at most: about 5 ms of decoding, the longest hold of the event loop."""
HEARTBEAT_S = 0.4
EVERY_S = 1.0
"""Silence is told, and what was written goes to the disk, so often."""
BEHIND_S = 2.0
"""The reader has not reached the spool's end for so long: `/health` says `spooling`."""
LAST_S = 1.0
"""At SIGTERM what is in the spool is still played for so long; the rest is played next time."""


class Source(Protocol):
    """The side of a live feed that holds sockets."""

    @property
    def name(self) -> str:
        """Says in logs what this is."""

    @property
    def venues(self) -> Sequence[str]:
        """The venues it writes."""

    @property
    def topics(self) -> Sequence[str]:
        """The raw topics it writes besides `control`."""

    async def open(self, intake: Intake) -> None:
        """
        Begin to receive into `intake`; returns when it does.

        Raises:
            FeedError: it cannot, and a restart would not help.
        """

    def close(self) -> None:
        """Receive no more."""

    def report(self) -> Mapping[str, object]:
        """Named parts of `/health`."""

    def tell(self, metrics: Metrics, health: Health) -> None:
        """Count what happened, and say in `/health` what is wrong now; called often."""


class SpooledFeed:
    """
    A `Feed` of one source. `receive` must run beside the reader of `chunks`.

    A spool that was used before takes messages at once, also while Kafka is away; a new one
    waits for `join`, because only the tape knows what came last.

    Args:
        image: see `Intake`.
        first: a control record for a receive time in µs, with which each start begins.

    Attributes:
        source: of what it is given.
        repeatable: what came after the tape's position will be given again; known after `join`.
    """

    def __init__(
        self,
        source: Source,
        spool: Spool,
        clock: Clock,
        image: Callable[[int], Arrival] | None = None,
        first: Callable[[int], Arrival] | None = None,
    ) -> None:
        self.source, self._spool = source, spool
        self._more, self._ready = asyncio.Event(), asyncio.Event()
        self._refused, self._listens, self._first = 0, False, first
        self.intake = Intake(spool, clock, self._more.set, self._count, image)
        self.name, self.venues, self.topics = source.name, source.venues, source.topics
        self.repeatable = True
        self._begin, self._at = spool.end, spool.first
        self._caught_up_s = time.monotonic()
        if spool.torn:
            log.warning("spool_cut", bytes=spool.torn, note="a gap on the tape says from when on")
        if not spool.is_new:
            self._restart(dict.fromkeys(self.venues, spool.last_us))

    def _restart(self, last_us: Mapping[str, int]) -> None:
        for venue in self.venues:
            if last_us.get(venue):
                self.intake.began = "restart"
                self.intake.stood_us = min(last_us[venue], self.intake.stood_us or last_us[venue])
                self.intake.lost(venue, "restart", last_us[venue])
        if self._first is not None:
            self.intake.put(self._first(self.intake.clock()))
        self._ready.set()

    def _count(self, refused: int) -> None:
        self._refused += refused

    async def receive(self) -> None:
        """Take what the source gives, for ever."""
        await self._ready.wait()
        await self.source.open(self.intake)
        self._listens = True
        log.info("receiving", feed=self.name, **self.source.report())
        while True:
            await asyncio.sleep(EVERY_S)
            self.intake.tell_missed()
            for venue in self.venues:
                self.intake.tick(venue)
            await self._to_disk()

    async def _to_disk(self) -> None:
        """Without it a power cut could take more than the last second of an outage."""
        self._spool.note_dirty()
        try:
            await asyncio.to_thread(_sync, self._spool.to_sync())
        except OSError as e:
            log.warning("spool_sync_failed", error=str(e))

    def join(self, cursor: Any, last_us: Mapping[str, int]) -> None:
        """
        Go on where the tape stands; called once, before `chunks`.

        Args:
            cursor: of the tape's position, None where it has none.
            last_us: venue -> seq of its last raw record on the tape; empty on a fresh one.

        Raises:
            FeedError: the tape is of another kind of feed.
        """
        place = None if cursor is None else _place(cursor)
        if self._spool.is_new:
            self.repeatable = False
            self._restart(last_us)
            return
        # Without a position, what the tape once had of the spool is gone with the tape.
        anew = None if self._spool.released else 0
        at = anew if place is None else self._spool.standing(place)
        if at is None:
            at = self._begin
            log.warning(
                "spool_of_another_tape",
                left_out_bytes=at - self._spool.released,
                note="the tape did not go on with this spool; this start's gap covers what it held",
            )
            self.repeatable = False
        elif place is not None:
            self.repeatable = at == place.at
        self._at = at

    def resume(self, cursor: Any) -> None:
        """See `Feed.resume`; `join` has done it."""

    def cursor(self) -> Any:
        """See `Feed.cursor`."""
        return {"spool": self._spool.place(self._at)}

    def stands(self, cursor: Any) -> None:
        """The position with this cursor is on the broker: what is before it may go."""
        self._spool.release(_place(cursor).at)

    def settled(self) -> None:
        """See `Feed.settled`."""

    async def chunks(self, stopping: asyncio.Event) -> AsyncIterator[list[Arrival]]:
        """See `Feed.chunks`."""
        end_s = 0.0
        while not end_s or time.monotonic() < end_s:
            if stopping.is_set() and not end_s:
                self.source.close()
                end_s = time.monotonic() + LAST_S
            self._more.clear()
            arrivals, at = self._spool.read(self._at, CHUNK)
            if at == self._spool.end:
                self._caught_up_s = time.monotonic()
            if arrivals:
                self._at = at
                yield arrivals
                await asyncio.sleep(0)
                continue
            if end_s:
                break
            try:
                await asyncio.wait_for(self._more.wait(), HEARTBEAT_S)
            except TimeoutError:
                yield []

    def close(self) -> None:
        """Let go of the sockets and the spool."""
        self.source.close()
        self._spool.close()

    def refused(self) -> int:
        """Vendor messages that were not taken since it was asked last."""
        count, self._refused = self._refused, 0
        return count

    def report(self) -> Mapping[str, object]:
        """See `Feed.report`."""
        shown = {
            "taken": self.intake.taken,
            "not_taken": self.intake.missed,
            "spool_bytes": self._spool.used,
            "waiting_bytes": self._spool.end - self._at,
            "cut_bytes": self._spool.torn,
        }
        return {"live": {"name": self.name, **shown, **self.source.report()}}

    def spooling(self) -> int:
        """Bytes on disk that Kafka does not take; 0 when they wait for a moment only."""
        behind_s = time.monotonic() - self._caught_up_s
        return self._spool.end - self._at if behind_s > BEHIND_S else 0

    def tell(self, health: Health) -> None:
        """Say in `/health` what is wrong now, and no longer what is not."""
        health.ready = health.ready or self._listens
        waiting, problems = self.spooling(), health.problems
        if waiting:
            behind_s = time.monotonic() - self._caught_up_s
            problems["spooling"] = (
                f"{waiting} bytes of messages wait on disk, for {behind_s:.0f} s now: Kafka does "
                f"not take them; {self._spool.cap_bytes - self._spool.used} bytes are free"
            )
        else:
            problems.pop("spooling", None)
        if self.intake.is_full:
            problems["spool_full"] = (
                f"the spool of {self._spool.cap_bytes} bytes or its disk is full: messages are "
                "lost, a gap will say how many; bring Kafka back, or raise VNTAPE_SPOOL_BYTES"
            )
        else:
            problems.pop("spool_full", None)
        if (back_s := self.intake.stepped_back_us / 1e6) > BEHIND_S:
            problems["clock"] = (
                f"this machine's clock stepped back, and shows {back_s:.0f} s less than the tape: "
                "messages are kept in order, but boards and sums stand still until it is there"
            )
        else:
            problems.pop("clock", None)


def image_of(data: ReferenceData, received_us: int) -> Arrival:
    """The record of reference data with which a day begins, or a start."""
    record = data.record(*local(received_us // 1000))
    value = msgspec.json.encode(record)
    return Arrival(CONTROL.name, VENUE, received_us, FEED, "reference", VENUE, value)


def _sync(descriptors: Sequence[int]) -> None:
    failed: OSError | None = None
    for fd in descriptors:
        try:
            os.fsync(fd)
        except OSError as e:
            failed = e
        finally:
            os.close(fd)
    if failed is not None:
        raise failed


def _place(cursor: Any) -> Place:
    try:
        return msgspec.convert(cursor["spool"], Place)
    except (msgspec.ValidationError, KeyError, TypeError) as e:
        raise FeedError(
            "the tape's position is not of a live feed: one recording is one tape, so give the "
            "live feed another one with --tape"
        ) from e
