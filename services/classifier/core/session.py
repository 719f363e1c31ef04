"""The rows of `session-flow`: when they are published, and what they say."""

from typing import NamedTuple

from schemas.days import day_of, end_of, iso
from schemas.keys import venue_of
from schemas.market import Clock
from schemas.session_flow import FlowPhase, SessionFlow
from services.classifier.core.book import forget
from services.classifier.core.flow import CLOSED, RANK, settle
from services.classifier.core.state import SymbolState
from services.classifier.core.sums import DayFlow, PhaseFlow, merged, units, volume

NO_ROWS: tuple[SessionFlow, ...] = ()


def roll(state: SymbolState, seq: int) -> tuple[SessionFlow, ...]:
    """
    End the day before `seq` and begin that of `seq`.

    Returns:
        The last rows of the old day: each that was not final, or has changed since it was.
    """
    old, venue = state.flow, venue_of(state.symbol)
    rows = _rows(state, seq, over=True)
    state.flow = DayFlow(day_of(seq, venue))
    state.day_ends_us = end_of(state.flow.day, venue)
    state.is_open = False
    if venue == "VN" and old.day >= 0:
        forget(state)  # no order outlives the day
        state.side = 0
    return rows


def close_second(state: SymbolState, clock: Clock) -> tuple[SessionFlow, ...]:
    """What changed since the last clock; the day's row last."""
    flow = state.flow
    settle(flow, clock.seq)
    rows = _rows(state, clock.seq, over=False)
    state.is_open = bool(flow.settles_us and flow.phases)
    return rows


def _rows(state: SymbolState, seq: int, over: bool) -> tuple[SessionFlow, ...]:
    flow = state.flow
    settled = CLOSED + 1 if over else flow.settled
    changed = [
        (phase, row)
        for phase, row in flow.phases.items()
        if row.changed or flow.settled <= RANK[phase] < settled
    ]
    ends = bool(flow.phases) and flow.settled < CLOSED <= settled
    if not (changed or ends or flow.changed):
        return NO_ROWS
    rows = [
        _row(state, seq, part, (phase, settled > RANK[phase]), row, _of_phase(row))
        for part, (phase, row) in enumerate(changed)
    ]
    for _, row in changed:
        row.changed = False
    flow.changed = False
    one = merged(flow.phases.values())
    day = _row(state, seq, len(rows), ("day", settled >= CLOSED), one, _of_day(flow, one))
    return (*rows, day)


class _Whole(NamedTuple):
    """Volumes in units."""

    total: int
    value: float | None
    unknown: int
    unexplained: int


def _of_phase(row: PhaseFlow) -> _Whole:
    unknown = row.unknown.units + row.missed.units
    sums = (row.buy, row.sell, row.neutral, row.unknown, row.missed)
    value = sum(s.value for s in sums) if row.valued and row.complete else None
    return _Whole(row.told + unknown, value, unknown, 0)


def _of_day(flow: DayFlow, one: PhaseFlow) -> _Whole:
    counted = one.prints + flow.announced.units
    total = counted if flow.total is None else units(flow.total)
    value = flow.total_value
    if value is None and total == one.prints + one.missed.units:
        value = _of_phase(one).value
    return _Whole(total, value, total - one.told, total - counted)


def _row(
    state: SymbolState,
    seq: int,
    part: int,
    of: tuple[FlowPhase, bool],
    row: PhaseFlow,
    whole: _Whole,
) -> SessionFlow:
    phase, final = of
    buy, sell, neutral, valued = row.buy, row.sell, row.neutral, row.valued
    return SessionFlow(
        symbol=state.symbol,
        feed=state.flow.feed,
        seq=seq,
        ts_ms=seq // 1000,
        part=part,
        venue=venue_of(state.symbol),
        day=iso(state.flow.day),
        phase=phase,
        total_volume=volume(whole.total),
        total_value=whole.value,
        buy_volume=buy.volume,
        buy_value=buy.value if valued else None,
        buy_count=buy.count,
        sell_volume=sell.volume,
        sell_value=sell.value if valued else None,
        sell_count=sell.count,
        neutral_volume=neutral.volume,
        neutral_value=neutral.value if valued else None,
        neutral_count=neutral.count,
        unknown_volume=volume(whole.unknown),
        unknown_count=row.unknown.count,
        unexplained_volume=volume(whole.unexplained),
        final=final,
    )
