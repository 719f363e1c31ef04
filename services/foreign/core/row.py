"""The row of one symbol, when it says something new."""

from hashlib import blake2b

import msgspec

from schemas.days import iso
from schemas.foreign_flow import ForeignFlow
from schemas.keys import venue_of
from services.foreign.core.state import PRICE_PARTS, SymbolState, VenueState
from services.foreign.core.windows import share, windows

_encode = msgspec.msgpack.Encoder().encode


def row_of(symbol: SymbolState, state: VenueState, seq: int, second: int) -> ForeignFlow | None:
    """
    The row at `seq`, in trading second `second`; remembered in `symbol` as published.

    Returns:
        None when nothing is known of foreigners today, or the row published last says the same.
    """
    day = symbol.figures
    day.evaluated = second
    if day.buy is None and day.room is None:
        return None
    row = _row(symbol, state, seq, second)
    shown = _digest(row)
    if shown == symbol.shown and not row.delta_volume and not row.delta_value:
        return None
    symbol.shown = shown
    if row.net_volume is not None:
        day.told = row.net_volume, row.net_value
    return row


def _digest(row: ForeignFlow) -> bytes:
    """Of all but when it was said and by whom, and what it adds to the row before."""
    said = msgspec.structs.replace(row, seq=0, ts_ms=0, feed="", delta_volume=None)
    return blake2b(_encode(msgspec.structs.replace(said, delta_value=None)), digest_size=8).digest()


def _row(symbol: SymbolState, state: VenueState, seq: int, second: int) -> ForeignFlow:
    day = symbol.figures
    buy, sell = day.buy, day.sell
    net = None if buy is None or sell is None else buy - sell
    net_value = None
    if day.buy_value is not None and day.sell_value is not None:
        net_value = day.buy_value - day.sell_value
    told, told_value = day.told or (None, None)
    known = net is not None and told is not None
    valued = net_value is not None and told_value is not None
    return ForeignFlow(
        symbol=symbol.name,
        feed=symbol.feed,
        seq=seq,
        ts_ms=seq // 1000,
        venue=venue_of(symbol.name),
        day=iso(state.day),
        exchange=symbol.exchange,
        buy_volume=buy,
        sell_volume=sell,
        net_volume=net,
        buy_value=day.buy_value,
        sell_value=day.sell_value,
        net_value=net_value,
        value_basis=day.basis,
        delta_volume=net - told if known else None,  # type: ignore[operator]
        delta_value=net_value - told_value if valued else None,  # type: ignore[operator]
        resets=day.resets,
        total_volume=day.total,
        share=share(buy + sell, day.total) if buy is not None and day.total else None,  # type: ignore[operator]
        price=None if day.price is None else day.price / PRICE_PARTS,
        room=day.room,
        total_room=day.total_room,
        **windows(day.history, second),
    )
