"""A feed of the Vietnamese venue on whose tape somebody chose the sources."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from schemas.control import Sources
from services.ingest.core.sequence import FEED
from services.ingest.core.vn.image import VENUE
from services.ingest.feeds.around import Around
from services.ingest.feeds.base import Arrival, FeedError


class Cursor(msgspec.Struct, forbid_unknown_fields=True):
    """Place in the feed, and the choice that stands on the tape."""

    feed: Any
    choice: dict[str, str]


def record(choice: Mapping[str, str], received_us: int) -> Arrival:
    """The `control` record of a choice; see `sources.named`."""
    value = msgspec.json.encode(Sources(venue=VENUE, choice=dict(choice)))
    return Arrival("control", VENUE, received_us, FEED, "sources", VENUE, value)


@dataclass(slots=True)
class Chosen(Around):
    """
    A feed with a `sources` record before its first arrival, where that changes the choice.

    A tape begins with no choice; it stays, also over a restart, until another is given.
    """

    choice: Mapping[str, str]
    _stands: dict[str, str] = field(default_factory=dict, init=False)

    def cursor(self) -> dict[str, Any]:
        """See `Feed.cursor`."""
        return {"feed": self.feed.cursor(), "choice": dict(self._stands)}

    def resume(self, cursor: Any) -> None:
        """See `Feed.resume`."""
        if cursor is None:
            self.feed.resume(None)
            return
        try:
            found = msgspec.convert(cursor, Cursor)
        except msgspec.ValidationError as e:
            raise FeedError(
                f"the tape was begun without a choice of sources ({e}): give it a new one "
                "with --tape"
            ) from e
        self._stands = found.choice
        self.feed.resume(found.feed)

    def report(self) -> Mapping[str, object]:
        """See `Feed.report`."""
        return {**self.feed.report(), "sources": dict(self._stands)}

    async def chunks(self, stopping: asyncio.Event) -> AsyncIterator[list[Arrival]]:
        """See `Feed.chunks`."""
        async for chunk in self.feed.chunks(stopping):
            yield list(self._told(chunk))

    def _told(self, chunk: Iterable[Arrival]) -> Iterator[Arrival]:
        for arrival in chunk:
            if arrival.venue == VENUE and self._stands != self.choice:
                self._stands = dict(self.choice)
                yield record(self.choice, arrival.received_us)
            yield arrival
