"""Step 1: one partition's trades in; the patterns in them, and one partial a second, out."""

import msgspec

from schemas.base import Venue
from schemas.busd_partials import BusdPartial
from schemas.busd_patterns import BusdPattern
from schemas.market import Clock, Instrument, MarketMessage, Trade
from services.analytics.core.busd_patterns import Seen, occurrences
from services.analytics.core.busd_rules import Rules, day_of, time_of_day

VENUE: Venue = "VN"
EXCHANGE = "HOSE"
FEED = "analytics"
MOST = 2**53
"""A figure beyond is damage and counts as this: a snapshot has integers of 64 bits."""
Output = BusdPattern | BusdPartial
NOTHING: tuple[Output, ...] = ()


class StockState(msgspec.Struct, array_like=True):
    """
    One symbol; mutable.

    Attributes:
        exchange: "" before an instrument said it: its trades are then not looked at.
        day: of `seen` and of the sums, counted from 1 January 1970.
        bought, sold: value that counted that day, VND.
    """

    exchange: str = ""
    day: int = -1
    seen: Seen = msgspec.field(default_factory=Seen)
    bought: int = 0
    sold: int = 0


class PartitionState(msgspec.Struct, array_like=True):
    """
    One venue in one partition of `market`; mutable, `step` alone changes it.

    Attributes:
        name: of the unit, `VN.3`.
        bought, sold, trades: what counted since the last clock.
    """

    name: str
    stocks: dict[str, StockState] = {}
    bought: int = 0
    sold: int = 0
    trades: int = 0


def initial(name: str) -> PartitionState:
    """The state before any message, of the unit `name`."""
    return PartitionState(name)


def is_open(state: PartitionState) -> bool:
    """Every clock of the venue gives a partial."""
    return state.name.startswith(f"{VENUE}.")


def step(rules: Rules, state: PartitionState, message: MarketMessage) -> tuple[Output, ...]:
    """
    Take one message; `state` changes in place.

    A trade that counts gives its pattern at once, a clock the partial of what came since the
    one before. Deterministic; raises nothing for any valid message.
    """
    kind = type(message)
    if kind is Trade:
        return _on_trade(rules, state, message)  # type: ignore[arg-type]
    if kind is Clock:
        return _close(state, message.seq) if is_open(state) else NOTHING
    if isinstance(message, Instrument) and message.venue == VENUE:
        state.stocks.setdefault(message.symbol, StockState()).exchange = message.exchange
    return NOTHING


def _on_trade(rules: Rules, state: PartitionState, trade: Trade) -> tuple[Output, ...]:
    side, ts_ms = trade.vendor_side, trade.ts_ms
    if side is None or trade.board != "main" or trade.volume < rules.min_volume:
        return NOTHING
    stock = state.stocks.get(trade.symbol)
    if stock is None or stock.exchange != EXCHANGE or trade.ts_source != "exchange":
        return NOTHING
    if time_of_day(ts_ms) >= rules.cutoff_ms:
        return NOTHING
    if (day := day_of(ts_ms)) != stock.day:
        stock.day, stock.seen, stock.bought, stock.sold = day, Seen(), 0, 0
    volume = int(min(MOST, trade.volume))
    found = occurrences(stock.seen, volume, ts_ms, rules)
    if found < rules.min_occurrences:
        return NOTHING
    value = round(min(MOST, trade.price * volume))
    if side == "buy":
        stock.bought += value
        state.bought += value
    else:
        stock.sold += value
        state.sold += value
    state.trades += 1
    pattern = BusdPattern(
        symbol=trade.symbol,
        feed=trade.feed,
        seq=trade.seq,
        ts_ms=ts_ms,
        venue=VENUE,
        side=side,
        price=trade.price,
        volume=volume,
        value=value,
        occurrences=found,
        bu=stock.bought / 1e9,
        sd=stock.sold / 1e9,
        busd=(stock.bought - stock.sold) / 1e9,
    )
    return (pattern,)


def _close(state: PartitionState, seq: int) -> tuple[Output, ...]:
    partial = BusdPartial(
        symbol=state.name,
        feed=FEED,
        seq=seq,
        ts_ms=seq // 1000,
        venue=VENUE,
        partition=int(state.name.partition(".")[2]),
        bought=state.bought,
        sold=state.sold,
        trades=state.trades,
    )
    state.bought = state.sold = state.trades = 0
    return (partial,)
