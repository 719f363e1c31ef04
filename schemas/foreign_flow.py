"""`foreign-flow`: how foreign investors trade one symbol today, and how fast."""

from typing import Literal

from schemas.base import Derived, Venue


class ForeignFlow(Derived, frozen=True, kw_only=True, gc=False, tag="foreign_flow"):
    """
    Foreign trading of one symbol since the day began, and over windows of trading time.

    At most one a second, at a clock, when foreign figures changed; while there is flow in a
    window also each 5 s of trading time. Null is unknown, never 0. Volumes in shares or
    contracts, values in VND with the multiplier in, net is bought less sold.

    Trading time is that in which the main board of the symbol's exchange trades (ato, continuous,
    atc, plo, periodic), in whole seconds, counted each day: the break is left out, and what is
    told while nothing trades counts with the next second that does. `_1m`, `_5m` and `_15m` are the
    last 60, 300 and 900 of them; null until so many have passed since flow is known: since the
    exchange opened where the tape was there, else since the first message; again after a loss of
    the feed, and after the vendor's totals went back.

    Attributes:
        seq: of the clock that published the row, or of the first message of a later day.
        ts_ms: `seq // 1000`: not the exchange's time.
        day: trading day, ISO: the date of `seq` at UTC+7.
        buy_volume, sell_volume, net_volume: of the day, as the vendor has them.
        buy_value, sell_value, net_value: of the day. `value_basis` vendor: as the vendor has
            them; price_times_volume: the vendor's values are volume x last price (HOSE), so
            these are sums of what was added x the price that the vendor used then.
        delta_volume, delta_value: net, since the row before; of a day that is known from its
            start all deltas add up to the net. Null in the first row after a late start and
            after totals went back.
        resets: how often the vendor's totals went back today and were believed.
        total_volume: of the main board, of the day.
        share: (bought + sold) / (2 x `total_volume`), a ratio. Beyond 1 where the vendor counts
            put-through among foreign trading.
        price: of the last main-board trade today; price_change_*: over the window.
        speed_volume_*, speed_value_*: net a minute, over the window.
        acceleration_*: the speed less that of 60 s of trading time ago, a minute: null until
            that one is known too.
        share_*: as `share`, over the window; null when nothing traded.
        correlation_*: Pearson's, of the net volume of the day with the price, both taken at the
            end of each second of the window; null when one of them did not move, or there was
            no price yet.
        room: shares that foreigners may still buy; moves with orders, so it is no flow.
    """

    venue: Venue
    day: str
    exchange: str | None
    buy_volume: int | None
    sell_volume: int | None
    net_volume: int | None
    buy_value: int | None
    sell_value: int | None
    net_value: int | None
    value_basis: Literal["vendor", "price_times_volume"] | None
    delta_volume: int | None
    delta_value: int | None
    resets: int
    total_volume: int | None
    share: float | None
    price: float | None
    room: int | None
    total_room: int | None
    speed_volume_1m: float | None
    speed_volume_5m: float | None
    speed_volume_15m: float | None
    speed_value_1m: float | None
    speed_value_5m: float | None
    speed_value_15m: float | None
    acceleration_volume_1m: float | None
    acceleration_volume_5m: float | None
    acceleration_volume_15m: float | None
    acceleration_value_1m: float | None
    acceleration_value_5m: float | None
    acceleration_value_15m: float | None
    share_1m: float | None
    share_5m: float | None
    share_15m: float | None
    price_change_1m: float | None
    price_change_5m: float | None
    price_change_15m: float | None
    correlation_1m: float | None
    correlation_5m: float | None
    correlation_15m: float | None
