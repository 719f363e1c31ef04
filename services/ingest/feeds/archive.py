"""The feed `archive`: recorded days of a tape (`vntape record`), every seq as it was."""

import asyncio
import heapq
import io
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import zstandard

from services.ingest.archive.day_file import Manifest, read_manifest
from services.ingest.archive.line import BadArchive, decode
from services.ingest.core.selection import Selection
from services.ingest.feeds.base import Arrival, FeedError, Progress
from services.ingest.feeds.pace import Pace

CHUNK = 256
HEARTBEAT_S = 0.4
TIMER_S = 0.0005


class Cursor(msgspec.Struct, forbid_unknown_fields=True):
    """Place in an archive: which one, and how many records of it were given."""

    archive: str
    done: int = 0


class Archive:
    """
    Recorded days as one feed, in the order of seq; venues are merged by it.

    Everything of the recorded tape is in it, `control` too, so nothing is added: `market` comes
    out as it was, byte for byte. Needs the receive clock `recorded`.

    Args:
        paths: manifests; the days of a venue may be given in any order.
        speed: recorded seconds in a second; None: as fast as Kafka takes them.
        selection: what of it goes on; only its times are played at `speed`.

    Raises:
        FeedError: a manifest or its file is damaged, missing, or given twice.
    """

    repeatable = True

    def __init__(
        self, paths: Sequence[Path], speed: float | None = None, selection: Selection | None = None
    ) -> None:
        try:
            days = [(path.parent, read_manifest(path)) for path in paths]
        except BadArchive as e:
            raise FeedError(str(e)) from e
        self._days = sorted(days, key=lambda day: (day[1].venue, day[1].day))
        names = [(m.venue, m.day) for _, m in self._days]
        if twice := {f"{v} {d}" for v, d in names if names.count((v, d)) > 1}:
            raise FeedError(f"given twice: {', '.join(sorted(twice))}")
        self._speed, self.selection = speed, selection
        self._cursor = Cursor(self.identity)
        self._exhausted = False
        manifests = [m for _, m in self._days]
        self.progress = Progress(self.name, total=sum(m.records for m in manifests))

    @property
    def first_day(self) -> str:
        """The earliest day, ISO."""
        return min(m.day for _, m in self._days)

    @property
    def name(self) -> str:
        """The recorded tape, and its days."""
        days = sorted({m.day for _, m in self._days})
        first, last = days[0], days[-1]
        return f"{self._days[0][1].tape}-{first}" + (f"-{last}" if last != first else "")

    @property
    def identity(self) -> str:
        """Digest of the files, in their order, and of the selection."""
        digest = blake2b(digest_size=16)
        for _, manifest in self._days:
            digest.update(f"{manifest.venue} {manifest.day} {manifest.sha256}\n".encode())
        if self.selection is not None:
            digest.update(self.selection.written.encode())
        return digest.hexdigest()

    @property
    def venues(self) -> Sequence[str]:
        """Venues of the files, sorted."""
        return sorted({m.venue for _, m in self._days})

    @property
    def topics(self) -> Sequence[str]:
        """Raw topics of the files besides `control`, sorted."""
        return sorted({t for _, m in self._days for t in m.topics} - {"control"})

    def cursor(self) -> Any:
        """See `Feed.cursor`."""
        return msgspec.to_builtins(self._cursor)

    def resume(self, cursor: Any) -> None:
        """See `Feed.resume`."""
        if cursor is None:
            return
        try:
            found = msgspec.convert(cursor, Cursor)
        except msgspec.ValidationError as e:
            raise FeedError(f"the tape's position is not of an archive ({e})") from e
        if found.archive != self._cursor.archive:
            raise FeedError(
                "this tape holds another archive, or other parts of it: one replay is one tape, "
                "so give it a new one with --tape"
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
        pace = Pace(self._speed)
        chunk: list[Arrival] = []
        for arrival in islice(self._merged(), self._cursor.done, None):
            ns = arrival.received_us * 1000
            if outside := self._is_outside(arrival):
                pace = Pace(self._speed)
            while (
                not outside
                and pace.wait_s(ns, time.monotonic()) > TIMER_S
                and not stopping.is_set()
            ):
                yield chunk
                chunk = []
                wait_s = pace.wait_s(ns, time.monotonic())
                await asyncio.sleep(min(max(wait_s, 0.0), HEARTBEAT_S))
            if stopping.is_set():
                break
            chunk.append(arrival)
            self._cursor.done += 1
            self.progress.done = self._cursor.done
            if len(chunk) >= CHUNK:
                yield chunk
                chunk = []
                await asyncio.sleep(0)
        else:
            self._exhausted = True
            # Of an excerpt's last day no more was read than is selected.
            self.progress.total = self._cursor.done
        yield chunk

    def _is_outside(self, arrival: Arrival) -> bool:
        seq, selection = arrival.received_us, self.selection
        return selection is not None and not selection.is_inside(arrival.venue, seq)

    def _merged(self) -> Iterator[Arrival]:
        def of(venue: str) -> Iterator[Arrival]:
            days = [day for day in self._days if day[1].venue == venue]
            for folder, manifest in days:
                arrivals = _arrivals(folder / manifest.file, manifest)
                if self.selection is not None and manifest is days[-1][1]:
                    arrivals = self._until_over(arrivals, self.selection)
                yield from arrivals

        return heapq.merge(*map(of, self.venues), key=lambda arrival: arrival.received_us)

    def _until_over(self, arrivals: Iterator[Arrival], selection: Selection) -> Iterator[Arrival]:
        """Of the last day no more than is selected, and one, before which the clocks stand."""
        for arrival in arrivals:
            yield arrival
            if selection.is_over(arrival.venue, arrival.received_us):
                return


def _arrivals(path: Path, manifest: Manifest) -> Iterator[Arrival]:
    with path.open("rb") as packed:
        stream = zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True)
        for number, line in enumerate(io.BufferedReader(stream, 1 << 18), 1):
            try:
                topic, raw = decode(line, manifest.venue)
            except BadArchive as e:
                raise FeedError(f"{path}, line {number}: {e}") from e
            yield Arrival(
                topic, raw.venue, raw.seq, raw.feed, raw.channel, raw.key, raw.value, number
            )
