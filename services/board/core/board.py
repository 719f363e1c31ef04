"""A venue's messages in; rows, and the messages that late readers need, out."""

from collections.abc import Sequence

import msgspec

from schemas.base import BROADCAST, Phase
from schemas.days import day_of
from schemas.market import (
    Auction,
    Basket,
    BookDelta,
    Candle,
    Clock,
    Day,
    Foreign,
    Gap,
    Index,
    Instrument,
    MarketMessage,
    OpenInterest,
    Quote,
    Status,
    Trade,
)
from services.board.core import figures
from services.board.core.row import CALLED, row_of
from services.board.core.state import Figures, SymbolState, VenueState

_IGNORED = frozenset({Gap, BookDelta, Candle})
"""The book comes from quotes; nothing on a board says that something was lost."""
_FORWARDED = frozenset({Instrument, Status, Index})
NOTHING: tuple[msgspec.Struct, ...] = ()


def step(state: VenueState, message: MarketMessage) -> Sequence[msgspec.Struct]:
    """
    Take one message of the state's venue, which changes in place.

    Instruments, baskets, statuses and index values come out as they are, at once; rows when a
    clock closes their second. Deterministic; raises nothing for any valid message.
    """
    kind = type(message)
    if kind is Clock:
        return _close(state, message.seq)
    if kind in _IGNORED:
        return NOTHING
    if kind is Basket:
        return (message,)
    if message.symbol == BROADCAST:
        _on_broadcast(state, message)  # type: ignore[arg-type]  # of what is left only a status
        return (message,)
    symbol = _touch(state, message)
    if kind is Quote:
        figures.on_quote(symbol.figures, message)  # type: ignore[arg-type]
    elif kind is Trade:
        figures.on_trade(symbol.figures, message)  # type: ignore[arg-type]
    elif kind is Foreign:
        figures.on_foreign(symbol.figures, message)  # type: ignore[arg-type]
    else:
        _on_rare(symbol, message)
        if kind in _FORWARDED:
            return (message,)
    return NOTHING


def is_open(state: VenueState) -> bool:
    """Whether a clock of the venue has something to close."""
    return bool(state.changed)


def _touch(state: VenueState, message: MarketMessage) -> SymbolState:
    """The state of the message's symbol, on the day of the message."""
    name = message.symbol
    day = day_of(message.seq, state.venue)
    symbol = state.symbols.get(name)
    if symbol is None:
        symbol = state.symbols[name] = SymbolState(name, day, message.feed)
    elif symbol.day != day:
        symbol.day, symbol.figures = day, Figures()
        symbol.own_phase, symbol.periodic = None, False
    symbol.feed = message.feed
    state.changed[name] = None
    return symbol


def _on_rare(symbol: SymbolState, message: MarketMessage) -> None:
    match message:
        case Day():
            figures.on_day(symbol.figures, message)
        case Auction():
            figures.on_auction(symbol.figures, message)
        case OpenInterest():
            symbol.figures.open_interest = message.value
        case Instrument():
            symbol.exchange, symbol.kind = message.exchange, message.kind
            symbol.multiplier = None if message.inverse else message.multiplier
            figures.on_instrument(symbol.figures, message)
        case Index():
            symbol.kind = "index"
        case Status():
            symbol.exchange = message.exchange
            _on_phase(symbol, message.phase)
            status = message.trading_status or symbol.figures.trading_status
            symbol.figures.trading_status = status


def _on_phase(symbol: SymbolState, phase: Phase | None) -> None:
    """Call auctions are for a day: between them a symbol follows its exchange."""
    if phase == "periodic":
        symbol.periodic, symbol.own_phase = True, None
    elif phase is not None:
        symbol.periodic = symbol.periodic and phase not in CALLED
        symbol.own_phase = phase


def _on_broadcast(state: VenueState, status: Status) -> None:
    """
    An exchange goes on: so do all its symbols, but those that are halted.

    What was said of one symbol before is older, and nobody repeats it: a symbol's `break` is
    over when its exchange trades again.
    """
    if status.phase is None:
        return
    state.phases[status.exchange] = status.phase
    for symbol in state.symbols.values():
        if symbol.exchange == status.exchange:
            if symbol.own_phase != "halted":
                symbol.own_phase = None
            state.changed[symbol.name] = None


def _close(state: VenueState, seq: int) -> list[msgspec.Struct]:
    """The rows that differ from those published last, in the order of their first change."""
    rows: list[msgspec.Struct] = []
    for name in state.changed:
        symbol = state.symbols[name]
        row = row_of(symbol, state, seq)
        if row is not None:
            rows.append(row)
    state.changed.clear()
    return rows
