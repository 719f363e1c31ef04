"""What is remembered of an index and its futures."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import msgspec

from schemas.base import Phase
from schemas.basis import SpotKind
from services.derivatives.core.settlement import Settlement
from services.runtime.lookback import History

SECOND_US = 1_000_000
_EPOCH = date(1970, 1, 1).toordinal()

TRADING: frozenset[Phase] = frozenset({"ato", "continuous", "atc", "plo", "periodic"})
"""Phases in which a main board trades: their seconds are trading time."""
STOCKS, DERIVATIVES = "HOSE", "DERIVATIVES"
"""The exchanges whose time counts: of the index, and of its futures."""

PARTS = 10_000
"""Prices and values are kept in ten-thousandths, as integers."""
MOST = 2**53
"""A figure beyond is damage and counts as this."""


@dataclass(frozen=True)
class Options:
    """
    What an operator sets: ratios a year, and seconds of trading time.

    Attributes:
        rate: financing a year; dividend_yield: of the index.
        stale_spot_s, stale_future_s: older is stale.
    """

    rate: float
    dividend_yield: float
    stale_spot_s: float = 15.0
    stale_future_s: float = 60.0


class Point(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Future and published spot at the end of a second of derivatives' trading time."""

    second: int
    future: int
    spot: int

    @property
    def basis(self) -> int:
        """Future less spot."""
        return self.future - self.spot


class Figures(msgspec.Struct, array_like=True):
    """
    A contract's day.

    Attributes:
        price, bid, ask: in PARTS; None: unknown, or an empty side.
        told: derivatives' second of the last trade or quote.
        history: future and spot; empty while one of them is unknown.
    """

    price: int | None = None
    bid: int | None = None
    ask: int | None = None
    told: int | None = None
    total_volume: int | None = None
    open_interest: int | None = None
    open_interest_prior: int | None = None
    foreign_net: int | None = None
    history: History[Point] = msgspec.field(default_factory=History)


class Contract(msgspec.Struct, array_like=True):
    """A future; `shown` is the digest of its last row of the day."""

    name: str
    feed: str
    alias: str | None = None
    continuous: str | None = None
    last_trading_day: str | None = None
    figures: Figures = msgspec.field(default_factory=Figures)
    shown: bytes = b""


class Holder(msgspec.Struct, array_like=True):
    """The contract that has a continuous name, since a day; None: since before the tape."""

    contract: str
    since: str | None = None


class Exchange(msgspec.Struct, array_like=True):
    """
    An exchange's trading time today, in whole seconds.

    Attributes:
        counted: seconds up to the last phase without trading.
        since: when the phase that trades began, s since the epoch; None while none does.
    """

    phase: Phase | None = None
    counted: int = 0
    since: int | None = None

    def second(self, seq: int) -> int:
        """Whole seconds of trading time that have passed at `seq`."""
        if self.since is None:
            return self.counted
        return self.counted + max(0, seq // SECOND_US - self.since)

    def enter(self, phase: Phase, seq: int) -> None:
        """A phase begins."""
        self.phase = phase
        if phase in TRADING and self.since is None:
            self.since = seq // SECOND_US
        elif phase not in TRADING:
            self.counted, self.since = self.second(seq), None

    def new_day(self, seq: int) -> None:
        """Nothing has passed yet."""
        self.counted = 0
        self.since = seq // SECOND_US if self.phase in TRADING else None


class UnderlyingState(msgspec.Struct, array_like=True):
    """
    Mutable state of an index and its futures; `step` alone changes it.

    Attributes:
        name: of the routing key; other units than indices with futures stay as they began.
        day: as `schemas.days` counts; -1 before the first message.
        ends_us: the first seq of the next day.
        spot, spot_kind, spot_second: value in PARTS, and stocks' second in which it came.
        holders: continuous name -> who has it.
        news: something changed since the last clock.
        evaluated: seconds of derivatives and stocks at the last one.
    """

    name: str
    day: int = -1
    ends_us: int = 0
    stocks: Exchange = msgspec.field(default_factory=Exchange)
    derivatives: Exchange = msgspec.field(default_factory=Exchange)
    spot: int | None = None
    spot_kind: SpotKind = "none"
    spot_second: int = 0
    settlement: Settlement = msgspec.field(default_factory=Settlement)
    contracts: dict[str, Contract] = {}
    holders: dict[str, Holder] = {}
    news: bool = False
    evaluated: tuple[int, int] = (0, 0)


def initial(name: str) -> UnderlyingState:
    """The state of a routing key before its first message."""
    return UnderlyingState(name)


@lru_cache(maxsize=64)
def days_until(day: int, last: str) -> int:
    """Calendar days from a day of `schemas.days` to an ISO date."""
    return date.fromisoformat(last).toordinal() - _EPOCH - day


def parts(price: float) -> int:
    """A price in PARTS."""
    return whole(price * PARTS)


def whole(figure: float) -> int:
    """A figure as a whole number that a state can hold."""
    return round(max(-MOST, min(MOST, figure)))
