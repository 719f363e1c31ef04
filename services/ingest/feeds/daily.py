"""A feed of the Vietnamese venue whose days each begin with the image of reference data."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from services.ingest.core.sequence import FEED
from services.ingest.core.vn.image import VENUE
from services.ingest.core.vn.reference_data import ReferenceData
from services.ingest.core.vn.schedule import local
from services.ingest.feeds.around import Around
from services.ingest.feeds.base import Arrival, FeedError


class Cursor(msgspec.Struct, forbid_unknown_fields=True):
    """
    Place in a feed with reference data.

    Attributes:
        feed: the feed's own cursor.
        day: ISO date of the last local day that was introduced, "" before the first.
        data: digest of the reference data.
    """

    feed: Any
    day: str
    data: str


@dataclass(slots=True)
class Daily(Around):
    """
    A feed with one `reference` control record before the first arrival of each local day.

    It is received with that arrival, before reference data of the feed's own, which so has
    the last word on a symbol; its phases are those of that time. A day is introduced once,
    also over a restart, at which a recording insists on the same data.
    """

    data: ReferenceData
    _day: str = field(default="", init=False)

    def cursor(self) -> dict[str, Any]:
        """See `Feed.cursor`."""
        return {"feed": self.feed.cursor(), "day": self._day, "data": self.data.digest}

    def resume(self, cursor: Any) -> None:
        """See `Feed.resume`."""
        if cursor is None:
            self.feed.resume(None)
            return
        try:
            found = msgspec.convert(cursor, Cursor)
        except msgspec.ValidationError as e:
            raise FeedError(
                f"the tape was begun without reference data ({e}): play on a new one with --tape"
            ) from e
        if self.repeatable and found.data != self.data.digest:
            raise FeedError(
                f"this tape was begun with reference data {found.data}, now they are "
                f"{self.data.digest}: restore the files, or play on a new tape with --tape"
            )
        self._day = found.day
        self.feed.resume(found.feed)

    def report(self) -> Mapping[str, object]:
        """See `Feed.report`."""
        return {**self.feed.report(), "reference": {"data": self.data.digest, "day": self._day}}

    async def chunks(self, stopping: asyncio.Event) -> AsyncIterator[list[Arrival]]:
        """See `Feed.chunks`."""
        async for chunk in self.feed.chunks(stopping):
            yield list(self._introduced(chunk))

    def _introduced(self, chunk: Iterable[Arrival]) -> Iterator[Arrival]:
        for arrival in chunk:
            if arrival.venue == VENUE:
                day, ms_of_day = local(arrival.received_us // 1000)
                # A seq never goes back a day, though a recorded receive time may.
                if day.isoformat() > self._day:
                    self._day = day.isoformat()
                    record = msgspec.json.encode(self.data.record(day, ms_of_day))
                    yield Arrival(
                        "control", VENUE, arrival.received_us, FEED, "reference", VENUE, record
                    )
            yield arrival
