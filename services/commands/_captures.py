"""Captured lines, a recording's manifest or `market` messages, as messages: no Kafka."""

import heapq
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

import msgspec

from schemas import frames
from schemas.market import MarketMessage
from services.ingest.core.engine import Engine
from services.ingest.core.manifest import BadManifest, Manifest, Spaced
from services.ingest.core.records import Raw
from services.ingest.core.registry import FEEDS
from services.ingest.core.sequence import ReceiveCounter
from services.ingest.feeds.lines import lines, open_any, stamped_lines

STDIN = Path("-")
FEED = "binance"
SNIFFED_LINES = 200


class Capture(NamedTuple):
    """A file of captured lines: its venue, its feed, and its times when it has none."""

    path: Path
    venue: str
    feed: str = FEED
    spaced: Spaced | None = None


class CaptureError(Exception):
    """A file is not what it should be; the text says where and what to do."""


def market_messages(paths: Sequence[Path], venue: str | None = None) -> Iterator[MarketMessage]:
    """
    All messages of the files, as ingest would put them into `market`.

    Captures are merged by receive time and numbered as a tape of just these files; a
    manifest (`.json`) also gives its reference data, so its messages are those of the tape
    that plays it, byte for byte. Files of messages keep their `seq` and are read one after
    the other. `-` is messages on standard input.

    Args:
        venue: of the captures; None: told from each file's first lines.

    Raises:
        CaptureError: a file holds none of these, kinds are mixed, or a venue cannot be told.
        FeedError: a file cannot be read.
    """
    if len(paths) == 1 and paths[0].suffix == ".json":
        return _from_manifest(paths[0])
    kinds = {_holds_messages(path) for path in paths}
    if kinds == {True, False}:
        raise CaptureError("give either captures or files of market messages, not both at once")
    if True in kinds:
        return _from_messages(paths)
    for path in paths:
        if not any(ns for ns, _, _ in stamped_lines(path)):
            raise CaptureError(
                f"no line of {path} is a capture: a receive time in ns, a space, a message"
            )
    return _from_captures([Capture(path, venue or sniff_venue(path)) for path in paths], {})


def sniff_venue(path: Path) -> str:
    """
    BN, BNF or BNC, told from what only one of Binance's markets sends.

    Raises:
        CaptureError: when no line tells.
    """
    for _, _, value in islice(stamped_lines(path), SNIFFED_LINES):
        if b'"ps":' in value:
            return "BNC"
        if b'"X":' in value or b'"pu":' in value:
            return "BNF"
        if b'"M":' in value:
            return "BN"
    raise CaptureError(f"{path}: cannot tell spot from futures; say --venue BN, BNF or BNC")


def _holds_messages(path: Path) -> bool:
    if path == STDIN:
        return True
    with open_any(path) as file:
        first = next((line for line in lines(file) if line.strip()), b"")
    return first.lstrip().startswith(b"{")


def _from_messages(paths: Iterable[Path]) -> Iterator[MarketMessage]:
    for path in paths:
        with closing(sys.stdin.buffer if path == STDIN else open_any(path)) as file:
            for number, line in enumerate(lines(file), 1):
                if line.strip():
                    yield _message(path, number, line)


def _message(path: Path, number: int, line: bytes) -> MarketMessage:
    try:
        return frames.messages(line)[0]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise CaptureError(f"{path}, line {number}: no message of market: {e}") from e


def _from_manifest(path: Path) -> Iterator[MarketMessage]:
    try:
        manifest = Manifest.parse(path.read_bytes())
    except (OSError, BadManifest) as e:
        raise CaptureError(f"{path}: {e}") from e
    files = [
        Capture(path.parent / file.path, file.venue, file.feed, file.spaced())
        for file in manifest.files
    ]
    return _from_captures(files, manifest.references())


def _from_captures(
    files: Sequence[Capture], references: Mapping[str, bytes]
) -> Iterator[MarketMessage]:
    engine = Engine(sorted({file.venue for file in files}))
    counters: dict[str, ReceiveCounter] = {}
    # Stable: on equal times the earlier file goes first, as in ingest's recording feed.
    for ns, file, value in heapq.merge(*map(_stamped, files), key=itemgetter(0)):
        venue, feed = file.venue, file.feed
        fresh = venue not in counters
        counter = counters.setdefault(venue, ReceiveCounter())
        if fresh and venue in references:
            first = Raw(
                venue, counter.next(ns // 1000), feed, "reference", venue, references[venue]
            )
            yield from engine.decode(first).messages
        _, channel, key, kept = FEEDS[feed].route(venue, value)
        raw = Raw(venue, counter.next(ns // 1000), feed, channel, key, kept)
        yield from engine.decode(raw).messages


def _stamped(file: Capture) -> Iterator[tuple[int, Capture, bytes]]:
    lines_ = stamped_lines(file.path, spaced=file.spaced)
    return ((ns, file, value) for ns, _, value in lines_)
