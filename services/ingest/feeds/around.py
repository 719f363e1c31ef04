"""A feed around another one, which adds arrivals of its own."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.ingest.feeds.base import Feed


@dataclass(slots=True)
class Around:
    """What such a feed leaves as it is: a base class."""

    feed: Feed

    @property
    def name(self) -> str:
        """See `Feed.name`."""
        return self.feed.name

    @property
    def repeatable(self) -> bool:
        """See `Feed.repeatable`."""
        return self.feed.repeatable

    @property
    def venues(self) -> Sequence[str]:
        """See `Feed.venues`."""
        return self.feed.venues

    @property
    def topics(self) -> Sequence[str]:
        """See `Feed.topics`."""
        return self.feed.topics

    def settled(self) -> None:
        """See `Feed.settled`."""
        self.feed.settled()
