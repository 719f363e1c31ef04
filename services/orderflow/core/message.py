"""A bar as it goes out."""

from typing import cast

from schemas.bars import Bar, BarPhase
from schemas.keys import venue_of
from services.orderflow.core.bar import BarState
from services.orderflow.core.intervals import Interval
from services.orderflow.core.state import SymbolState, volume_of


def message_of(
    state: SymbolState, interval: Interval, bar: BarState, seq: int, part: int, sided: bool
) -> Bar:
    """
    The message.

    Args:
        sided: the prints have sides and prices by volume: not those of an index.
    """
    buy, sell, volume = bar.buy, bar.sell, bar.volume
    return Bar(
        symbol=state.symbol,
        feed=state.feed,
        seq=seq,
        ts_ms=bar.start,
        part=part,
        venue=venue_of(state.symbol),
        interval=interval.word,
        kind=interval.kind,
        phase=cast(BarPhase, bar.phase),
        number=bar.number,
        end_ms=bar.end if interval.kind == "time" else bar.last,
        open=bar.open,
        high=bar.high,
        low=bar.low,
        close=bar.close,
        volume=volume_of(state, volume),
        vwap=bar.money / volume if sided and volume else None,
        trades=bar.trades,
        buy_volume=volume_of(state, buy) if sided else None,
        sell_volume=volume_of(state, sell) if sided else None,
        delta=volume_of(state, buy - sell) if sided else None,
        min_delta=volume_of(state, bar.low_delta) if sided else None,
        max_delta=volume_of(state, bar.high_delta) if sided else None,
        final=bar.final,
        revision=bar.revision,
    )
