"""The lines of a recording, or the raw records of a tape, given to the readers of their feeds."""

import gzip
import heapq
import io
import json
from collections.abc import Iterator
from datetime import datetime
from operator import itemgetter
from pathlib import Path
from typing import IO, Any, Protocol

import zstandard

from services.report.independent.binance import Binance
from services.report.independent.figures import Recording, digest
from services.report.independent.iboard import Iboard
from services.report.independent.ssi import Ssi


class Reader(Protocol):
    """Reads the messages of one feed on one venue."""

    def open(self, line: bytes) -> tuple[str, bytes, Any]:
        """Kind, raw value and parsed message of a recorded line."""

    def parse(self, value: bytes) -> Any:
        """The message in a raw record."""

    def add(self, kind: str, received_us: int, message: Any) -> None:
        """Count a message received at `received_us`, µs since the epoch."""

    def settle(self) -> None:
        """Count what only the end tells."""


_READERS: dict[str, type[Binance] | type[Ssi] | type[Iboard]] = {
    "binance": Binance,
    "ssi": Ssi,
    "iboard": Iboard,
}
FEEDS = frozenset(_READERS)


class Counting:
    """Counts lines or raw records, each venue's in their order; `settle` gives the figures."""

    def __init__(self) -> None:
        self._found = Recording()
        self._readers: dict[tuple[str, str], Reader] = {}
        self._last_us: dict[str, int] = {}

    def line(self, feed: str, venue: str, received_us: int, line: bytes) -> None:
        """A line of a file of a feed."""
        reader = self._reader(feed, venue)
        kind, value, message = reader.open(line)
        self._count(venue, kind, value)
        reader.add(kind, self._seq(venue, received_us), message)

    def record(self, feed: str, venue: str, kind: str, seq: int, value: bytes) -> None:
        """A raw record; `kind` is the second half of its channel."""
        reader = self._reader(feed, venue)
        self._count(venue, kind, value)
        reader.add(kind, seq, reader.parse(value))

    def settle(self) -> Recording:
        """Everything counted."""
        for reader in self._readers.values():
            reader.settle()
        return self._found

    def _reader(self, feed: str, venue: str) -> Reader:
        reader = self._readers.get((feed, venue))
        if reader is None:
            reader = self._readers[feed, venue] = _READERS[feed](venue, self._found)
        return reader

    def _seq(self, venue: str, received_us: int) -> int:
        """Of the raw record: one more than the last, or the receive time if later (design §2)."""
        last = self._last_us.get(venue, received_us - 1)
        self._last_us[venue] = seq = max(last + 1, received_us)
        return seq

    def _count(self, venue: str, kind: str, value: bytes) -> None:
        self._found.lines[venue, kind] += 1
        self._found.digests[venue] = (self._found.digests[venue] + digest(value)) % 2**64


class UnreadableRecording(ValueError):
    """No manifest, a file that is not there, a line without its time: the text says which."""


def count(manifest: Path) -> Recording:
    """
    Everything in the files that a manifest names.

    Raises:
        UnreadableRecording: they cannot be counted to the end.
    """
    counting = Counting()
    try:
        entries = json.loads(manifest.read_text())["files"]
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise UnreadableRecording(f"{manifest} is no manifest of a recording: {e}") from e
    streams = [_stamped(manifest.parent, number, entry) for number, entry in enumerate(entries)]
    for received_us, number, line in heapq.merge(*streams, key=itemgetter(0, 1)):
        counting.line(entries[number]["feed"], entries[number]["venue"], received_us, line)
    return counting.settle()


def _opened(path: Path) -> IO[bytes]:
    """A file's bytes: gzip and Zstandard by their first bytes, else as they are."""
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as e:
        raise UnreadableRecording(f"{path}: {e.strerror}") from e
    if magic[:2] == b"\x1f\x8b":
        return io.BufferedReader(gzip.GzipFile(path))
    if magic == b"\x28\xb5\x2f\xfd":
        return io.BufferedReader(zstandard.open(path, "rb"))
    return path.open("rb")


def _stamped(folder: Path, number: int, entry: dict[str, Any]) -> Iterator[tuple[int, int, bytes]]:
    """Receive time in µs, number of the file, and the vendor's bytes, of each line of a file."""
    path, bare = folder / entry["path"], entry["format"] == "bare_line"
    start_us = int(datetime.fromisoformat(entry["start"]).timestamp() * 1e6) if bare else 0
    with _opened(path) as file:
        for at, line in enumerate(file):
            if not line.strip():
                continue
            if bare:
                yield start_us + at * entry["spacing_us"], number, line.rstrip(b"\r\n")
            else:
                ns, _, value = line.rstrip(b"\r\n").partition(b" ")
                if not ns.isdigit():
                    raise UnreadableRecording(
                        f"{path}: line {at + 1} has no receive time, so the files cannot be "
                        "counted apart from ingest; `vntape report completeness` needs no files"
                    )
                yield int(ns) // 1000, number, value
