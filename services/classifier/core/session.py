"""The rows of `session-flow`: when they are published, and what they say."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from schemas.base import Volume
from schemas.keys import venue_of
from schemas.market import Clock
from schemas.session_flow import FlowPhase, SessionFlow
from services.classifier.core.book import forget
from services.classifier.core.days import day_of, end_of, iso
from services.classifier.core.flow import CLOSED, RANK, settle
from services.classifier.core.state import SymbolState
from services.classifier.core.sums import DayFlow, PhaseFlow, Sum, units, volume

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
        _row(state, seq, part, (phase, settled > RANK[phase]), (row,), _of_phase(row))
        for part, (phase, row) in enumerate(changed)
    ]
    for _, row in changed:
        row.changed = False
    flow.changed = False
    day = _row(
        state, seq, len(rows), ("day", settled >= CLOSED), flow.phases.values(), _of_day(flow)
    )
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


def _of_day(flow: DayFlow) -> _Whole:
    counted, parts = flow.counted, [_of_phase(row) for row in flow.phases.values()]
    total = counted if flow.total is None else units(flow.total)
    value = flow.total_value
    if value is None and total == sum(part.total for part in parts):
        values = [part.value for part in parts]
        value = None if None in values else sum(values)  # type: ignore[arg-type]  # none is None
    told = sum(row.told for row in flow.phases.values())
    return _Whole(total, value, total - told, total - counted)


def _row(
    state: SymbolState,
    seq: int,
    part: int,
    of: tuple[FlowPhase, bool],
    phases: Collection[PhaseFlow],
    whole: _Whole,
) -> SessionFlow:
    buy, sell, neutral = (
        (row.buy for row in phases),
        (row.sell for row in phases),
        (row.neutral for row in phases),
    )
    phase, final = of
    valued = all(row.valued for row in phases)
    buy_volume, buy_value, buy_count = _sum(buy, valued)
    sell_volume, sell_value, sell_count = _sum(sell, valued)
    neutral_volume, neutral_value, neutral_count = _sum(neutral, valued)
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
        buy_volume=buy_volume,
        buy_value=buy_value,
        buy_count=buy_count,
        sell_volume=sell_volume,
        sell_value=sell_value,
        sell_count=sell_count,
        neutral_volume=neutral_volume,
        neutral_value=neutral_value,
        neutral_count=neutral_count,
        unknown_volume=volume(whole.unknown),
        unknown_count=sum(row.unknown.count for row in phases),
        unexplained_volume=volume(whole.unexplained),
        final=final,
    )


def _sum(sums: Iterable[Sum], valued: bool) -> tuple[Volume, float | None, int]:
    units_, value, count = 0, 0.0, 0
    for one in sums:
        units_ += one.units
        value += one.value
        count += one.count
    return volume(units_), value if valued else None, count
