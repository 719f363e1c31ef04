"""Step 1: one partition's messages in, one partial a second out."""

from schemas.base import BROADCAST, Phase, Venue
from schemas.days import day_of
from schemas.market import (
    Auction,
    Basket,
    Clock,
    Foreign,
    Index,
    Instrument,
    MarketMessage,
    Status,
    Trade,
)
from schemas.market import Day as DayMessage
from schemas.market_partials import (
    Constituent,
    Constituents,
    MarketPartial,
    Published,
    Share,
)
from services.index.core.reduced import Day, PartitionState, ShareState

VENUE: Venue = "VN"
"""Crypto venues have no references, so no breadth, and no index of their own."""

_UNITS = f"{VENUE}."
"""How the names of its units begin."""

CROSSED: frozenset[Phase] = frozenset({"continuous", "break", "halted"})
"""Phases of prints that somebody crossed the spread for; in the others all match at one price. As
the classifier has it: a print in the break, or of a halted share, was matched just before."""

MOST = 2**53
"""A figure beyond is damage and counts as this: a snapshot has integers of 64 bits."""

FEED = "index"
NOTHING: tuple[MarketPartial, ...] = ()


def step(state: PartitionState, message: MarketMessage) -> tuple[MarketPartial, ...]:
    """
    Take one message; a clock gives the partial of what came since the clock before, empty or not.

    Of other venues nothing is remembered. Deterministic; raises nothing for any valid message.
    """
    if not is_open(state):
        return NOTHING
    match message:
        case Trade(board="main"):
            _on_trade(_today(state, message), message)
        case Foreign():
            _on_foreign(_today(state, message), message)
        case Clock():
            return _close(state, message.seq)
        case DayMessage() if message.total_volume is not None:
            _set_totals(_today(state, message), message.total_volume, message.total_value)
        case Auction():
            today = _today(state, message)
            today.expected, today.expected_phase = message.expected_price, message.phase
        case Instrument():
            _on_instrument(state, message)
        case Index():
            state.indices.append(
                Published(
                    message.symbol,
                    message.ts_ms,
                    message.value,
                    message.prior,
                    message.estimated_value,
                    message.phase,
                )
            )
        case Basket():
            state.baskets.append(_constituents(message))
        case Status(symbol=symbol) if symbol == BROADCAST:
            _on_phase(state, message)
    return NOTHING


def is_open(state: PartitionState) -> bool:
    """Every clock of the venue gives a partial."""
    return state.name.startswith(_UNITS)


def _today(state: PartitionState, message: MarketMessage) -> Day:
    """The day of the message's share, which is now of this second."""
    name, day = message.symbol, day_of(message.seq, state.venue)
    share = state.shares.get(name)
    if share is None:
        share = state.shares[name] = ShareState(name, day)
    elif share.day != day:
        share.day, share.today = day, Day()
    state.changed[name] = None
    return share.today


def _on_trade(today: Day, trade: Trade) -> None:
    price, volume = trade.price, _whole(trade.volume)
    today.last = price
    # The later of two prints of one time stands last.
    today.path.pop(trade.ts_ms, None)
    today.path[trade.ts_ms] = price
    if trade.total_volume is not None:
        _set_totals(today, trade.total_volume, trade.total_value)
    else:
        today.total_volume += volume
        today.total_value += _whole(price * volume)
    if trade.phase not in CROSSED:
        return
    value = _whole(price * volume)
    if trade.vendor_side == "buy":
        today.buy_volume += volume
        today.buy_value += value
    elif trade.vendor_side == "sell":
        today.sell_volume += volume
        today.sell_value += value
    else:
        today.unknown_volume += volume


def _whole(figure: float) -> int:
    """A figure as a whole number that a state can hold."""
    return round(max(-MOST, min(MOST, figure)))


def _set_totals(today: Day, volume: float, value: float | None) -> None:
    today.total_volume = _whole(volume)
    today.valued = value is not None or not volume
    today.total_value = _whole(value) if value is not None else 0


def _on_foreign(today: Day, foreign: Foreign) -> None:
    """What it does not say stays."""
    if foreign.buy_volume is not None:
        today.foreign_buy_volume = _whole(foreign.buy_volume)
    if foreign.sell_volume is not None:
        today.foreign_sell_volume = _whole(foreign.sell_volume)
    if foreign.buy_value is not None:
        today.foreign_buy_value = _whole(foreign.buy_value)
    if foreign.sell_value is not None:
        today.foreign_sell_value = _whole(foreign.sell_value)


def _on_instrument(state: PartitionState, about: Instrument) -> None:
    """The image of the day; what it does not say stays, the sector from day to day."""
    today = _today(state, about)
    share = state.shares[about.symbol]
    share.kind, share.exchange = about.kind, about.exchange
    share.sector = about.sector or share.sector
    today.reference = today.reference if about.reference is None else about.reference
    today.ceiling = today.ceiling if about.ceiling is None else about.ceiling
    today.floor = today.floor if about.floor is None else about.floor


def _on_phase(state: PartitionState, status: Status) -> None:
    """An exchange goes on: what was expected of its auction is so no more."""
    if status.phase is None or state.phases.get(status.exchange) == status.phase:
        return
    state.phases[status.exchange] = status.phase
    day = day_of(status.seq, state.venue)
    for name, share in state.shares.items():
        waits = share.today.expected is not None and share.day == day
        if waits and share.exchange == status.exchange:
            state.changed[name] = None


def _constituents(basket: Basket) -> Constituents:
    members = [Constituent(m.symbol, m.shares, m.free_float, m.cap) for m in basket.members]
    return Constituents(basket.symbol, basket.effective_date, members)


def _close(state: PartitionState, seq: int) -> tuple[MarketPartial, ...]:
    changed = (state.shares[name] for name in sorted(state.changed))
    partial = MarketPartial(
        symbol=state.name,
        feed=FEED,
        seq=seq,
        ts_ms=seq // 1000,
        venue=VENUE,
        partition=state.number,
        shares=[_share(each, state.phases) for each in changed if each.kind == "stock"],
        indices=state.indices,
        baskets=state.baskets,
    )
    for name in state.changed:
        state.shares[name].today.path = {}
    state.changed, state.indices, state.baskets = {}, [], []
    return (partial,)


def _share(share: ShareState, phases: dict[str, Phase]) -> Share:
    today, exchange = share.today, share.exchange or ""
    expected = today.expected if phases.get(exchange) == today.expected_phase else None
    return Share(
        symbol=share.symbol,
        exchange=exchange,
        sector=share.sector,
        reference=today.reference,
        ceiling=today.ceiling,
        floor=today.floor,
        last=today.last,
        expected=expected,
        total_volume=today.total_volume,
        total_value=today.total_value,
        unvalued=not today.valued,
        foreign_buy_volume=today.foreign_buy_volume,
        foreign_buy_value=today.foreign_buy_value,
        foreign_sell_volume=today.foreign_sell_volume,
        foreign_sell_value=today.foreign_sell_value,
        buy_volume=today.buy_volume,
        buy_value=today.buy_value,
        sell_volume=today.sell_volume,
        sell_value=today.sell_value,
        unknown_volume=today.unknown_volume,
        path=sorted(today.path.items()),
    )
