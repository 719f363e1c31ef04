"""A venue's messages in; rows of foreign flow out."""

from collections.abc import Sequence

from schemas.base import BROADCAST
from schemas.days import day_of, end_of
from schemas.foreign_flow import ForeignFlow
from schemas.market import Clock, Day, Foreign, Gap, Instrument, MarketMessage, Status, Trade
from services.foreign.core import totals
from services.foreign.core.history import LONGEST
from services.foreign.core.row import row_of
from services.foreign.core.state import (
    OPENING,
    SECOND_US,
    TRADING,
    Exchange,
    Figures,
    SymbolState,
    VenueState,
)

VENUE = "VN"
"""Elsewhere nobody counts foreigners."""
STEP = 5
"""While there is flow in a window, a row each so many seconds of trading time."""
LOSSES = frozenset({"disconnect", "restart", "source_change", "spool_full", "accepted_loss"})
"""Causes of a gap in which totals may have grown unseen; the others are of trades or books."""
_KINDS = frozenset({Trade, Foreign, Day, Clock, Status, Instrument, Gap})
NOTHING: tuple[ForeignFlow, ...] = ()


def step(state: VenueState, message: MarketMessage) -> Sequence[ForeignFlow]:
    """
    Take one message of the state's venue, which changes in place.

    Rows come when a clock closes their second, and the last of a day before anything of the
    next. Deterministic; raises nothing for any valid message.
    """
    kind = type(message)
    if state.venue != VENUE or kind not in _KINDS:
        return NOTHING
    rows: Sequence[ForeignFlow] = NOTHING
    if message.seq >= state.ends_us:
        rows = _roll(state, message.seq)
    if kind is Clock:
        return rows or _close(state, message.seq)
    if isinstance(message, Gap):
        _lose(state, message)
    elif message.symbol == BROADCAST:
        _follow(state, message)  # type: ignore[arg-type]  # of what is left only a status
    else:
        _take(state, message)
    return rows


def is_open(state: VenueState) -> bool:
    """Whether a clock of the venue may have a row to publish."""
    return bool(state.open)


def _take(state: VenueState, message: MarketMessage) -> None:
    name = message.symbol
    symbol = state.symbols.get(name)
    if symbol is None:
        symbol = state.symbols[name] = SymbolState(name, message.feed)
    if isinstance(message, Instrument):
        if symbol.exchange != message.exchange:
            symbol.exchange = message.exchange
            totals.lose(symbol.figures)  # the trading time of the other exchange is another
        return
    if isinstance(message, Status):
        return
    exchange = _exchange(state, symbol.exchange)
    day, second = symbol.figures, exchange.second(message.seq)
    totals.begin(day, exchange.opened)
    if isinstance(message, Trade):
        totals.on_trade(day, second, message)
    elif isinstance(message, Day):
        totals.on_day(day, second, message)
    elif isinstance(message, Foreign):
        symbol.feed = message.feed
        if totals.on_foreign(day, second, message):
            state.open[name] = True


def _exchange(state: VenueState, name: str | None) -> Exchange:
    """That of a symbol; of one without an instrument no time passes."""
    exchange = state.exchanges.get(name or "")
    if exchange is None:
        exchange = state.exchanges[name or ""] = Exchange()
    return exchange


def _follow(state: VenueState, status: Status) -> None:
    """Count the trading time of an exchange."""
    exchange, phase = _exchange(state, status.exchange), status.phase
    if phase is None:
        return
    exchange.phase = phase
    if exchange.counted == 0 and exchange.since is None and phase in OPENING:
        exchange.opened = True
    if phase in TRADING and exchange.since is None:
        exchange.since = status.seq // SECOND_US
    elif phase not in TRADING:
        exchange.counted, exchange.since = exchange.second(status.seq), None


def _lose(state: VenueState, gap: Gap) -> None:
    """Windows of the symbols concerned begin anew with their next message."""
    if gap.cause not in LOSSES:
        return
    for symbol in state.symbols.values():
        if gap.symbol in (BROADCAST, symbol.name):
            totals.lose(symbol.figures)
            if symbol.figures.buy is not None:
                state.open[symbol.name] = True


def _close(state: VenueState, seq: int) -> list[ForeignFlow]:
    """Rows of what changed since the last clock, and each STEP s of what is in a window."""
    rows: list[ForeignFlow] = []
    quiet: list[str] = []
    for name, news in state.open.items():
        symbol = state.symbols[name]
        day, second = symbol.figures, _exchange(state, symbol.exchange).second(seq)
        if not news and (second % STEP or second == day.evaluated):
            continue
        row = row_of(symbol, state, seq, second)
        if row is not None:
            rows.append(row)
        state.open[name] = False
        if second > day.flow_second + 1 + LONGEST:
            quiet.append(name)
    for name in quiet:
        del state.open[name]
    return rows


def _roll(state: VenueState, seq: int) -> list[ForeignFlow]:
    """A new day: the last rows of the old one; then nothing is known."""
    rows = _close(state, seq) if any(state.open.values()) else []
    state.day = day_of(seq, VENUE)
    state.ends_us = end_of(state.day, VENUE)
    state.open.clear()
    for symbol in state.symbols.values():
        symbol.figures, symbol.shown = Figures(), b""
    for exchange in state.exchanges.values():
        exchange.counted, exchange.opened = 0, exchange.phase in OPENING
        exchange.since = seq // SECOND_US if exchange.phase in TRADING else None
    return rows
