"""`basis`: a future of an index beside the index."""

from typing import Literal

from schemas.base import Derived, Phase, Venue

SpotKind = Literal["published", "estimated_ato", "none"]
Direction = Literal["widening", "narrowing", "flat"]


class Basis(Derived, frozen=True, kw_only=True, gc=False, tag="basis"):
    """
    One contract against its underlying index, and what both say of its price.

    At most one a second, at a clock, when something changed. Null is unknown, never 0. Prices in
    index points. The newest row of a contract counts.

    Seconds of windows and ages are trading time, each exchange's own: the future's count while
    derivatives trade, the spot's while stocks do; the break is left out.

    Attributes:
        symbol: the contract's code.
        seq: of the clock that published the row, or of the first message of a later day.
        ts_ms: `seq // 1000`: not the exchange's time.
        day: trading day, ISO: the date of `seq` at UTC+7.
        alias: its code in the other scheme, as VN30F2612.
        continuous: what vendors call it today, as VN30F1M.
        continuous_since: the day on which the name came to this contract from another one; null
            when that was before the tape began.
        roll: it came today: a series under that name changes its contract here.
        phase: of derivatives.
        future: price of the last main-board trade today.
        spot, spot_kind: the index: its published value; before the first one, in the opening
            auction of stocks, the exchange's estimate (estimated_ato); none: neither yet.
        basis: future - spot; basis_percent: in % of the spot.
        mid_basis: the middle of the future's best bid and ask - spot; null when one side is
            empty or they cross, as in an auction.
        direction: widening when |basis| is a tick (0.1) or more above that of 60 s ago,
            narrowing when so much below, else flat.
        spot_stale, future_stale: no value, and no quote nor trade, for longer than the settings
            say (15 s, 60 s); null when there was none today. stale: one of them is. While it is,
            direction, z_score and divergence are null.
        days_to_expiry: calendar days until `last_trading_day`; 0 on it.
        fair_value: spot x (1 + (rate - dividend_yield) x days / 365), the settings' ratios a year.
        carry: (future / spot - 1) x 365 / days, a ratio a year; null on the last day.
        z_score: the basis less its mean over the last 900 s, in standard deviations of these.
        future_change_5m, spot_change_5m: over 300 s, points.
        divergence: change of the future in % less that of the spot, over 300 s.
        open_interest, open_interest_prior: contracts, now and at the end of the day before.
        foreign_net_volume: contracts that foreigners bought less sold, of the day.
        settlement_estimate: on the last trading day: mean of the values that the index published
            from 14:15 to 14:45, without the 3 highest and 3 lowest of those up to 14:30.
        settlement_values: how many values it is of, those left out too.
    """

    venue: Venue
    day: str
    underlying: str
    alias: str | None
    continuous: str | None
    continuous_since: str | None
    roll: bool
    phase: Phase | None
    future: float | None
    spot: float | None
    spot_kind: SpotKind
    basis: float | None
    basis_percent: float | None
    mid_basis: float | None
    mid_basis_percent: float | None
    direction: Direction | None
    spot_stale: bool | None
    future_stale: bool | None
    stale: bool
    last_trading_day: str | None
    days_to_expiry: int | None
    rate: float
    dividend_yield: float
    fair_value: float | None
    carry: float | None
    z_score: float | None
    future_change_5m: float | None
    spot_change_5m: float | None
    divergence: float | None
    total_volume: int | None
    open_interest: int | None
    open_interest_prior: int | None
    foreign_net_volume: int | None
    settlement_estimate: float | None
    settlement_values: int | None
