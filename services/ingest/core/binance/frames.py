"""
Binance's frames as typed structs, with Binance's own field names.

Numbers arrive as strings ("61800.20"); msgspec reads them to the nearest float64. The
bounds refuse NaN, infinities, negative numbers and what JSON could not carry on.
"""

from typing import Annotated, Generic, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from services.ingest.core.feed import BadFrame

Price = Annotated[float, Meta(ge=0, lt=1e15)]
Quantity = Annotated[float, Meta(ge=0, lt=1e18)]
LevelPrice = Annotated[float, Meta(gt=0, lt=1e15)]
Levels = list[tuple[LevelPrice, Quantity]]
Id = Annotated[int, Meta(ge=0, le=2**53)]
Time = Annotated[int, Meta(ge=1, lt=10**17)]
"""ms since the epoch, or µs where the connection asked for `timeUnit=MICROSECOND`."""
Name = Annotated[str, Meta(min_length=1, max_length=64)]

MICROSECONDS_FROM = 10**14
"""A time from here on is in µs: as ms it would lie beyond the year 5138."""


class TradeData(msgspec.Struct, gc=False):
    """`trade`. Only futures give `X`: MARKET, or INSURANCE_FUND, ADL, NA for what is no trade."""

    e: Literal["trade"]
    s: Name
    t: Id
    p: Price
    q: Quantity
    T: Time
    m: bool
    X: str = "MARKET"


class HistoricTrade(msgspec.Struct, gc=False, rename="camel"):
    """One of the REST reply of `/historicalTrades`; it names no symbol."""

    id: Id
    price: Price
    qty: Quantity
    time: Time
    is_buyer_maker: bool


class AggTradeData(msgspec.Struct, gc=False):
    """`aggTrade`: all prints of one taker order at one price; `a` numbers them."""

    e: Literal["aggTrade"]
    s: Name
    a: Id
    p: Price
    q: Quantity
    T: Time
    m: bool


class BookTickerData(msgspec.Struct, gc=False):
    """`bookTicker`. Spot gives neither `e` nor a time; an empty side has price or quantity 0."""

    s: Name
    u: Id
    b: Price
    B: Quantity
    a: Price
    A: Quantity
    e: Literal["bookTicker"] = "bookTicker"
    T: Time | UnsetType = UNSET


class DepthData(msgspec.Struct, gc=False):
    """`depthUpdate`. Futures give `T` and `pu`, the previous event's `u`."""

    e: Literal["depthUpdate"]
    E: Time
    s: Name
    U: Id
    u: Id
    b: Levels
    a: Levels
    T: Time | UnsetType = UNSET
    pu: Id | UnsetType = UNSET


class SnapshotData(msgspec.Struct, gc=False, rename={"last_id": "lastUpdateId"}):
    """The REST reply of `/depth`. Spot gives no time; only COIN-M names its symbol."""

    last_id: Id
    bids: Levels
    asks: Levels
    symbol: Name | UnsetType = UNSET
    E: Time | UnsetType = UNSET
    T: Time | UnsetType = UNSET


_OUT_OF_BOUNDS = ("Expected `float` <", "Expected `float` >", "Number out of range")
"""How msgspec begins to say that a number is there and breaks its bounds."""


Data = TypeVar("Data")


class Envelope(msgspec.Struct, Generic[Data], gc=False):
    """A combined stream's frame, `{"stream": …, "data": …}`; both unset in a bare frame."""

    stream: str | UnsetType = UNSET
    data: Data | UnsetType = UNSET


class FrameReader(Generic[Data]):
    """Reads frames of one kind, in an envelope or bare."""

    def __init__(self, data: type[Data]) -> None:
        # A parametrised struct is a type at run time only.
        self._wrapped = msgspec.json.Decoder(Envelope[data], strict=False)  # type: ignore[valid-type]
        self._bare = msgspec.json.Decoder(data, strict=False)

    def read(self, value: bytes) -> tuple[str | UnsetType, Data]:
        """
        The stream's name (unset for a bare frame) and the data.

        Raises:
            BadFrame: when it is no such frame.
        """
        try:
            frame: Envelope[Data] = self._wrapped.decode(value)
            if frame.data is UNSET:
                return UNSET, self._bare.decode(value)
        except (msgspec.DecodeError, ValueError, RecursionError) as e:
            code = "bad_number" if str(e).startswith(_OUT_OF_BOUNDS) else "malformed"
            raise BadFrame(code, str(e)) from e
        return frame.stream, frame.data


def to_ms(time: int) -> int:
    """Exchange time in ms, whichever unit the connection used."""
    return time if time < MICROSECONDS_FROM else time // 1000
