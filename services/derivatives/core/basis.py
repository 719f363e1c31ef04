"""Messages of an index and its futures in; rows of basis out."""

from collections.abc import Sequence

from schemas.base import BROADCAST
from schemas.basis import Basis
from schemas.days import day_of, end_of
from schemas.market import (
    Clock,
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
from services.derivatives.core import contracts
from services.derivatives.core.row import days, row_of
from services.derivatives.core.settlement import Settlement
from services.derivatives.core.state import (
    DERIVATIVES,
    STOCKS,
    Contract,
    Figures,
    Options,
    UnderlyingState,
    parts,
)

VENUE = "VN"
INDICES = frozenset({"VN30", "VN100"})
"""Routing keys of the indices that have futures."""
LOSSES = frozenset({"disconnect", "restart", "source_change", "spool_full", "accepted_loss"})
"""Causes of a gap after which windows begin anew; the others are of single trades or books."""
_KINDS = frozenset({Trade, Quote, Index, Foreign, OpenInterest, Clock, Status, Instrument, Gap})
NOTHING: tuple[Basis, ...] = ()


def step(options: Options, state: UnderlyingState, message: MarketMessage) -> Sequence[Basis]:
    """
    Take one message of the state's routing key, which changes in place.

    Rows come when a clock closes their second, and the last of a day before anything of the
    next. Deterministic; raises nothing for any valid message.
    """
    if state.name not in INDICES or type(message) not in _KINDS:
        return NOTHING
    seq = message.seq
    rows: Sequence[Basis] = NOTHING
    if seq >= state.ends_us:
        rows = _roll(state, seq, options)
    if isinstance(message, Clock):
        return rows or _close(state, seq, options)
    if isinstance(message, Gap):
        _lose(state, message)
    elif isinstance(message, Status):
        if message.symbol == BROADCAST:
            _follow(state, message)
    elif message.symbol != state.name:
        _take(state, message)
    elif isinstance(message, Index):
        _on_index(state, message)
    return rows


def is_open(state: UnderlyingState) -> bool:
    """Whether a clock of the venue may have a row to publish."""
    return bool(state.contracts)


def _take(state: UnderlyingState, message: MarketMessage) -> None:
    """What is said of a contract."""
    contract = state.contracts.get(message.symbol)
    if contract is None:
        contract = Contract(message.symbol, message.feed)
        state.contracts[message.symbol] = contract
    contract.feed, state.news = message.feed, True
    day, second = contract.figures, state.derivatives.second(message.seq)
    if isinstance(message, Trade):
        contracts.on_trade(day, second, message)
        contracts.remember(state, day, second)
    elif isinstance(message, Quote):
        contracts.on_quote(day, second, message)
    elif isinstance(message, Instrument):
        contracts.on_instrument(state, contract, message)
    elif isinstance(message, OpenInterest | Foreign):
        contracts.on_rare(day, message)


def _on_index(state: UnderlyingState, message: Index) -> None:
    """
    A value of the index.

    Before continuous trading the value told is that of the day before: only the estimate of the
    opening auction is of today.
    """
    state.news = True
    if message.phase == "pre_open" or (message.phase == "ato" and not message.estimated_value):
        state.spot, state.spot_kind = None, "none"
    elif message.phase == "ato":
        state.spot, state.spot_kind = parts(message.estimated_value or 0), "estimated_ato"
    else:
        state.spot, state.spot_kind = parts(message.value), "published"
        state.settlement.take(state.spot, message.ts_ms)
    state.spot_second = state.stocks.second(message.seq)
    second = state.derivatives.second(message.seq)
    for contract in state.contracts.values():
        contracts.remember(state, contract.figures, second)


def _follow(state: UnderlyingState, status: Status) -> None:
    """Count the trading time of stocks and of derivatives."""
    if status.phase is None:
        return
    if status.exchange == STOCKS:
        state.stocks.enter(status.phase, status.seq)
    elif status.exchange == DERIVATIVES:
        state.derivatives.enter(status.phase, status.seq)
        state.news = True


def _lose(state: UnderlyingState, gap: Gap) -> None:
    """Windows begin anew: what comes next is not of the moment in which it comes."""
    if gap.cause not in LOSSES:
        return
    for contract in state.contracts.values():
        if gap.symbol in (BROADCAST, state.name, contract.name):
            contract.figures.history.begin()
            state.news = True


def _close(state: UnderlyingState, seq: int, options: Options) -> list[Basis]:
    """Rows of what changed since the last clock; windows and ages change as seconds pass."""
    seconds = state.derivatives.second(seq), state.stocks.second(seq)
    if not state.news and seconds == state.evaluated:
        return []
    state.news, state.evaluated = False, seconds
    found = (row_of(contract, state, seq, options) for contract in state.contracts.values())
    return [row for row in found if row is not None]


def _roll(state: UnderlyingState, seq: int, options: Options) -> list[Basis]:
    """A new day: the last rows of the old one; then nothing is known, and who expired is gone."""
    rows = _close(state, seq, options) if state.news else []
    state.day = day_of(seq, VENUE)
    state.ends_us = end_of(state.day, VENUE)
    state.spot, state.spot_kind, state.spot_second = None, "none", 0
    state.settlement = Settlement()
    for name, contract in list(state.contracts.items()):
        if (days(contract, state) or 0) < 0:
            del state.contracts[name]
        contract.figures, contract.shown = Figures(), b""
    state.stocks.new_day(seq)
    state.derivatives.new_day(seq)
    state.evaluated = (0, 0)
    return rows
