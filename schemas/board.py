"""`board`: the row of a price board, one a symbol, as it stood at a whole second."""

from schemas.base import Derived, Level, Phase, Venue, Volume
from schemas.market import InstrumentKind


class BoardRow(Derived, frozen=True, kw_only=True, gc=False, tag="board"):
    """
    Everything a price board shows of one symbol; an index has no row, see `index-values`.

    A row replaces those before it of the same symbol: the newest `(seq, part)` counts. At most
    one a second, only when something changed. What is unknown is null, never 0. Figures of
    `day` begin empty each day: reference, ceiling and floor with that day's instrument image,
    last and the totals with its first trade. Only the main board makes book, last and totals.

    Attributes:
        seq: of the venue's clock that closed the row: it holds all that came before.
        ts_ms: `seq // 1000`: not the exchange's time.
        exchange, kind, trading_status: null before an instrument or a status said it.
        day: local day of the figures, ISO: the date of the last message (VN: UTC+7; crypto:
            UTC). A symbol that is silent today still has the day of its last message.
        phase: of the symbol where the exchange named one after it named one for all, and while
            it is halted; else of its exchange. For a stock in call auctions `periodic` as long
            as others are in ato, continuous or atc. Null before any was named.
        reference, ceiling, floor: of the day.
        bids, asks: best first, at most 3; empty: nobody bids (asks); null: no quote today. From
            quotes; a feed that has book deltas only has none here.
        auction_bid_volume, auction_ask_volume: the queue of market orders that some feeds show.
        last, last_volume, last_ts_ms: price, volume and exchange time of the last trade today.
        change: last - reference; `change_percent` is that in % of the reference.
        total_volume, total_value: of the day so far, as the vendor gives them.
        open, high, low: the vendor's; where it gives none, those of prints, if these begin with
            the first of the day.
        average: total value / total volume, in the quote unit (a future: points).
        expected_price, expected_volume: of the auction that is on (phase ato, atc), else null.
        foreign_*: foreign investors' trading of the day so far; `foreign_room`: shares that
            they may still buy.
        put_through_volume, odd_lot_volume: of the day so far, in no total.
    """

    venue: Venue
    day: str
    exchange: str | None = None
    kind: InstrumentKind | None = None
    phase: Phase | None = None
    trading_status: str | None = None
    reference: float | None = None
    ceiling: float | None = None
    floor: float | None = None
    bids: list[Level] | None = None
    asks: list[Level] | None = None
    auction_bid_volume: Volume | None = None
    auction_ask_volume: Volume | None = None
    last: float | None = None
    last_volume: Volume | None = None
    last_ts_ms: int | None = None
    change: float | None = None
    change_percent: float | None = None
    total_volume: Volume | None = None
    total_value: float | None = None
    open: float | None = None
    high: float | None = None
    low: float | None = None
    average: float | None = None
    expected_price: float | None = None
    expected_volume: Volume | None = None
    foreign_buy_volume: int | None = None
    foreign_sell_volume: int | None = None
    foreign_buy_value: float | None = None
    foreign_sell_value: float | None = None
    foreign_room: int | None = None
    put_through_volume: Volume | None = None
    odd_lot_volume: Volume | None = None
    open_interest: int | None = None
