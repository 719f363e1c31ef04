"""The row of one symbol, when it differs from the one published last."""

from hashlib import blake2b

import msgspec

from schemas.base import Phase
from schemas.board import BoardRow
from schemas.days import iso
from schemas.keys import venue_of
from services.board.core.state import Figures, SymbolState, VenueState

AUCTIONS: frozenset[Phase] = frozenset({"ato", "atc"})
CALLED = AUCTIONS | {"continuous"}
"""While others are in these, a stock in call auctions is in one of its own."""
_DECIMALS = 8
"""Of a difference of prices: more are noise of the float."""
_PERCENT_DECIMALS = 4

_encode = msgspec.msgpack.Encoder().encode


def row_of(symbol: SymbolState, state: VenueState, seq: int) -> BoardRow | None:
    """
    The row as the clock `seq` finds it; remembered in `symbol` as published.

    Returns:
        None when the one published last says the same, and for an index.
    """
    if symbol.kind == "index":
        return None
    row = _row(symbol, state, seq)
    shown = _digest(row)
    if shown == symbol.shown:
        return None
    symbol.shown = shown
    return row


def _digest(row: BoardRow) -> bytes:
    """Of all but when it was said and by whom; a digest, for a row would double the state."""
    said = msgspec.structs.replace(row, seq=0, ts_ms=0, feed="")
    return blake2b(_encode(said), digest_size=8).digest()


def _row(symbol: SymbolState, state: VenueState, seq: int) -> BoardRow:
    day = symbol.figures
    phase = _phase(symbol, state)
    auction = phase in AUCTIONS and phase == day.expected_phase
    change, percent = _change(day)
    return BoardRow(
        symbol=symbol.name,
        feed=symbol.feed,
        seq=seq,
        ts_ms=seq // 1000,
        venue=venue_of(symbol.name),
        day=iso(symbol.day),
        exchange=symbol.exchange,
        kind=symbol.kind,
        phase=phase,
        trading_status=day.trading_status,
        reference=day.reference,
        ceiling=day.ceiling,
        floor=day.floor,
        bids=day.bids,
        asks=day.asks,
        auction_bid_volume=day.auction_bid_volume,
        auction_ask_volume=day.auction_ask_volume,
        last=day.last,
        last_volume=day.last_volume,
        last_ts_ms=day.last_ts_ms,
        change=change,
        change_percent=percent,
        total_volume=day.total_volume,
        total_value=day.total_value,
        open=day.open,
        high=day.high,
        low=day.low,
        average=_average(day, symbol.multiplier),
        expected_price=day.expected_price if auction else None,
        expected_volume=day.expected_volume if auction else None,
        foreign_buy_volume=day.foreign_buy_volume,
        foreign_sell_volume=day.foreign_sell_volume,
        foreign_buy_value=day.foreign_buy_value,
        foreign_sell_value=day.foreign_sell_value,
        foreign_room=day.foreign_room,
        put_through_volume=day.put_through_volume,
        odd_lot_volume=day.odd_lot_volume,
        open_interest=day.open_interest,
    )


def _phase(symbol: SymbolState, state: VenueState) -> Phase | None:
    phase = symbol.own_phase or state.phases.get(symbol.exchange or "")
    if not symbol.periodic:
        return phase
    if phase == "plo":  # it has none: that time is left to put-through
        return "put_through"
    return "periodic" if phase is None or phase in CALLED else phase


def _change(day: Figures) -> tuple[float | None, float | None]:
    """In the quote unit, and in % of the reference."""
    if day.last is None or not day.reference:
        return None, None
    change = day.last - day.reference
    percent = round(change / day.reference * 100, _PERCENT_DECIMALS)
    return round(change, _DECIMALS), percent


def _average(day: Figures, multiplier: float | None) -> float | None:
    if not day.total_volume or day.total_value is None or not multiplier:
        return None
    return day.total_value / day.total_volume / multiplier
