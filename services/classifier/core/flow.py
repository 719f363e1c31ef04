"""Counts a day's prints by phase and side, and the volume that no print covers."""

from schemas.base import BROADCAST, Phase
from schemas.market import Gap, Status, Trade
from schemas.trades_classified import Aggressor
from services.classifier.core.state import SymbolState
from services.classifier.core.sums import MOST, DayFlow, PhaseFlow, Sum, bounded, units

RANK: dict[Phase, int] = {
    "pre_open": 0,
    "ato": 1,
    "continuous": 2,
    "break": 2,
    "atc": 3,
    "periodic": 3,
    "plo": 4,
    "put_through": 4,
    "halted": 4,
    "closed": 5,
}
"""The order of a day. The break interrupts the continuous phase and does not end it; repeated
call auctions go on as long as others trade; a halt is no step of the day."""

CLOSED = RANK["closed"]

OPENING: dict[str, Phase] = {
    "HOSE": "ato",
    "DERIVATIVES": "ato",
    "HNX": "continuous",
    "UPCOM": "continuous",
}
"""The first phase in which an exchange trades."""

FIRST: frozenset[Phase] = frozenset({"ato", "periodic"})
"""Phases before which a symbol that has them does not trade, on whatever exchange."""

SETTLING_US = 60_000_000
"""For so long after an exchange went on prints of the phase before are waited for: an
auction's are published some seconds after its end."""


def count(state: SymbolState, trade: Trade, side: Aggressor) -> None:
    """Take a print of the main board with the side it was given."""
    flow, phase, size, total = state.flow, trade.phase, trade.volume, trade.total_volume
    row = flow.phases.get(phase)
    if row is None:
        row = flow.phases[phase] = PhaseFlow()
    if not -MOST < size < MOST:
        size = bounded(size)
    if total is not None:
        if flow.missing or flow.total is None or total - size != flow.total:
            _cover(state, row, trade)
        flow.total = bounded(total)
    elif flow.missing or flow.total is not None:
        _cover(state, row, trade)
        flow.total = None if flow.total is None else bounded(flow.total + size)
    sums: Sum = getattr(row, side)  # sides are the names of its sums
    sums.count += 1
    if type(size) is int:
        sums.whole += size
    else:
        sums.add(size)
    if state.multiplier is None:
        row.valued = False
    else:
        sums.value += (size if state.inverse else trade.price * size) * state.multiplier
    if not row.changed:
        row.changed = flow.changed = state.is_open = True
    flow.last, flow.feed, flow.total_value = phase, trade.feed, trade.total_value


def miss(state: SymbolState, gap: Gap) -> None:
    """Keep in mind what a gap of the symbol says is missing; the next print tells where."""
    flow = state.flow
    if gap.symbol != state.symbol or gap.missing_volume is None:
        return
    flow.missing = bounded(flow.missing + gap.missing_volume)
    known = gap.missing_value is not None and flow.missing_value is not None
    flow.missing_value = flow.missing_value + gap.missing_value if known else None  # type: ignore[operator]


def follow(state: SymbolState, status: Status) -> None:
    """Take the phase of the symbol's exchange; a phase behind it is over when it has settled."""
    flow, phase = state.flow, status.phase
    if status.symbol != BROADCAST or status.exchange != state.exchange:
        return
    if phase is None or phase == "halted" or RANK[phase] == flow.rank:
        return
    rank = RANK[phase]
    if rank > flow.rank:
        flow.settles_us = status.seq + SETTLING_US
        state.is_open = state.is_open or bool(flow.phases)
    else:
        # An exchange that was said to be closed opens: nothing was over.
        flow.settles_us, flow.settled = 0, min(flow.settled, rank)
    flow.rank = rank


def settle(flow: DayFlow, seq: int) -> None:
    """At a clock: what has settled by then is over, and the rows that say so are new."""
    if not flow.settles_us or seq < flow.settles_us:
        return
    for phase, row in flow.phases.items():
        row.changed |= flow.settled <= RANK[phase] < flow.rank
    flow.changed |= bool(flow.phases) and (
        flow.rank >= CLOSED or any(row.changed for row in flow.phases.values())
    )
    flow.settled, flow.settles_us = flow.rank, 0


def _cover(state: SymbolState, row: PhaseFlow, trade: Trade) -> None:
    """
    Count what is missing between the last print and this one.

    The vendor's total says how much, where it gives one, and gaps say the same on their own:
    the difference between the two shows in `unexplained_volume`.
    """
    flow = state.flow
    missing = units(flow.missing)
    if trade.total_volume is None:
        hole = missing
        if flow.total is not None:
            flow.total = bounded(flow.total + flow.missing)
    else:
        known = units(flow.total) if flow.total is not None else flow.counted
        hole = units(bounded(trade.total_volume)) - units(bounded(trade.volume)) - known
    flow.announced.add(flow.missing)
    if hole > 0 and _is_inside(state, trade.phase):
        row.missed.add_units(hole)
        if hole == missing and flow.missing_value is not None:
            row.missed.value += flow.missing_value
        else:
            row.complete = False
    flow.missing, flow.missing_value = 0, 0.0


def _is_inside(state: SymbolState, phase: Phase) -> bool:
    """Whether all that traded between the last print and one of `phase` is of that phase."""
    if state.flow.last:
        return state.flow.last == phase
    return phase in FIRST or OPENING.get(state.exchange) == phase
