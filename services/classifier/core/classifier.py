"""One symbol's messages in, its trades with their aggressor out."""

from schemas.base import Side
from schemas.market import (
    BookDelta,
    Clock,
    Gap,
    Instrument,
    MarketMessage,
    Quote,
    Status,
    Trade,
)
from schemas.session_flow import SessionFlow
from schemas.trades_classified import Aggressor, TradeClassified
from services.classifier.core.book import forget, on_delta, on_quote
from services.classifier.core.confidence import CONFIDENCE
from services.classifier.core.flow import count, follow, miss
from services.classifier.core.rules import BUY, UNKNOWN, infer, pass_over
from services.classifier.core.session import close_second, roll
from services.classifier.core.state import SymbolState

NEUTRAL_PHASES = frozenset({"pre_open", "ato", "atc", "plo", "periodic", "put_through", "closed"})
"""Phases matched at one price, or agreed off the book: nobody crosses a spread. Before the
opening and after the close nothing is matched: a print there is an auction's that came late.
One in the break, or of a halted symbol, was matched continuously just before."""

PRINTS_LOST = frozenset({"trade_id", "volume_chain", "late_start"})
"""Causes of a gap that say nothing of the book."""

Output = TradeClassified | SessionFlow

NOTHING: tuple[Output, ...] = ()


def step(state: SymbolState, message: MarketMessage) -> tuple[Output, ...]:
    """
    Take one message of the state's symbol, or a gap, status or clock of its venue; `state`
    changes in place.

    A trade gives exactly one trade, at once; a clock the rows of session-flow that changed; the
    first message of a day, before its own output, the last rows of the day before. The inferred
    side comes from earlier messages and the trade's own price, times and order: never from a
    flag and never from later. Deterministic; raises nothing for any valid message.
    """
    if message.seq >= state.day_ends_us:
        return (*roll(state, message.seq), *step(state, message))
    kind = type(message)
    if kind is Quote:
        on_quote(state, message)  # type: ignore[arg-type]  # type() is, and isinstance costs
    elif kind is Trade:
        return (_classify(state, message),)  # type: ignore[arg-type]
    elif kind is BookDelta:
        on_delta(state, message)  # type: ignore[arg-type]
    elif isinstance(message, Clock):
        return close_second(state, message)
    elif isinstance(message, Instrument):
        _describe(state, message)
    elif isinstance(message, Gap):
        miss(state, message)
        _on_gap(state, message)
    elif isinstance(message, Status):
        follow(state, message)
    return NOTHING


def _describe(state: SymbolState, instrument: Instrument) -> None:
    state.reference = instrument.reference
    state.ceiling, state.floor = instrument.ceiling, instrument.floor
    state.exchange = instrument.exchange
    state.multiplier, state.inverse = instrument.multiplier, instrument.inverse


def _on_gap(state: SymbolState, gap: Gap) -> None:
    """A run of prints ends at any loss; the book holds where only prints or deltas were lost."""
    state.side = UNKNOWN
    if gap.cause in PRINTS_LOST or (gap.cause == "update_id" and state.quoted):
        return
    forget(state)


def _classify(state: SymbolState, trade: Trade) -> TradeClassified:
    inferred: Side | None = None
    rule: str | None = None
    confidence: float | None = None
    vendor = trade.vendor_side
    side: Aggressor
    if trade.board != "main":
        side = "neutral"
    elif trade.phase in NEUTRAL_PHASES:
        pass_over(state, trade.price)
        side = "neutral"
    else:
        sign, name, situation = infer(state, trade)
        if sign:
            inferred = "buy" if sign == BUY else "sell"
            rule, confidence = name, CONFIDENCE[situation]
        side = vendor or inferred or "unknown"
    if trade.board == "main":
        count(state, trade, side)
    return TradeClassified(
        symbol=trade.symbol,
        feed=trade.feed,
        seq=trade.seq,
        ts_ms=trade.ts_ms,
        price=trade.price,
        volume=trade.volume,
        side=side,
        rule=rule,
        vendor_side=vendor,
        inferred_side=inferred,
        confidence=confidence,
        phase=trade.phase,
        board=trade.board,
        trade_id=trade.trade_id,
        total_volume=trade.total_volume,
        reference=state.reference,
        ceiling=state.ceiling,
        floor=state.floor,
    )
