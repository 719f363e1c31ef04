"""What a vendor's protocol must give to become a live feed."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from services.ingest.core.feed import Feed
from services.ingest.feeds.base import Arrival
from services.ingest.feeds.live.hidden import without
from services.ingest.feeds.live.watch import Patience
from services.ingest.spool_intake import Began


class _Failure(Exception):
    """Its text goes to the tape, the log and people, and may hold a vendor's words."""

    def __init__(self, why: str) -> None:
        super().__init__(without(why))


class Broken(_Failure):
    """A connection could not be made, or broke; the next attempt may go well."""


class Busy(Broken):
    """The vendor asks to come back later, not before `wait_s`."""

    def __init__(self, why: str, wait_s: float) -> None:
        super().__init__(why)
        self.wait_s = wait_s


class Refused(_Failure):
    """The vendor will say no again until somebody changes something; the text says what."""


CONNECT_S = 20.0
"""A token, a negotiation, a handshake and a subscription, together."""


class Reply(NamedTuple):
    """
    A REST reply for the tape.

    Attributes:
        channel: by which the feed decodes it.
        body: verbatim, in the envelope that names its symbol where it does not itself.
    """

    channel: str
    body: bytes


class Session(Protocol):
    """One connection that is subscribed."""

    @property
    def whole(self) -> bool:
        """It begins with all that was missed since the connection before."""

    @property
    def dead_s(self) -> float | None:
        """Without any frame for so long the connection is dead; None: something else tells."""

    async def receive(self) -> Sequence[bytes | Reply]:
        """
        Vendor messages of the next frame, none of one that only says the connection lives.

        Cancelled, it has lost nothing.

        Raises:
            Broken, Refused, OSError: it is over.
        """

    async def close(self) -> None:
        """Give it up; bounded in time."""


class Sink(Protocol):
    """Where messages go: the intake of a spool."""

    @property
    def began(self) -> Began:
        """What a channel lost by not having been connected until now."""

    @property
    def stood_us(self) -> int | None:
        """After a restart, when the last record before it came, µs since the epoch."""

    @property
    def told_us(self) -> int | None:
        """After a restart, until when the loss of all channels is told: each goes on from there."""

    async def stood(self, venue: str, feed: str) -> Any:
        """
        A feed's decoder as it stood when the tape's last position was written; None: it did not.

        While Kafka is away nobody knows: then None too, after a moment.
        """

    def clock(self) -> int:
        """µs since the epoch."""

    def take(self, arrivals: Sequence[Arrival]) -> bool:
        """See `Intake.take`."""

    def put(self, arrival: Arrival) -> None:
        """See `Intake.put`."""


class Line(Protocol):
    """
    One subscription of a vendor.

    Attributes:
        name: the feed's name in raw records, e.g. `ssi`.
        feed: how its messages are routed.
        channel: what is lost with it, e.g. `vn.X-TRADE`.
        connect_s: how long `connect` may take.
    """

    name: str
    feed: Feed
    venue: str
    channel: str
    patience: Patience
    connect_s: float

    async def learn(self, tape: Sink) -> None:
        """Called once, before the first connection: where the tape stands at this start."""

    async def connect(self) -> Session:
        """
        A new connection; it is given up when that takes too long.

        Raises:
            Broken, Refused, OSError: there is none.
        """

    def stamp(self, value: bytes) -> int | None:
        """Exchange time of a raw record's value, ms since the epoch; None where it tells none."""


class Errand(Protocol):
    """What is asked of a vendor beside its streams, as often as it is due."""

    @property
    def name(self) -> str:
        """Says in `/health` what this is."""

    @property
    def report(self) -> Mapping[str, object]:
        """What the newest answer was."""

    def ear(self, sink: Sink) -> Sink:
        """What the connections write to instead of `sink`; itself, where they are not heard."""

    async def run(self, sink: Sink) -> None:
        """Until it is cancelled; what it learns it puts into the sink as control records."""
