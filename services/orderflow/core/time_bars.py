"""Bars of time: a second's trades are summed once, and every interval takes the sum."""

from collections.abc import Iterator

from schemas.base import Venue
from services.orderflow.core.bar import BarState, append
from services.orderflow.core.intervals import DAY_MS, Plan, TimeInterval
from services.orderflow.core.sessions import GRACE_MS, HELD_MS, OTHER_GRACE_MS, time_span
from services.orderflow.core.state import SymbolState

DAY = "day"
"""Phase of a bar that holds all of them."""


def fold(state: SymbolState, plan: Plan, venue: Venue) -> None:
    """Put the pending second into the bars."""
    pending = state.pending
    if pending is None:
        return
    state.pending = None
    ts_ms = pending.start
    for interval in plan.times:
        held = state.times.get(interval.word)
        if held is None:
            held = state.times[interval.word] = []
        phase = DAY if interval.ms == DAY_MS else pending.phase
        last = held[-1] if held else None
        if last is None or not last.start <= ts_ms < last.end or last.phase != phase:
            last = _other(state, held, interval, phase, venue, ts_ms)
        if last.final and not last.changed:
            last.revision += 1
        append(last, pending)


def _other(
    state: SymbolState,
    held: list[BarState],
    interval: TimeInterval,
    phase: str,
    venue: Venue,
    ts_ms: int,
) -> BarState:
    """The bar of a span that is not the newest one, or a new one."""
    start, end = time_span(venue, ts_ms, interval.ms)
    for bar in reversed(held):
        if bar.start == start and bar.phase == phase and not bar.number:
            return bar
    bar = BarState(start, end, phase)
    if end + HELD_MS + grace(venue) <= state.clock_ms:
        state.extra += 1
        bar.number = state.extra
    held.append(bar)
    return bar


def grace(venue: Venue) -> int:
    """How long late trades of a span are waited for, ms."""
    return GRACE_MS.get(venue, OTHER_GRACE_MS)


def publishable(
    state: SymbolState, plan: Plan, venue: Venue, clock_ms: int
) -> Iterator[tuple[TimeInterval, BarState]]:
    """
    At a clock: bars that have changed or are over, marked so; those no longer held are let go.
    """
    over = clock_ms - grace(venue)
    gone = over - HELD_MS
    for interval in plan.times:
        held = state.times.get(interval.word, ())
        for bar in held:
            ends = not bar.final and bar.end <= over
            if bar.changed or ends:
                bar.changed = False
                bar.final = bar.final or ends
                yield interval, bar
        if held and any(bar.end <= gone for bar in held):
            state.times[interval.word] = [bar for bar in held if bar.end > gone]


def next_due(state: SymbolState, plan: Plan, venue: Venue) -> int:
    """The clock at which the next bar of the plan closes or goes; 0: none is held."""
    ends = [
        bar.end + (HELD_MS if bar.final else 0)
        for interval in plan.times
        for bar in state.times.get(interval.word, ())
    ]
    counts = (state.counts.get(interval.word) for interval in plan.counts)
    ends += [count.bar.end for count in counts if count is not None and count.bar is not None]
    return min(ends) + grace(venue) if ends else 0
