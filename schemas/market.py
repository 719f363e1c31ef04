"""
Messages of `market`, the one tape (design §4).

Prices are float64 in the instrument's quote unit (VND, index points, USDT). Values are
in VND or USDT with the multiplier in. A `trade` stands before the quote that contains
its effect.
"""

from typing import Literal

import msgspec

from schemas.base import Board, Level, Message, Phase, Side, Volume

GapCause = Literal[
    "disconnect",
    "silence",
    "volume_chain",
    "update_id",
    "trade_id",
    "late_start",
    "restart",
    "source_change",
    "spool_full",
    "accepted_loss",
]

InstrumentKind = Literal["stock", "etf", "cw", "fund", "bond", "future", "index", "crypto"]


class Trade(Message, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag="trade"):
    """One print. `vendor_side` is what the vendor calls the aggressor, absent when it does not."""

    price: float
    volume: Volume
    total_volume: Volume | None = None
    total_value: float | None = None
    board: Board = "main"
    phase: Phase = "continuous"
    vendor_side: Side | None = None
    trade_id: str | None = None


class Quote(Message, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag="quote"):
    """
    The top of the book, best first, up to 10 levels a side; an empty list is an empty side.

    `auction_bid_volume` and `auction_ask_volume` are the market-order queue that some
    feeds show as price 0: never a level.
    """

    bids: list[Level]
    asks: list[Level]
    board: Board = "main"
    phase: Phase = "continuous"
    auction_bid_volume: Volume | None = None
    auction_ask_volume: Volume | None = None


class BookDelta(Message, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag="book_delta"):
    """
    Changed levels since `first_id`; volume 0 means the level is gone. `snapshot`: the whole book.

    A snapshot may be older than the stream around it (a REST reply is slow): a reader that builds
    the book applies again the changes it saw with `last_id` above the snapshot's.
    """

    bids: list[Level]
    asks: list[Level]
    first_id: int
    last_id: int
    snapshot: bool = False


class Foreign(Message, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag="foreign"):
    """Foreign investors' trading, cumulative for the day; room in shares."""

    total_room: int | None = None
    current_room: int | None = None
    buy_volume: int | None = None
    sell_volume: int | None = None
    buy_value: float | None = None
    sell_value: float | None = None
    value_basis: Literal["vendor", "price_times_volume"] = "vendor"


class Day(Message, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag="day"):
    """The day's figures so far, as the vendor gives them."""

    open: float | None = None
    high: float | None = None
    low: float | None = None
    average: float | None = None
    total_volume: Volume | None = None
    total_value: float | None = None
    put_through_volume: Volume | None = None
    put_through_value: float | None = None
    odd_lot_volume: Volume | None = None


class Index(Message, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag="index"):
    """A published index value, in points."""

    value: float
    prior: float | None = None
    estimated_value: float | None = None
    phase: Phase = "continuous"
    advances: int | None = None
    declines: int | None = None
    unchanged: int | None = None
    ceilings: int | None = None
    floors: int | None = None
    total_volume: Volume | None = None
    total_value: float | None = None
    put_through_volume: Volume | None = None
    put_through_value: float | None = None


class Auction(Message, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag="auction"):
    """The expected uncross in ATO and ATC."""

    expected_price: float | None = None
    expected_volume: Volume | None = None
    phase: Phase


class OpenInterest(
    Message, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag="open_interest"
):
    """Open contracts now and at the previous day's end."""

    value: int
    prior: int | None = None


class Candle(Message, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag="candle"):
    """A bar made by the vendor; `interval` as in `1m`; `source` says which service made it."""

    interval: str
    open: float
    high: float
    low: float
    close: float
    volume: Volume
    closed: bool
    source: str


class Instrument(
    Message, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag="instrument"
):
    """
    What a symbol is. `price_steps` are `[from_price, step]`, ascending; `reference`,
    `ceiling` and `floor` are the day's; trading days are ISO dates; `inverse`: the
    contract's value is multiplier / price coins (COIN-M).
    """

    venue: str
    exchange: str
    kind: InstrumentKind
    aliases: list[str] = []
    name_vi: str | None = None
    name_en: str | None = None
    isin: str | None = None
    sector: str | None = None
    underlying: str | None = None
    first_trading_day: str | None = None
    last_trading_day: str | None = None
    multiplier: float = 1.0
    inverse: bool = False
    lot: Volume = 1
    price_steps: list[tuple[float, float]] = []
    reference: float | None = None
    ceiling: float | None = None
    floor: float | None = None
    listed_shares: int | None = None
    trading_status: str | None = None


class Member(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One share of a basket: shares listed, free float as a ratio 0..1, cap as a ratio 0..1."""

    symbol: str
    shares: int | None = None
    free_float: float | None = None
    cap: float | None = None


class Basket(Message, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag="basket"):
    """Members of an index (`symbol` is its id) from `effective_date` (ISO) on."""

    members: list[Member]
    effective_date: str
    source: str


class Status(Message, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag="status"):
    """
    A phase begins, for one symbol, or for a whole exchange (`symbol` is "*", a broadcast).

    This alone decides the phase, never a trade's own session field.
    """

    venue: str
    exchange: str
    phase: Phase | None = None
    trading_status: str | None = None


class Gap(Message, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag="gap"):
    """
    Something was lost between two exchange times: where a chart draws a break.

    `symbol` "*" means the whole venue (a broadcast). `missing_volume` and `missing_value`
    are null where nobody knows; `missing_count` is messages, where ids tell.
    """

    venue: str
    channel: str
    cause: GapCause
    from_ts_ms: int
    to_ts_ms: int
    missing_volume: Volume | None = None
    missing_value: float | None = None
    missing_count: int | None = None


class Clock(Message, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag="clock"):
    """
    Time of a venue: its tape has passed `seq` (a whole second, k·10⁶). A broadcast.

    Only a clock closes a window, a bar or a session, and only of its venue.
    """

    venue: str


MarketMessage = (
    Trade
    | Quote
    | BookDelta
    | Foreign
    | Day
    | Index
    | Auction
    | OpenInterest
    | Candle
    | Instrument
    | Basket
    | Status
    | Gap
    | Clock
)
