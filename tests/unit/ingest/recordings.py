"""Recordings made of a few lines, and what they give."""

import asyncio
from pathlib import Path
from typing import Any

from services.ingest.core.feed import Routed
from services.ingest.feeds.base import Arrival
from services.ingest.feeds.recording import RecordedFile, Recording

NS = 1_700_000_000_000_000_000


def by_head(_venue: str, value: bytes) -> Routed:
    """Any message is a trade; its first characters are its key."""
    return Routed("binance", "spot.trade", value[:3].decode("latin-1"), value)


def made(folder: Path, *files: tuple[str, bytes], **options: Any) -> Recording:
    """A recording of files given as (venue, contents)."""
    recorded = []
    for n, (venue, data) in enumerate(files):
        path = folder / f"{n}.txt"
        path.write_bytes(data)
        recorded.append(
            RecordedFile(path=path, venue=venue, feed="binance", topics=["binance"], route=by_head)
        )
    references = {venue: b"ref " + venue.encode() for venue, _ in files}
    return Recording("r", recorded, references, **options)


async def all_of(feed: Recording) -> list[list[Arrival]]:
    """Every chunk to the end, without the ticks that end it."""
    return [
        [arrival for arrival in chunk if arrival.channel != "tick"]
        async for chunk in feed.chunks(asyncio.Event())
    ]


def values(chunks: list[list[Arrival]]) -> list[bytes]:
    """The vendors' bytes in order."""
    return [arrival.value for chunk in chunks for arrival in chunk]


def stamped(*pairs: tuple[int, str]) -> bytes:
    """Lines at NS plus so many ns."""
    return b"".join(b"%d %s\n" % (NS + ns, text.encode()) for ns, text in pairs)
