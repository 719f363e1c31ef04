"""Messages of a small market, second by second, for the tests of both steps of the index."""

from typing import Any

from schemas.base import BROADCAST
from schemas.market import (
    Auction,
    Basket,
    Clock,
    Day,
    Foreign,
    Index,
    Instrument,
    MarketMessage,
    Member,
    Status,
    Trade,
)
from schemas.market_partials import MarketPartial
from services.index.core.reduce import step
from services.index.core.reduced import PartitionState, initial

SECOND = 1_000_000
T0 = 1_784_512_800 * SECOND
"""09:00 at UTC+7 on Monday, 20 July 2026."""
DAY = 86_400 * SECOND


def head(seq: int, symbol: str) -> dict[str, Any]:
    return {"symbol": symbol, "feed": "ssi", "seq": seq, "ts_ms": seq // SECOND * 1000}


def instrument(
    seq: int, symbol: str, reference: float | None = 20_000.0, **more: Any
) -> Instrument:
    about = {"venue": "VN", "exchange": "HOSE", "kind": "stock", "reference": reference}
    return Instrument(**{**head(seq, symbol), **about, **more})


def trade(seq: int, symbol: str, price: float, volume: int = 100, **more: Any) -> Trade:
    return Trade(**{**head(seq, symbol), "price": price, "volume": volume, **more})


def foreign(seq: int, symbol: str, bought: int, sold: int, price: float = 20_000.0) -> Foreign:
    return Foreign(
        **head(seq, symbol), buy_volume=bought, sell_volume=sold,
        buy_value=bought * price, sell_value=sold * price,
    )  # fmt: skip


def day_totals(seq: int, symbol: str, volume: int, value: float | None) -> Day:
    return Day(**head(seq, symbol), total_volume=volume, total_value=value)


def auction(seq: int, symbol: str, price: float | None, phase: Any = "ato") -> Auction:
    return Auction(**head(seq, symbol), expected_price=price, phase=phase)


def index(seq: int, value: float, prior: float | None = 1000.0, **more: Any) -> Index:
    return Index(**{**head(seq, "VN30"), "value": value, "prior": prior, **more})


def basket(seq: int, *members: str, weights: tuple[int, float] | None = None) -> Basket:
    """Members of VN30, with shares and free float where `weights` says them."""
    shares, ratio = weights or (None, None)
    return Basket(
        **head(seq, "VN30"),
        members=[Member(symbol, shares, ratio) for symbol in members],
        effective_date="2026-02-02",
        source="test",
    )


def status(seq: int, phase: Any, exchange: str = "HOSE") -> Status:
    return Status(**head(seq, BROADCAST), venue="VN", exchange=exchange, phase=phase)


def clock(seq: int, venue: str = "VN") -> Clock:
    """The first clock after `seq`."""
    at = (seq // SECOND + 1) * SECOND
    return Clock(symbol=BROADCAST, feed="ingest", seq=at, ts_ms=at // 1000, venue=venue)


class Step1:
    """Step 1 of partition 3."""

    def __init__(self) -> None:
        self.state: PartitionState = initial("VN.3")

    def partial(self, *messages: MarketMessage) -> MarketPartial:
        """Give messages and the clock after them; what it says."""
        for message in messages:
            assert step(self.state, message) == ()
        (partial,) = step(self.state, clock(messages[-1].seq if messages else T0))
        return partial
