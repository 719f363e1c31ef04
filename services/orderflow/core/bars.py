"""One symbol's classified trades in, its bars out."""

from collections.abc import Iterable, Sequence

from schemas.bars import Bar
from schemas.keys import venue_of
from schemas.market import Clock
from schemas.trades_classified import TradeClassified, TradesClassifiedMessage
from services.orderflow.core import count_bars, time_bars
from services.orderflow.core.bar import BUY, NEITHER, SELL, BarState, add
from services.orderflow.core.intervals import Interval, Plan
from services.orderflow.core.message import message_of
from services.orderflow.core.sessions import span_phase, span_time
from services.orderflow.core.state import SymbolState, units

NOTHING: tuple[Bar, ...] = ()
_SIDES = {"buy": BUY, "sell": SELL}


def step(plan: Plan, state: SymbolState, message: TradesClassifiedMessage) -> Sequence[Bar]:
    """
    Take one message of the state's symbol, or of its venue; `state` changes in place.

    A trade of the main board gives the count bars that it ends, at once; a clock everything
    that has changed or is over. Odd lots and put-through are in no bar. Deterministic; raises
    nothing for any valid message.
    """
    kind = type(message)
    if kind is TradeClassified:
        return _on_trade(plan, state, message)  # type: ignore[arg-type]
    if kind is Clock:
        return close(plan, state, message.seq)
    return NOTHING


def _on_trade(plan: Plan, state: SymbolState, trade: TradeClassified) -> Sequence[Bar]:
    if trade.board != "main":
        return NOTHING
    venue = venue_of(state.symbol)
    phase = span_phase(trade.phase)
    ts_ms = span_time(venue, trade.ts_ms, phase)
    size = units(state, trade.volume)
    side = _SIDES.get(trade.side, NEITHER)
    state.feed = trade.feed
    collect(plan, state, trade.price, size, side, ts_ms, phase)
    if not plan.counts:
        return NOTHING
    print_ = (trade.price, size, side, ts_ms, phase, trade.reference)
    over = count_bars.take(state, plan, venue, print_)
    return _messages(state, trade.seq, over) if over else NOTHING


def collect(
    plan: Plan, state: SymbolState, price: float, size: int, side: int, ts_ms: int, phase: str
) -> None:
    """Add a print to its second; `ts_ms` and `phase` are those of its span (sessions.py)."""
    pending = state.pending
    second = ts_ms - ts_ms % 1000
    if pending is None or pending.start != second or pending.phase != phase:
        time_bars.fold(state, plan, venue_of(state.symbol))
        pending = state.pending = BarState(second, second + 1000, phase)
        state.changed = True
    add(pending, price, size, side, ts_ms)


def close(plan: Plan, state: SymbolState, seq: int, sided: bool = True) -> Sequence[Bar]:
    """Everything that a clock publishes, intervals in the order of the plan."""
    clock_ms = seq // 1000
    if not state.changed and clock_ms < state.due_ms:
        state.clock_ms = clock_ms
        return NOTHING
    venue = venue_of(state.symbol)
    time_bars.fold(state, plan, venue)
    state.clock_ms = clock_ms
    out: list[tuple[Interval, BarState]] = []
    out += time_bars.publishable(state, plan, venue, clock_ms)
    out += count_bars.publishable(state, plan, venue, clock_ms)
    messages = _messages(state, seq, out, sided)
    state.changed = False
    state.due_ms = time_bars.next_due(state, plan, venue)
    return messages


def _messages(
    state: SymbolState, seq: int, bars: Iterable[tuple[Interval, BarState]], sided: bool = True
) -> list[Bar]:
    return [
        message_of(state, interval, bar, seq, part, sided)
        for part, (interval, bar) in enumerate(bars)
    ]
