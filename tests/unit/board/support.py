"""Messages for the board's tests, and a partition that takes them."""

from collections.abc import Iterable
from typing import Any

import msgspec

from schemas.base import BROADCAST
from schemas.board import BoardRow
from schemas.keys import venue_of
from schemas.market import (
    Auction,
    Clock,
    Day,
    Foreign,
    Instrument,
    MarketMessage,
    OpenInterest,
    Quote,
    Status,
    Trade,
)
from services.board.app import SERVICE
from services.board.core.state import VenueState
from services.runtime.partition import Partition

SECOND = 1_000_000
T0 = 1_784_512_800 * SECOND
"""09:00 at UTC+7 on Monday, 20 July 2026."""
DAY = 86_400 * SECOND
HPG = "HPG"

Records = list[tuple[str, bytes, bytes]]
"""Topic, key, value."""


def head(seq: int, symbol: str = HPG) -> dict[str, Any]:
    return {"symbol": symbol, "feed": "ssi", "seq": seq, "ts_ms": seq // 1000}


def instrument(seq: int, symbol: str = HPG, **more: Any) -> Instrument:
    about = {"venue": venue_of(symbol), "exchange": "HOSE", "kind": "stock"}
    prices = {"reference": 30350.0, "ceiling": 32450.0, "floor": 28250.0}
    return Instrument(**{**head(seq, symbol), **about, **prices, **more})


def trade(seq: int, price: float, volume: int, total: int | None = None, **more: Any) -> Trade:
    value = None if total is None else price * total
    totals = {"total_volume": total, "total_value": value}
    return Trade(**{**head(seq), "price": price, "volume": volume, **totals, **more})


def quote(seq: int, bids: list[Any], asks: list[Any], **more: Any) -> Quote:
    return Quote(**{**head(seq), "bids": bids, "asks": asks, **more})


def day(seq: int, **more: Any) -> Day:
    return Day(**{**head(seq), **more})


def foreign(seq: int, **more: Any) -> Foreign:
    return Foreign(**{**head(seq), **more})


def auction(seq: int, phase: Any, price: float | None, volume: int | None = None) -> Auction:
    return Auction(**head(seq), phase=phase, expected_price=price, expected_volume=volume)


def interest(seq: int, value: int, symbol: str = HPG) -> OpenInterest:
    return OpenInterest(**head(seq, symbol), value=value)


def status(
    seq: int, phase: Any, exchange: str = "HOSE", symbol: str = BROADCAST, code: str | None = None
) -> Status:
    about: dict[str, Any] = {"venue": "VN", "exchange": exchange, "trading_status": code}
    return Status(**head(seq, symbol), **about, phase=phase)


def clock(seq: int, venue: str = "VN") -> Clock:
    """The first clock after `seq`."""
    at = (seq // SECOND + 1) * SECOND
    return Clock(symbol=BROADCAST, feed="ingest", seq=at, ts_ms=at // 1000, venue=venue)


class Board:
    """One input partition, run by the pump's rules; `records` are what it wrote."""

    def __init__(self) -> None:
        self.records: Records = []
        self.state = self._new()

    def _new(self) -> Partition[VenueState]:
        def sink(topic: str) -> Any:
            return lambda key, value: self.records.append((topic, key, value))

        sinks = {kind: sink(topic.name) for kind, topic in SERVICE.outputs.items()}
        return Partition(SERVICE, sinks, [])

    def take(self, *messages: MarketMessage) -> Records:
        """Give messages as one record; what came out."""
        before = len(self.records)
        assert self.state.run(self.state.next_offset, messages) == []
        return self.records[before:]

    def restart(self) -> None:
        """Go on from the encoded state."""
        data, offset = self.state.encode(), self.state.next_offset
        self.state = self._new()
        self.state.restore(data, offset)

    def rows(self, *messages: MarketMessage) -> list[BoardRow]:
        """Give messages; the rows that came out."""
        return rows_of(self.take(*messages))

    def row(self, *messages: MarketMessage) -> BoardRow:
        """Give messages and the clock after them; the one row that came out."""
        (row,) = self.rows(*messages, clock(messages[-1].seq))
        return row


def rows_of(records: Iterable[tuple[str, bytes, bytes]]) -> list[BoardRow]:
    return [msgspec.json.decode(v, type=BoardRow) for topic, _, v in records if topic == "board"]
