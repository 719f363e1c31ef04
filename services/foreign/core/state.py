"""What is remembered of a venue's foreign trading: exchanges' trading time, symbols' days."""

from typing import Literal

import msgspec

from schemas.base import Phase
from services.foreign.core.history import Point
from services.runtime.lookback import History

SECOND_US = 1_000_000

TRADING: frozenset[Phase] = frozenset({"ato", "continuous", "atc", "plo", "periodic"})
"""Phases in which the main board trades: their seconds are trading time."""
OPENING: frozenset[Phase] = frozenset({"pre_open", "ato"})
"""Phases before the first match of a day: who sees one has missed nothing."""

MOST = 2**53
"""A figure beyond is damage and counts as this: a snapshot has integers of 64 bits."""

PRICE_PARTS = 1000
"""Prices are kept in thousandths, as integers."""


class Figures(msgspec.Struct, array_like=True):
    """
    One symbol's day.

    Attributes:
        buy, sell: the vendor's totals; None before the first.
        buy_value, sell_value: see `ForeignFlow`; None when the vendor did not say.
        ts_ms: exchange time of the newest message.
        price, total: last price in thousandths, volume of the main board.
        begun: whether the day's start was looked at.
        history: the figures of its seconds; empty while it is not known what flows.
        flow_second: the last in which somebody bought or sold.
        before: the totals that stood when they went back, until they are reached again.
        told: net volume and value of the last row.
        evaluated: trading second of the last row that was made.
    """

    buy: int | None = None
    sell: int | None = None
    buy_value: int | None = None
    sell_value: int | None = None
    basis: Literal["vendor", "price_times_volume"] | None = None
    ts_ms: int = 0
    room: int | None = None
    total_room: int | None = None
    price: int | None = None
    total: int | None = None
    begun: bool = False
    history: History[Point] = msgspec.field(default_factory=History)
    flow_second: int = -1
    before: tuple[int, int] | None = None
    resets: int = 0
    told: tuple[int, int | None] | None = None
    evaluated: int = -1


class SymbolState(msgspec.Struct, array_like=True):
    """A symbol; `shown` is the digest of its last row of the day."""

    name: str
    feed: str
    exchange: str | None = None
    figures: Figures = msgspec.field(default_factory=Figures)
    shown: bytes = b""


class Exchange(msgspec.Struct, array_like=True):
    """
    An exchange's trading time today, in whole seconds.

    Attributes:
        counted: seconds up to the last phase without trading.
        since: when the phase that trades began, s since the epoch; None while none does.
        opened: whether the tape was there before the first match of the day.
    """

    phase: Phase | None = None
    counted: int = 0
    since: int | None = None
    opened: bool = False

    def second(self, seq: int) -> int:
        """Whole seconds of trading time that have passed at `seq`."""
        if self.since is None:
            return self.counted
        return self.counted + max(0, seq // SECOND_US - self.since)


class VenueState(msgspec.Struct, array_like=True):
    """
    Mutable state of a venue, as far as one partition holds it; `step` alone changes it.

    Attributes:
        day: as `schemas.days` counts; -1 before the first message.
        ends_us: the first seq of the next day.
        open: symbols with flow in a window or with news (True) that no row has told.
    """

    venue: str
    day: int = -1
    ends_us: int = 0
    exchanges: dict[str, Exchange] = {}
    symbols: dict[str, SymbolState] = {}
    open: dict[str, bool] = {}


def initial(venue: str) -> VenueState:
    """The state before any message of the venue."""
    return VenueState(venue)


def bounded(figure: float) -> int:
    """A figure as a whole number that a state can hold."""
    return round(max(-MOST, min(MOST, figure)))
