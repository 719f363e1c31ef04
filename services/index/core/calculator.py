"""
VN30 from the candles of its members, by the owner's document.

    index = capital / capital of the first candle's close * base_index
    capital = sum(price * shares * free float)

in points, for open, high, low and close alike; the first candle is `base_index` in all four.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from math import isfinite
from operator import attrgetter

import msgspec

from services.index.core.timepoints import LOCAL, timepoints

BASE_INDEX = 1000.0
FIVE_MINUTES = timedelta(minutes=5)


class Candle(msgspec.Struct, frozen=True, gc=False):
    """`start` is aware; prices in VND; a candle without a trade has volume 0 and still prices."""

    symbol: str
    start: datetime
    open: float
    high: float
    low: float
    close: float
    volume: int
    value: float = 0.0


class Holding(msgspec.Struct, frozen=True, gc=False):
    """A member of the index: its listed shares and its free float, a ratio 0..1."""

    symbol: str
    shares: int | None
    free_float: float | None = None


class IndexCandle(msgspec.Struct, frozen=True, gc=False):
    """Points; `start` is UTC; volume and value are the sums over the members."""

    start: datetime
    open: float
    high: float
    low: float
    close: float
    volume: int
    value: float


class Calculation(msgspec.Struct, frozen=True, kw_only=True):
    """
    What to calculate.

    Attributes:
        start_date, end_date: both are in it, local days.
        use_free_float: without it all shares count.
        free_float_may_miss: a member without a ratio counts whole; else it is refused.
    """

    start_date: date
    end_date: date
    interval: timedelta = FIVE_MINUTES
    base_index: float = BASE_INDEX
    use_free_float: bool = True
    free_float_may_miss: bool = False


Place = tuple[date, time]
"""Local day, and the time at which a candle begins."""


def calculate(
    candles: Iterable[Candle],
    members: Sequence[Holding],
    what: Calculation,
    progress: Callable[[int, int], None] | None = None,
) -> list[IndexCandle]:
    """
    The index at each timepoint of each trading day, ascending.

    A day on which no member has a candle is a holiday. Candles at other times than the day's
    timepoints, of other days or other symbols are passed over.

    Args:
        candles: in any order.
        progress: told days done, and of how many.

    Raises:
        ValueError: naming symbol, date and time: a member without a candle, two of one time, a
            price that is not above 0, a member without shares or free float.
    """
    weights = effective_shares(members, what)
    table = _table(candles, weights, what)
    days = sorted({day for places in table.values() for day, _ in places})
    found: list[IndexCandle] = []
    base: float | None = None
    for done, day in enumerate(days, 1):
        for at in timepoints(what.interval):
            row = [_candle(table, symbol, day, at) for symbol in weights]
            levels = [capital({c.symbol: price(c) for c in row}, weights) for price in _PRICES]
            if base is None:
                base = levels[-1]
                levels = [base] * len(levels)
            found.append(_index(day, at, [points(c, base, what.base_index) for c in levels], row))
        if progress is not None:
            progress(done, len(days))
    return found


def effective_shares(members: Sequence[Holding], what: Calculation) -> dict[str, float]:
    """
    Symbol -> shares x free float, in the order of `members`.

    Raises:
        ValueError: naming the member that lacks one, or stands twice.
    """
    found: dict[str, float] = {}
    for member in members:
        symbol, ratio = member.symbol, member.free_float
        if symbol in found:
            raise ValueError(f"{symbol} stands twice among the members")
        if member.shares is None or member.shares <= 0:
            raise ValueError(f"{symbol} lacks its shares: give the number listed")
        if not what.use_free_float or (ratio is None and what.free_float_may_miss):
            ratio = 1.0
        if ratio is None:
            raise ValueError(
                f"{symbol} lacks its free float: give the ratio, or let it count whole"
            )
        if not 0 < ratio <= 1:
            raise ValueError(f"{symbol}: a free float is above 0 and at most 1, was {ratio}")
        found[symbol] = member.shares * ratio
    return found


def capital(prices: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """VND that count, in the order of `weights`: the same to the bit wherever it is asked."""
    total = 0.0
    for symbol, own in weights.items():
        total += prices[symbol] * own
    return total


def points(capital_now: float, base: float, base_index: float = BASE_INDEX) -> float:
    """The index."""
    return capital_now / base * base_index


_PRICES = (attrgetter("open"), attrgetter("high"), attrgetter("low"), attrgetter("close"))


def _table(
    candles: Iterable[Candle], weights: Mapping[str, float], what: Calculation
) -> dict[str, dict[Place, Candle]]:
    points = set(timepoints(what.interval))
    table: dict[str, dict[Place, Candle]] = {symbol: {} for symbol in weights}
    for candle in candles:
        local = candle.start.astimezone(LOCAL)
        day, at = local.date(), local.time()
        own = table.get(candle.symbol)
        if own is None or at not in points or not what.start_date <= day <= what.end_date:
            continue
        if (day, at) in own:
            raise ValueError(f"{candle.symbol} has two candles at {_said(day, at)}")
        for price in (candle.open, candle.high, candle.low, candle.close):
            if not (isfinite(price) and price > 0):
                said = _said(day, at)
                raise ValueError(f"{candle.symbol} at {said}: a price is above 0, was {price}")
        own[day, at] = candle
    return table


def _candle(
    table: Mapping[str, Mapping[Place, Candle]], symbol: str, day: date, at: time
) -> Candle:
    found = table[symbol].get((day, at))
    if found is None:
        some = any(each == day for each, _ in table[symbol])
        why = "has no candle at" if some else "has no candle that day, others have:"
        raise ValueError(f"{symbol} {why} {_said(day, at)}")
    return found


def _said(day: date, at: time) -> str:
    return f"{day} {at:%H:%M}"


def _index(day: date, at: time, levels: Sequence[float], row: Sequence[Candle]) -> IndexCandle:
    start = datetime.combine(day, at, LOCAL).astimezone(UTC)
    volume, value = sum(c.volume for c in row), sum(c.value for c in row)
    opened, high, low, close = levels
    return IndexCandle(start, opened, high, low, close, volume, value)
