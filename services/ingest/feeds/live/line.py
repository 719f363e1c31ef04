"""What a vendor's protocol must give to become a live feed."""

from collections.abc import Sequence
from typing import Protocol

from services.ingest.core.feed import Feed
from services.ingest.feeds.base import Arrival
from services.ingest.feeds.live.watch import Patience
from services.ingest.spool_intake import Began


class Broken(Exception):
    """A connection could not be made, or broke; the next attempt may go well."""


class Busy(Broken):
    """The vendor asks to come back later, not before `wait_s`."""

    def __init__(self, why: str, wait_s: float) -> None:
        super().__init__(why)
        self.wait_s = wait_s


class Refused(Exception):
    """The vendor will say no again until somebody changes something; the text says what."""


class Session(Protocol):
    """One connection that is subscribed."""

    @property
    def dead_s(self) -> float | None:
        """Without any frame for so long the connection is dead; None: something else tells."""

    async def receive(self) -> Sequence[bytes]:
        """
        Vendor messages of the next frame, none of one that only says the connection lives.

        Raises:
            Broken, Refused, OSError: it is over.
        """

    async def close(self) -> None:
        """Give it up; bounded in time."""


class Line(Protocol):
    """
    One subscription of a vendor.

    Attributes:
        name: the feed's name in raw records, e.g. `ssi`.
        feed: how its messages are routed.
        channel: what is lost with it, e.g. `vn.X-TRADE`.
    """

    name: str
    feed: Feed
    venue: str
    channel: str
    patience: Patience

    async def connect(self) -> Session:
        """
        A new connection; it is given up when that takes too long.

        Raises:
            Broken, Refused, OSError: there is none.
        """

    def stamp(self, value: bytes) -> int | None:
        """Exchange time of a raw record's value, ms since the epoch; None where it tells none."""


class Sink(Protocol):
    """Where messages go: the intake of a spool."""

    @property
    def began(self) -> Began:
        """What a channel lost by not having been connected until now."""

    def clock(self) -> int:
        """µs since the epoch."""

    def take(self, arrivals: Sequence[Arrival]) -> bool:
        """See `Intake.take`."""

    def put(self, arrival: Arrival) -> None:
        """See `Intake.put`."""
