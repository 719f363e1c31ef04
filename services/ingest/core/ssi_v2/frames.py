"""
SSI's messages as typed structs, with SSI's own field names.

Prices are VND for stocks, index points for futures; volumes shares or contracts; values VND.
A field without a default is one that SSI normally sends (see `Reader`).
"""

from operator import attrgetter
from typing import Any

import msgspec

from services.ingest.core.vn.frames import Reader
from services.ingest.core.vn.numbers import Price, Quantity, Room, Value

LEVELS = 10
_LEVEL_NAMES = [
    f"{s}{n}{i}" for s in ("Bid", "Ask") for i in range(1, 11) for n in ("Price", "Vol")
]


class Head(msgspec.Struct, gc=False, kw_only=True):
    """What every message but an index's has."""

    Symbol: str | None
    TradingDate: str | None
    Time: str | None
    Exchange: str | None = None
    MarketId: str | None = None


class TradeData(Head, gc=False, kw_only=True):
    """The trade half of X-TRADE and X. X-TRADE has Highest and Lowest, X has Open, High, Low."""

    Ceiling: Price
    Floor: Price
    LastPrice: Price
    LastVol: Quantity
    TotalVal: Value
    TotalVol: Quantity
    EstMatchedPrice: Price = None
    AvgPrice: Value = None
    Open: Price = None
    High: Price = None
    Low: Price = None
    Highest: Price = None
    Lowest: Price = None
    Side: str | None = None


QuoteData: Any = msgspec.defstruct(
    "QuoteData",
    [(name, Price if "Price" in name else Quantity) for name in _LEVEL_NAMES],
    bases=(Head,),
    gc=False,
    kw_only=True,
    module=__name__,
)
"""The quote half of X-QUOTE and X: ten levels a side, unused ones 0."""

levels_of = attrgetter(*_LEVEL_NAMES)
"""Price and volume of bids 1 to 10, then of asks."""


class ForeignData(Head, gc=False, kw_only=True):
    """R: foreign trading, cumulative for the day."""

    TotalRoom: Room
    CurrentRoom: Room
    BuyVol: Quantity
    SellVol: Quantity
    BuyVal: Value
    SellVal: Value


class IndexData(msgspec.Struct, gc=False, kw_only=True):
    """MI. TotalQtty is the order-matched volume, TotalQttyPt the put-through's."""

    IndexId: str | None
    TradingDate: str | None
    Time: str | None
    IndexValue: Price
    PriorIndexValue: Price
    TotalQtty: Quantity
    TotalValue: Value
    TotalQttyPt: Quantity
    TotalValuePt: Value
    Advances: Quantity
    NoChanges: Quantity
    Declines: Quantity
    Ceilings: Quantity
    Floors: Quantity
    IndexValEst: Price = None
    Exchange: str | None = None
    MarketId: str | None = None


class BarData(Head, gc=False, kw_only=True):
    """B: one fill (O=H=L=C), of an index its growth. Old ones have TradingTime, and no date."""

    Open: Price
    High: Price
    Low: Price
    Close: Price
    Volume: Quantity


class OddLotData(Head, gc=False, kw_only=True):
    """OL: the odd-lot board."""

    TotalVol: Quantity
    TotalVal: Value


class StatusData(Head, gc=False, kw_only=True):
    """F."""

    TradingSession: str | None
    TradingStatus: str | None


trades = Reader(TradeData)
quotes: Reader[Any] = Reader(QuoteData)
foreigns = Reader(
    ForeignData,
    {"fbuyvol": "BuyVol", "fsellvol": "SellVol", "fbuyval": "BuyVal", "fsellval": "SellVal"},
)
indices = Reader(IndexData)
bars = Reader(BarData, {"tradingtime": "Time"})
odd_lots = Reader(OddLotData)
statuses = Reader(StatusData)
