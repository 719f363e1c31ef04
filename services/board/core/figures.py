"""What each kind of message changes in a symbol's day."""

from schemas.base import Volume
from schemas.market import Auction, Day, Foreign, Instrument, Quote, Trade
from services.board.core.state import Figures

LEVELS = 3
"""What a Vietnamese price board shows a side."""


def on_instrument(day: Figures, instrument: Instrument) -> None:
    """The image of the day; what it does not say stays, and is of this day too."""
    if instrument.reference is not None:
        day.reference = instrument.reference
    if instrument.ceiling is not None:
        day.ceiling = instrument.ceiling
    if instrument.floor is not None:
        day.floor = instrument.floor
    if instrument.trading_status is not None:
        day.trading_status = instrument.trading_status


def on_quote(day: Figures, quote: Quote) -> None:
    """The main board's book."""
    if quote.board != "main":
        return
    day.bids, day.asks = quote.bids[:LEVELS], quote.asks[:LEVELS]
    day.auction_bid_volume = quote.auction_bid_volume
    day.auction_ask_volume = quote.auction_ask_volume


def on_trade(day: Figures, trade: Trade) -> None:
    """The last trade, if it is of the main board; the others have totals of their own."""
    if trade.board != "main":
        if trade.total_volume is None:
            return
        if trade.board == "put_through":
            day.put_through_volume = trade.total_volume
        else:
            day.odd_lot_volume = trade.total_volume
        return
    price = trade.price
    day.last, day.last_volume, day.last_ts_ms = price, trade.volume, trade.ts_ms
    _set_totals(day, trade.total_volume, trade.total_value)
    if trade.total_volume == trade.volume and day.open is None:
        # The first of the day, so nothing was missed before it.
        day.open = price
        day.high = price if day.high is None else day.high
        day.low = price if day.low is None else day.low
    if day.high is not None and price > day.high:
        day.high = price
    if day.low is not None and price < day.low:
        day.low = price


def on_day(day: Figures, message: Day) -> None:
    """The vendor's figures, those that it says; the odd lots' message says nothing else."""
    if message.open is not None:
        day.open = message.open
    if message.high is not None:
        day.high = message.high
    if message.low is not None:
        day.low = message.low
    if message.put_through_volume is not None:
        day.put_through_volume = message.put_through_volume
    if message.odd_lot_volume is not None:
        day.odd_lot_volume = message.odd_lot_volume
    _set_totals(day, message.total_volume, message.total_value)


def on_auction(day: Figures, auction: Auction) -> None:
    """The estimate of one auction; a row shows it only while that one is on."""
    day.expected_price, day.expected_volume = auction.expected_price, auction.expected_volume
    day.expected_phase = auction.phase


def on_foreign(day: Figures, foreign: Foreign) -> None:
    """Foreign trading so far; volumes and values belong together."""
    day.foreign_buy_volume, day.foreign_sell_volume = foreign.buy_volume, foreign.sell_volume
    day.foreign_buy_value, day.foreign_sell_value = foreign.buy_value, foreign.sell_value
    if foreign.current_room is not None:
        day.foreign_room = foreign.current_room


def _set_totals(day: Figures, volume: Volume | None, value: float | None) -> None:
    """Both or none: a value of another moment than the volume would make a false average."""
    if volume is not None:
        day.total_volume, day.total_value = volume, value
