"""
Files of recorded lines: `<receive time, ns since the epoch> <the vendor's bytes>`, or the
vendor's bytes alone, where a manifest says when they came.

Plain, gzip and Zstandard, told apart by their first bytes, not by their names.
"""

import gzip
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from itertools import islice, pairwise
from pathlib import Path
from typing import IO

import zstandard

from services.ingest.core.manifest import Spaced
from services.ingest.feeds.base import MAX_VALUE_BYTES, FeedError

LINE_LIMIT = 2 * MAX_VALUE_BYTES
"""Longer lines are cut into pieces of this size: a file without newlines cannot fill memory."""

_DAMAGE = (EOFError, OSError, zlib.error, zstandard.ZstdError)
_STAMPED = re.compile(rb"(\d{18,19}) ")
"""18 and 19 digits of ns are 1973 to 2286."""

LEAP_NS = 31 * 86_400 * 10**9
"""A receive time so far from the one before is damage: believed, it would pin the venue's seq
there, and every later record would follow one µs after the other."""
LEAPS_IN_A_ROW = 5
"""So many leaps in a row are no damage: the file was put together from two recordings."""


@dataclass(frozen=True, slots=True)
class Extent:
    """
    What a file holds: lines, those that are not blank, the first and the highest receive
    time in ns (0: no line is stamped), and the digest of all lines, however compressed.
    """

    lines: int
    messages: int
    first_ns: int
    last_ns: int
    digest: str
    damage: str = ""


def open_any(path: Path) -> IO[bytes]:
    """
    The decompressed bytes of a file.

    Raises:
        FeedError: it cannot be opened.
    """
    try:
        with path.open("rb") as f:
            magic = f.read(4)
        if magic[:2] == b"\x1f\x8b":
            return io.BufferedReader(gzip.GzipFile(path), 1 << 18)
        if magic == b"\x28\xb5\x2f\xfd":
            stream = zstandard.ZstdDecompressor().stream_reader(
                path.open("rb"), read_across_frames=True, closefd=True
            )
            return io.BufferedReader(stream, 1 << 18)
        return path.open("rb", buffering=1 << 18)
    except OSError as e:
        raise FeedError(f"recording file {path} cannot be read: {e.strerror or e}") from e


def lines(file: IO[bytes]) -> Iterator[bytes]:
    """Lines with their newline, blank ones too; raises what a damaged compressed file raises."""
    yield from iter(partial(file.readline, LINE_LIMIT), b"")


def stamp_of(line: bytes, last_ns: int = 0) -> tuple[int, int]:
    """
    Receive time in ns and where the vendor's bytes begin; (0, 0) when there is no stamp, or
    one that lies more than LEAP_NS from `last_ns` (0: nothing came before).
    """
    found = _STAMPED.match(line)
    if found is None:
        return 0, 0
    ns = int(found[1])
    return (0, 0) if last_ns and abs(ns - last_ns) > LEAP_NS else (ns, found.end())


def _time_of(line: bytes, number: int, last_ns: int, spaced: Spaced | None) -> tuple[int, int]:
    if spaced is None:
        return stamp_of(line, last_ns)
    return (spaced.ns_of(number), 0) if line.strip() else (0, 0)


def scan(path: Path, spaced: Spaced | None = None) -> Extent:
    """
    Read a file once through for its extent; a damaged one is measured up to the damage.

    Raises:
        FeedError: it cannot be opened, or its receive times leap by more than LEAP_NS for good.
    """
    count, blank, first, last, leaps = 0, 0, 0, 0, 0
    previous = 0 if spaced else _after_damaged_first(path)
    digest, damage = blake2b(digest_size=16), ""
    with open_any(path) as file:
        try:
            for line in lines(file):
                count += 1
                digest.update(line)
                ns, _ = _time_of(line, count, previous, spaced)
                if ns:
                    previous, leaps = ns, 0
                    first, last = first or ns, max(last, ns)
                    continue
                blank += not line.strip()
                leaps = leaps + 1 if stamp_of(line)[0] else 0
                if leaps >= LEAPS_IN_A_ROW:
                    raise FeedError(
                        f"{path}: the receive times leap by more than 31 days before line "
                        f"{count}: split the file there, one recording is one tape"
                    )
        except _DAMAGE as e:
            damage = f"{path.name}: damaged after line {count}: {e}"
    return Extent(count, count - blank, first, last, digest.hexdigest(), damage)


def _after_damaged_first(path: Path) -> int:
    """
    The second receive time of a file in ns when the first one is damage, else 0.

    It is when it lies more than LEAP_NS from the second, and the next ones, at least one and
    as many as show in a row that a file was put together, lie near one another.
    """
    head: list[int] = []
    with open_any(path) as file, suppress(*_DAMAGE):
        stamps = (ns for ns, _ in map(stamp_of, lines(file)) if ns)
        head.extend(islice(stamps, LEAPS_IN_A_ROW + 1))
    leaps = [abs(b - a) > LEAP_NS for a, b in pairwise(head)]
    return head[1] if len(leaps) > 1 and leaps[0] and not any(leaps[1:]) else 0


def stamped_lines(
    path: Path, skip: int = 0, last_ns: int = 0, spaced: Spaced | None = None
) -> Iterator[tuple[int, int, bytes]]:
    """
    (receive time in ns, number of the line from 1, the vendor's bytes) after line `skip`.

    `spaced` gives the times of a capture that has none; its lines are the vendor's bytes.

    A line without a stamp is given whole, with the time of the line before it (`last_ns`
    for the first); blank lines are no messages. A damaged file ends at the damage; `scan`
    says where.
    """
    with open_any(path) as file:
        try:
            source = lines(file)
            for _ in range(skip):
                next(source, b"")
            for number, line in enumerate(source, skip + 1):
                ns, at = _time_of(line, number, last_ns, spaced)
                if ns:
                    last_ns = ns
                elif not line.strip():
                    continue
                yield last_ns, number, line[at:].rstrip(b"\r\n")
        except _DAMAGE:
            return
