"""`busd-forecasts`: the BUSD flow of the whole HOSE, and where it is heading."""

from schemas.base import Derived, Venue


class BusdForecast(Derived, frozen=True, kw_only=True, gc=False, tag="busd_forecast"):
    """
    How the flow stands; at each whole minute of trading time and each second in which a trade
    counted. Money in billions of VND, time without the break. `symbol` is the exchange.

    The names of the figures are those of the owner's tables.

    Attributes:
        seq: of the clock whose second it closes; ts_ms: `seq // 1000`.
        day: trading day, ISO.
        bu_current, sd_current, busd_current: what active buyers and sellers traded in patterns
            (`busd-patterns`) since the day began, and their difference.
        bu_rate, sd_rate, busd_rate: a minute, over the last 4 to 5 minutes or what there is of
            them; null before a minute is full.
        bu_pred_15min, sd_pred_15min, busd_pred_15min: where they will stand in 15 minutes of
            trading time, at `pred_ts_ms`; null without a rate, and where that is past the
            cutoff.
        trades: counted so far.
        judged: forecasts made at whole minutes whose time has come today.
        bu_error, sd_error, busd_error: mean absolute error of those; ..._error_last: of saying
            the last value; ..._error_rate: of saying last value + rate x 15. Null before one is
            judged.
    """

    venue: Venue
    day: str
    bu_current: float
    sd_current: float
    busd_current: float
    bu_rate: float | None
    sd_rate: float | None
    busd_rate: float | None
    bu_pred_15min: float | None
    sd_pred_15min: float | None
    busd_pred_15min: float | None
    pred_ts_ms: int | None
    trades: int
    judged: int
    bu_error: float | None
    sd_error: float | None
    busd_error: float | None
    bu_error_last: float | None
    sd_error_last: float | None
    busd_error_last: float | None
    bu_error_rate: float | None
    sd_error_rate: float | None
    busd_error_rate: float | None
