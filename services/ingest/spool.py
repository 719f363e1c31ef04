"""
What a live feed received, on disk and in order, until it stands on the tape.

Every message goes through it, so ingest that is killed, and Kafka that is away, lose nothing
that was taken. Files are segments named by the place of their first byte; places count the
bytes of records since the spool began. `write` of the operating system is what makes a record
safe from a killed process; `to_sync` gives what also has to reach the disk.
"""

import fcntl
import os
import secrets
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import msgspec

from services.ingest import spool_records
from services.ingest.feeds.base import Arrival, FeedError

SEGMENT_BYTES = 8 * 1024 * 1024
"""What is done is deleted by whole segments: in calm, two of them stand on the disk."""
BLOCK_BYTES = 128 * 1024
_MAGIC = "vntape-spool-1"


class Place(NamedTuple):
    """A byte of a spool; `run` names a stretch of it in which no record was ever cut off."""

    run: str
    at: int


@dataclass(slots=True)
class _Segment:
    path: Path
    run: str
    start: int
    end: int
    head: int

    @property
    def where(self) -> int:
        """Place of the file's first byte, could the head be counted."""
        return self.start - self.head


class Spool:
    """
    The spool of one folder, opened by one process.

    Args:
        cap_bytes: of records not released; `append` refuses more.

    Attributes:
        first, end: places of the first record there is and after the last.
        released: place before which all stands on the tape.
        last_us: receive time of the last record ever appended, 0 before the first.
        torn: bytes cut off at opening, of a record that was not whole and all after it.
        is_new: nothing of it stood in the folder.

    Raises:
        FeedError: the folder cannot be used, or another process uses it.
    """

    def __init__(self, folder: Path, cap_bytes: int, segment_bytes: int = SEGMENT_BYTES) -> None:
        self.cap_bytes, self._segment_bytes = cap_bytes, segment_bytes
        self._folder = folder
        self.last_us = self.torn = 0
        self._dirty: list[int] = []
        self._uncut = False
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._segments = list(self._recovered())
            self.is_new = not self._segments
            self.end = self._segments[-1].end if self._segments else 0
            if self.is_new or self.torn:
                self._segments.append(self._made(secrets.token_hex(8)))
            self._fd = os.open(self._segments[-1].path, os.O_RDWR | os.O_CLOEXEC)
            self._mark = os.open(folder / "released", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            said = os.pread(self._mark, 20, 0)
        except BlockingIOError:
            raise FeedError(f"another ingest uses the spool {folder}: stop it first") from None
        except OSError as e:
            raise FeedError(
                f"VNTAPE_SPOOL_DIR: the spool {folder} cannot be used ({e.strerror})"
            ) from e
        self.released = max(self.first, min(self.end, int(said) if said.isdigit() else 0))

    @property
    def first(self) -> int:
        """See the class."""
        return self._segments[0].start

    @property
    def used(self) -> int:
        """Bytes of records that are not released."""
        return self.end - self.released

    def place(self, at: int) -> Place:
        """What names byte `at` for ever."""
        return Place(self._segments[max(0, self._index(at))].run, at)

    def standing(self, place: Place) -> int | None:
        """
        Where to read on after `place`: there, or where its run was cut off before it.

        None when nothing of its run, or not what comes after it, is there.
        """
        ends = [s.end for s in self._segments if s.run == place.run]
        if not ends or place.at < self.first:
            return None
        return min(place.at, max(ends))

    def append(self, arrivals: Iterable[Arrival], *, beyond_cap: bool = False) -> bool:
        """
        Put all of them at the end, or none.

        Returns:
            False when they were not taken: over the cap, or the disk refuses (full).
        """
        data, last_us = bytearray(), self.last_us
        for arrival in arrivals:
            data += spool_records.write(arrival, self.end + len(data))
            last_us = arrival.received_us
        if not beyond_cap and self.used + len(data) > self.cap_bytes:
            return False
        try:
            self._cut_rest()
            if self.end - self._segments[-1].start >= self._segment_bytes:
                self._roll()
            self._write(data)
        except OSError:
            self._uncut = True
            # At once: a start that finds a rest needs room for a new segment, and there is none.
            with suppress(OSError):
                self._cut_rest()
            return False
        self._segments[-1].end = self.end = self.end + len(data)
        self.last_us = last_us
        return True

    def read(self, at: int, count: int) -> tuple[list[Arrival], int]:
        """
        At most `count` arrivals from place `at` on, and the place after them.

        Raises:
            FeedError: a record is damaged on the disk.
        """
        found: list[Arrival] = []
        while at < self.end and not found:
            segment = self._segments[self._index(at)]
            for after, body in spool_records.bodies(self._block(segment, at), at):
                found.append(_arrival(body, segment.path))
                at = after
                if len(found) == count:
                    break
            else:
                if not found:
                    raise FeedError(
                        f"{segment.path} is damaged at byte {at - segment.where}: move the spool "
                        f"{self._folder} away and start again; what it holds after that is lost"
                    )
        return found, at

    def release(self, at: int) -> None:
        """All before `at` stands on the tape: segments that end there or before are deleted."""
        if at <= self.released:
            return
        self.released = at
        with suppress(OSError):
            os.pwrite(self._mark, b"%020d" % at, 0)
        while len(self._segments) > 1 and self._segments[0].end <= at:
            done = self._segments.pop(0)
            # One of which nothing was left at opening is followed by another of its name.
            if done.path != self._segments[0].path:
                done.path.unlink(missing_ok=True)

    def to_sync(self) -> list[int]:
        """Descriptors of what was written since the last call: the caller's to sync and close."""
        found, self._dirty = self._dirty, []
        return found

    def note_dirty(self) -> None:
        """Have `to_sync` give the last segment, too."""
        self._dirty.append(os.dup(self._fd))

    def close(self) -> None:
        """Let another process open it."""
        for fd in (*self._dirty, self._fd, self._mark, self._lock):
            os.close(fd)

    def _index(self, at: int) -> int:
        return bisect_right(self._segments, at, key=lambda s: s.start) - 1

    def _block(self, segment: _Segment, at: int) -> bytes:
        fd = os.open(segment.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            left = segment.end - at
            data = os.pread(fd, min(BLOCK_BYTES, left), at - segment.where)
            if (whole := min(left, spool_records.length(data))) > len(data):
                data = os.pread(fd, whole, at - segment.where)
        finally:
            os.close(fd)
        return data

    def _write(self, data: bytes | bytearray) -> None:
        where, view = self.end - self._segments[-1].where, memoryview(data)
        while view:
            written = os.pwrite(self._fd, view, where)
            where, view = where + written, view[written:]

    def _cut_rest(self) -> None:
        """What a write that failed left behind must never be read as records."""
        if self._uncut:
            os.ftruncate(self._fd, self.end - self._segments[-1].where)
            if self.released == self.end > self._segments[-1].start:
                self._empty()
            self._uncut = False

    def _empty(self) -> None:
        """
        Give a full disk back what the last segment holds, which all stands on the tape.

        It becomes the next one. Renamed first: should this process die before the rest, its
        records stand at a wrong place, and none is taken for one.
        """
        segment, head = self._segments[-1], self._head(self._segments[-1].run)
        path = segment.path.with_name(f"{self.end:020d}.spool")
        segment.path = segment.path.rename(path)
        os.pwrite(self._fd, head, 0)
        os.ftruncate(self._fd, len(head))
        segment.start, segment.head = self.end, len(head)
        self.note_dirty()
        self._dirty.append(os.open(self._folder, os.O_RDONLY | os.O_CLOEXEC))

    def _roll(self) -> None:
        segment = self._made(self._segments[-1].run)
        fd = os.open(segment.path, os.O_RDWR | os.O_CLOEXEC)
        self._dirty.append(self._fd)
        self._segments.append(segment)
        self._fd = fd

    def _head(self, run: str) -> bytes:
        return f"{_MAGIC} {run} {self.last_us}\n".encode()

    def _made(self, run: str) -> _Segment:
        """A new segment at the end; whole under its name, or not there."""
        path = self._folder / f"{self.end:020d}.spool"
        head = self._head(run)
        draft = path.with_suffix(".draft")
        draft.write_bytes(head)
        draft.replace(path)
        self._dirty.append(os.open(self._folder, os.O_RDONLY | os.O_CLOEXEC))
        return _Segment(path, run, self.end, self.end, len(head))

    def _recovered(self) -> Iterator[_Segment]:
        expected: int | None = None
        for path in sorted(self._folder.glob("[0-9]*.spool")):
            data = path.read_bytes()
            head = data.partition(b"\n")[0].decode(errors="replace").split()
            whole = len(head) == 3 and head[0] == _MAGIC and head[2].isdigit()
            if self.torn or not whole or expected not in (None, int(path.stem)):
                self.torn += len(data)
                path.unlink()
                continue
            start, length = int(path.stem), data.index(b"\n") + 1
            self.last_us, end, last = int(head[2]), int(path.stem), b""
            for after, body in spool_records.bodies(data[length:], start):
                end, last = after, body
            if last:
                self.last_us = _arrival(last, path).received_us
            if length + end - start < len(data):
                self.torn += len(data) - (length + end - start)
                os.truncate(path, length + end - start)
            expected = end
            yield _Segment(path, head[1], start, end, length)


def _arrival(body: bytes, path: Path) -> Arrival:
    try:
        return spool_records.read(body)
    except msgspec.MsgspecError as e:
        raise FeedError(
            f"{path} was written by another version of vntape ({e}): let that version empty it, "
            "or move it away"
        ) from e
