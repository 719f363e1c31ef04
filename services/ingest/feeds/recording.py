"""The feed `recording`: captured files, merged by receive time, at any speed."""

import asyncio
import heapq
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from operator import itemgetter
from pathlib import Path
from typing import Any

import msgspec

from schemas.control import Tick
from services.ingest.core.feed import Routed
from services.ingest.core.manifest import Spaced
from services.ingest.core.sequence import FEED
from services.ingest.feeds.base import Arrival, FeedError, Progress
from services.ingest.feeds.lines import Extent, scan, stamped_lines
from services.ingest.feeds.pace import Pace

CHUNK = 256
"""Records of one chunk, at most: about 5 ms of decoding, the longest hold of the event loop."""
CLOSING_US = 1_000_001
"""A whole second lies between the last line and a tick so much later, wherever that line is."""
HEARTBEAT_S = 0.4
TIMER_S = 0.0005
"""The event loop's timers tick in milliseconds: what is due sooner is due now."""

Route = Callable[[str, bytes], Routed]
"""(venue, the vendor's bytes) -> where they go; never raises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedFile:
    """
    One capture: which feed received it, for which venue, and the raw topics of that feed.

    `spaced`: the receive times of a capture that has none.
    """

    path: Path
    venue: str
    feed: str
    topics: Sequence[str]
    route: Route
    spaced: Spaced | None = None


class Cursor(msgspec.Struct, forbid_unknown_fields=True):
    """
    Place in a recording.

    Attributes:
        recording: which one, as `Recording.identity`.
        done: records given.
        lines: lines taken of each file, in the order of the files.
        last_ns: receive time of the last line taken of each file.
        introduced: venues whose reference record was given.
        closed: the ticks that end the recording were given.
    """

    recording: str
    lines: list[int]
    last_ns: list[int]
    done: int = 0
    introduced: list[str] = []
    closed: bool = False


@dataclass(slots=True)
class Recording:
    """
    Several files as one feed; on equal receive times the order of the files decides.

    Before the first line of a venue comes its reference record, received at the same time; at
    the end a tick of each venue, a second after its last line, so that what the last lines
    changed is published too.

    Args:
        references: venue -> JSON of its `reference` control message.
        speed: recorded seconds in a second; None: as fast as Kafka takes them.
        paced_last_s: so many last seconds of the recording play at 1x.
    """

    name: str
    files: Sequence[RecordedFile]
    references: Mapping[str, bytes]
    speed: float | None = None
    paced_last_s: float = 0.0
    repeatable: bool = True
    progress: Progress = field(init=False)
    _cursor: Cursor = field(init=False)
    _extents: list[Extent] = field(init=False)
    _exhausted: bool = False

    def __post_init__(self) -> None:
        if self.speed is not None and self.speed <= 0:
            raise FeedError(f"speed must be positive, was {self.speed:g}")
        if not self.files:
            raise FeedError(f"recording {self.name} has no files")
        self._extents = [scan(f.path, f.spaced) for f in self.files]
        pairs = zip(self.files, self._extents, strict=True)
        venues = {file.venue for file, extent in pairs if extent.messages}
        ours = len(venues & set(self.references)) + len(venues)
        self.progress = Progress(
            self.name,
            total=sum(e.messages for e in self._extents) + ours,
            damaged=[e.damage for e in self._extents if e.damage],
        )
        firsts = [e.first_ns for e in self._extents]
        self._cursor = Cursor(self.identity, [0] * len(self.files), firsts)

    @property
    def identity(self) -> str:
        """
        Name, lines of each file, and a digest of everything that decides what it gives.

        That is the files' lines, in which order and how they are merged, for which venue and
        feed and at which times, and the reference records.
        """
        files = [
            (f.venue, f.feed, list(f.topics), f.spaced, e.digest)
            for f, e in zip(self.files, self._extents, strict=True)
        ]
        decides = msgspec.json.encode([files, sorted(self.references.items())])
        sizes = ",".join(str(e.lines) for e in self._extents)
        return f"{self.name}/{sizes}/{blake2b(decides, digest_size=16).hexdigest()}"

    @property
    def venues(self) -> Sequence[str]:
        """Venues of the files, sorted."""
        return sorted({f.venue for f in self.files})

    @property
    def topics(self) -> Sequence[str]:
        """Raw topics of the files, sorted."""
        return sorted({topic for f in self.files for topic in f.topics})

    def cursor(self) -> dict[str, Any]:
        """See `Feed.cursor`."""
        place: dict[str, Any] = msgspec.to_builtins(self._cursor)
        return place

    def resume(self, cursor: Any) -> None:
        """See `Feed.resume`."""
        if cursor is None:
            return
        try:
            found = msgspec.convert(cursor, Cursor)
        except msgspec.ValidationError as e:
            raise FeedError(f"the tape's position is not of a recording ({e})") from e
        if found.recording != self.identity:
            raise FeedError(
                f"this tape holds recording {found.recording!r}, asked was {self.identity!r}: "
                "its files or its manifest are "
                "others; one recording is one tape, so give it a new one with --tape"
            )
        self._cursor = found
        self.progress.done = found.done

    def settled(self) -> None:
        """See `Feed.settled`."""
        self.progress.finished = self._exhausted

    def report(self) -> Mapping[str, object]:
        """See `Feed.report`."""
        return {"recording": self.progress.report()}

    async def chunks(self, stopping: asyncio.Event) -> AsyncIterator[list[Arrival]]:
        """See `Feed.chunks`."""
        pace = Pace(self.speed, self._paced_from())
        chunk: list[Arrival] = []
        for ns, index, line, value in self._merged():
            while pace.wait_s(ns, time.monotonic()) > TIMER_S and not stopping.is_set():
                self.progress.paced = pace.paced
                yield chunk
                chunk = []
                # Asked again: giving the chunk may have taken longer than the wait.
                wait_s = pace.wait_s(ns, time.monotonic())
                await _sleep_unless(stopping, min(wait_s, HEARTBEAT_S))
            if stopping.is_set():
                # The cursor stands before this line: a chunk not yet given is behind it.
                break
            self._take(chunk, ns, index, line, value)
            if len(chunk) >= CHUNK:
                self.progress.paced = pace.paced
                yield chunk
                chunk = []
                await asyncio.sleep(0)
        else:
            self._close(chunk)
            self._exhausted = True
        yield chunk

    def _close(self, chunk: list[Arrival]) -> None:
        """Time passes once more, a second: recorded, so that no clock is made of nothing."""
        place = self._cursor
        if place.closed:
            return
        for venue in sorted(place.introduced):
            files = zip(self.files, place.last_ns, strict=True)
            end_us = max(ns for file, ns in files if file.venue == venue) // 1000 + CLOSING_US
            tick = msgspec.json.encode(Tick(venue=venue))
            chunk.append(Arrival("control", venue, end_us, FEED, "tick", venue, tick))
            place.done += 1
        place.closed = True
        self.progress.done = place.done

    def _take(self, chunk: list[Arrival], ns: int, index: int, line: int, value: bytes) -> None:
        file, place = self.files[index], self._cursor
        venue, us = file.venue, ns // 1000
        if venue not in place.introduced:
            place.introduced.append(venue)
            if (reference := self.references.get(venue)) is not None:
                place.done += 1
                chunk.append(
                    Arrival("control", venue, us, file.feed, "reference", venue, reference)
                )
        topic, channel, key, kept = file.route(venue, value)
        chunk.append(Arrival(topic, venue, us, file.feed, channel, key, kept, line))
        place.lines[index], place.last_ns[index] = line, ns
        place.done += 1
        self.progress.done = place.done

    def _merged(self) -> Iterator[tuple[int, int, int, bytes]]:
        place = self._cursor

        def of(index: int, skip: int, last_ns: int) -> Iterator[tuple[int, int, int, bytes]]:
            file = self.files[index]
            for ns, line, value in stamped_lines(file.path, skip, last_ns, file.spaced):
                yield ns, index, line, value

        starts = zip(range(len(self.files)), place.lines, place.last_ns, strict=True)
        # Stable: on equal keys the earlier iterator wins, and only the heads decide, so a
        # merge begun in the middle goes on as the whole one would.
        return heapq.merge(*(of(*start) for start in starts), key=itemgetter(0))

    def _paced_from(self) -> int | None:
        if not self.paced_last_s:
            return None
        return max(e.last_ns for e in self._extents) - int(self.paced_last_s * 1e9)


async def _sleep_unless(stopping: asyncio.Event, seconds: float) -> None:
    """Sleep, waking early when `stopping` is set."""
    if seconds <= 0:
        return
    loop = asyncio.get_running_loop()
    waiter = loop.create_task(stopping.wait())
    await asyncio.wait([waiter], timeout=seconds)
    waiter.cancel()
