"""A bar under way: what it sums, and how a trade or a later part of it is added."""

import msgspec

BUY, SELL, NEITHER = 1, -1, 0


class BarState(msgspec.Struct, array_like=True, gc=False):
    """
    Mutable. Volumes are in units of the symbol (`SymbolState.scale`).

    Attributes:
        start, end: ms since the epoch; of a bar that is not of time, `end` is where its
            session ends, and closes it.
        low_delta, high_delta: the extremes of buy - sell on the way, which begins at 0.
        money: sum of price x units.
        last: ms since the epoch, of the last trade.
        changed: since it was published.
    """

    start: int
    end: int
    phase: str
    number: int = 0
    open: float = 0.0
    high: float = 0.0
    low: float = 0.0
    close: float = 0.0
    volume: int = 0
    buy: int = 0
    sell: int = 0
    low_delta: int = 0
    high_delta: int = 0
    money: float = 0.0
    trades: int = 0
    last: int = 0
    changed: bool = False
    final: bool = False
    revision: int = 0


def add(bar: BarState, price: float, units: int, side: int, ts_ms: int) -> None:
    """Add the next trade; the caller sets `changed`."""
    if not bar.trades:
        bar.open = bar.high = bar.low = price
    elif price > bar.high:
        bar.high = price
    elif price < bar.low:
        bar.low = price
    bar.close = price
    bar.trades += 1
    bar.volume += units
    bar.money += price * units
    bar.last = ts_ms
    if side == BUY:
        bar.buy += units
        if (delta := bar.buy - bar.sell) > bar.high_delta:
            bar.high_delta = delta
    elif side == SELL:
        bar.sell += units
        if (delta := bar.buy - bar.sell) < bar.low_delta:
            bar.low_delta = delta


def append(bar: BarState, later: BarState) -> None:
    """
    Add trades that came after all of `bar`'s, summed in `later`, which has at least one.

    The same as adding them one by one (`money` to the last bit only where its sums are whole
    numbers, as in VND).
    """
    if not bar.trades:
        bar.open, bar.high, bar.low = later.open, later.high, later.low
    else:
        if later.high > bar.high:
            bar.high = later.high
        if later.low < bar.low:
            bar.low = later.low
    if later.buy or later.sell:
        delta = bar.buy - bar.sell
        if delta + later.low_delta < bar.low_delta:
            bar.low_delta = delta + later.low_delta
        if delta + later.high_delta > bar.high_delta:
            bar.high_delta = delta + later.high_delta
        bar.buy += later.buy
        bar.sell += later.sell
    bar.close, bar.last = later.close, later.last
    bar.volume += later.volume
    bar.money += later.money
    bar.trades += later.trades
    bar.changed = True


def rescale(bar: BarState, factor: int) -> None:
    """Go over to units that are so many times smaller."""
    bar.volume *= factor
    bar.buy *= factor
    bar.sell *= factor
    bar.low_delta *= factor
    bar.high_delta *= factor
    bar.money *= factor
