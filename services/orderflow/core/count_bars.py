"""Bars of trades, of volume and of range: a trade ends them, or the end of the session."""

from collections.abc import Iterator

from schemas.base import Venue
from services.orderflow.core.bar import BarState, add
from services.orderflow.core.intervals import CountInterval, Plan
from services.orderflow.core.sessions import day_start, session_end
from services.orderflow.core.state import CountState, SymbolState
from services.orderflow.core.time_bars import grace

_ROUNDING = 1 + 1e-12
"""A range of exactly its size does not exceed it, whatever the float of a price says."""

Print = tuple[float, int, int, int, str, float | None]
"""Price, units, side, time of its span, phase of its span, reference price."""


def take(
    state: SymbolState, plan: Plan, venue: Venue, print_: Print
) -> list[tuple[CountInterval, BarState]]:
    """Add a trade to every count interval; the bars that are over, in the order of the plan."""
    over: list[tuple[CountInterval, BarState]] = []
    price, units, side, ts_ms, phase, _ = print_
    for interval in plan.counts:
        count = state.counts.get(interval.word)
        if count is None:
            count = state.counts[interval.word] = CountState()
        bar = count.bar
        if bar is not None and (
            bar.phase != phase
            or ts_ms >= bar.end
            # A price inside the bar exceeds nothing: nearly all are.
            or (
                interval.kind == "range"
                and not bar.low <= price <= bar.high
                and _exceeds(interval, count, bar, price)
            )
        ):
            over.append((interval, _end(bar)))
            bar = None
        if bar is None:
            bar = count.bar = _begin(count, venue, print_)
        add(bar, price, units, side, ts_ms)
        bar.changed = True
        if (interval.kind == "tick" and bar.trades >= interval.size) or (
            interval.kind == "volume" and bar.volume >= interval.size * state.scale
        ):
            over.append((interval, _end(bar)))
            count.bar = None
    return over


def publishable(
    state: SymbolState, plan: Plan, venue: Venue, clock_ms: int
) -> Iterator[tuple[CountInterval, BarState]]:
    """At a clock: bars that have changed, and those whose session is over."""
    for interval in plan.counts:
        count = state.counts.get(interval.word)
        bar = count.bar if count is not None else None
        if count is None or bar is None:
            continue
        if bar.end + grace(venue) <= clock_ms:
            count.bar = None
            yield interval, _end(bar)
        elif bar.changed:
            bar.changed = False
            yield interval, bar


def _begin(count: CountState, venue: Venue, print_: Print) -> BarState:
    price, _, _, ts_ms, phase, reference = print_
    day = day_start(venue, ts_ms)
    if day != count.day:
        count.day, count.number = day, 0
        count.base = reference or price
    bar = BarState(ts_ms, session_end(venue, ts_ms), phase, count.number)
    count.number += 1
    return bar


def _exceeds(interval: CountInterval, count: CountState, bar: BarState, price: float) -> bool:
    range_ = max(bar.high, price) - min(bar.low, price)
    return range_ > abs(count.base) * interval.size / 100 * _ROUNDING


def _end(bar: BarState) -> BarState:
    bar.final, bar.changed = True, False
    return bar
