"""What messages say of a contract: names, prices, and the points that windows are of."""

import re
from datetime import date

from schemas.days import iso
from schemas.market import Foreign, Instrument, OpenInterest, Quote, Trade
from services.derivatives.core.state import (
    PARTS,
    Contract,
    Figures,
    Holder,
    Point,
    UnderlyingState,
    parts,
    whole,
)
from services.derivatives.core.windows import LONGEST

_CONTINUOUS = re.compile(r"[A-Z0-9]+F[12][MQ]")


def on_instrument(state: UnderlyingState, contract: Contract, message: Instrument) -> None:
    """The names of the day; one that another contract had until now has rolled today."""
    names = [name for name in message.aliases if _CONTINUOUS.fullmatch(name)]
    contract.continuous = names[0] if names else None
    contract.alias = next((name for name in message.aliases if name not in names), None)
    contract.last_trading_day = _date(message.last_trading_day)
    for name in names:
        holder = state.holders.get(name)
        if holder is None:
            state.holders[name] = Holder(contract.name)
        elif holder.contract != contract.name:
            state.holders[name] = Holder(contract.name, iso(state.day))


def _date(text: str | None) -> str | None:
    """What is no date is unknown: days are counted by it at every clock."""
    try:
        return None if text is None else date.fromisoformat(text).isoformat()
    except ValueError:
        return None


def on_trade(day: Figures, second: int, trade: Trade) -> None:
    """The last price of the main board."""
    if trade.board != "main":
        return
    day.price, day.told = parts(trade.price), second
    if trade.total_volume is not None:
        day.total_volume = whole(trade.total_volume)


def on_quote(day: Figures, second: int, quote: Quote) -> None:
    """The best of both sides of the main board."""
    if quote.board != "main":
        return
    day.bid = parts(quote.bids[0][0]) if quote.bids else None
    day.ask = parts(quote.asks[0][0]) if quote.asks else None
    day.told = second


def on_rare(day: Figures, message: OpenInterest | Foreign) -> None:
    """Open contracts, and what foreigners hold of the day."""
    if isinstance(message, OpenInterest):
        day.open_interest = whole(message.value)
        day.open_interest_prior = None if message.prior is None else whole(message.prior)
    elif message.buy_volume is not None and message.sell_volume is not None:
        day.foreign_net = whole(message.buy_volume - message.sell_volume)


def remember(state: UnderlyingState, day: Figures, second: int) -> None:
    """Future and spot as those of a second; nothing while one of them is unknown."""
    if day.price is None or state.spot is None or state.spot_kind != "published":
        if day.history:
            day.history.begin()
        return
    point = Point(second, day.price, state.spot)
    if day.history:
        day.history.keep(point, LONGEST)
    else:
        day.history.begin(point)


def mid(day: Figures) -> float | None:
    """The middle of the quote, in PARTS; None without both sides, and when they cross."""
    if day.bid is None or day.ask is None or day.bid >= day.ask:
        return None
    return (day.bid + day.ask) / 2


def points(amount: float | None) -> float | None:
    """Parts as index points."""
    return None if amount is None else amount / PARTS
