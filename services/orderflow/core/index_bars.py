"""One index's published values in, its bars out."""

from collections.abc import Sequence

from schemas.bars import Bar
from schemas.base import Phase
from schemas.keys import venue_of
from schemas.market import Clock, Index, MarketMessage
from services.orderflow.core.bar import NEITHER
from services.orderflow.core.bars import NOTHING, close, collect
from services.orderflow.core.intervals import Plan
from services.orderflow.core.sessions import (
    before_closing_auction,
    day_start,
    span_phase,
    span_time,
)
from services.orderflow.core.state import SymbolState, units

_BEFORE: frozenset[Phase] = frozenset({"pre_open", "ato"})
"""The index has no value of the day yet: what is published is the day before's."""
_AFTER: frozenset[Phase] = frozenset({"plo", "put_through", "closed"})


def step(plan: Plan, state: SymbolState, message: MarketMessage) -> Sequence[Bar]:
    """
    Take one message of the state's symbol, or a clock of its venue; `state` changes in place.

    Values of continuous trading count each; later ones (in the break, after the close) only
    when they say something new: the last of a session, published after its end, belongs to
    it, and what the closing auction gave stands in a bar of phase `atc`. All that is no index
    is ignored. Deterministic; raises nothing for any valid message.
    """
    kind = type(message)
    if kind is Index:
        _on_value(plan, state, message)  # type: ignore[arg-type]
    elif kind is Clock:
        return close(plan, state, message.seq, sided=False)
    return NOTHING


def _on_value(plan: Plan, state: SymbolState, index: Index) -> None:
    venue = venue_of(state.symbol)
    day = day_start(venue, index.ts_ms)
    if day != state.total_day:
        state.total_day, state.total, state.value = day, None, None
    before, total = state.total, index.total_volume
    if index.phase in _BEFORE:
        state.total = total
        return
    new = index.value != state.value or total != before
    if index.phase != "continuous" and not new:
        return
    state.value, state.total, state.feed = index.value, total, index.feed
    traded = total - before if total is not None and before is not None else 0
    phase: Phase = "atc" if index.phase in _AFTER else "continuous"
    ts_ms = index.ts_ms
    if index.phase == "atc":
        ts_ms = before_closing_auction(ts_ms)
    ts_ms = span_time(venue, ts_ms, span_phase(phase))
    size = units(state, max(0, traded))
    collect(plan, state, index.value, size, NEITHER, ts_ms, phase)
