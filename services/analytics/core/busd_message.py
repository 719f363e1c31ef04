"""A standing of the flow as it goes out, and as rows of the owner's two tables."""

from datetime import UTC, date, datetime, timedelta, timezone

from schemas.busd_forecasts import BusdForecast
from services.analytics.core.busd_flow import Standing, Three

_EPOCH = date(1970, 1, 1).toordinal()
_NONE = (None, None, None)
LOCAL = timezone(timedelta(hours=7))

TIMESERIES = (
    "timestamp",
    "datetime",
    "bu_current",
    "sd_current",
    "busd_current",
    "bu_pred_15min",
    "sd_pred_15min",
    "busd_pred_15min",
    "pred_datetime_15min",
)
"""Columns of the first table: ms since the epoch, UTC+7, and billions of VND."""
RATES = ("timestamp", "bu_rate", "sd_rate", "busd_rate")
"""Columns of the second: billions of VND a minute."""


def forecast_of(standing: Standing, seq: int) -> BusdForecast:
    """The message of a standing at the clock `seq`."""

    def three(figure: Three | None) -> tuple[float | None, float | None, float | None]:
        return figure or _NONE

    rate, predicted = three(standing.rate), three(standing.predicted)
    error, last, naive = map(three, (standing.error, standing.error_last, standing.error_rate))
    return BusdForecast(
        symbol="HOSE",
        feed="analytics",
        seq=seq,
        ts_ms=seq // 1000,
        venue="VN",
        day=date.fromordinal(_EPOCH + standing.day).isoformat(),
        bu_current=standing.current.bu,
        sd_current=standing.current.sd,
        busd_current=standing.current.busd,
        bu_rate=rate[0],
        sd_rate=rate[1],
        busd_rate=rate[2],
        bu_pred_15min=predicted[0],
        sd_pred_15min=predicted[1],
        busd_pred_15min=predicted[2],
        pred_ts_ms=standing.target_ms,
        trades=standing.trades,
        judged=standing.judged,
        bu_error=error[0],
        sd_error=error[1],
        busd_error=error[2],
        bu_error_last=last[0],
        sd_error_last=last[1],
        busd_error_last=last[2],
        bu_error_rate=naive[0],
        sd_error_rate=naive[1],
        busd_error_rate=naive[2],
    )


def timeseries_row(f: BusdForecast) -> tuple[object, ...]:
    """A row of the table TIMESERIES; times of day as datetimes of UTC+7."""
    target = None if f.pred_ts_ms is None else local(f.pred_ts_ms)
    figures = (f.bu_current, f.sd_current, f.busd_current)
    predicted = (f.bu_pred_15min, f.sd_pred_15min, f.busd_pred_15min)
    return (f.ts_ms, local(f.ts_ms), *figures, *predicted, target)


def rates_row(f: BusdForecast) -> tuple[object, ...]:
    """A row of the table RATES."""
    return f.ts_ms, f.bu_rate, f.sd_rate, f.busd_rate


def local(ts_ms: int) -> datetime:
    """An instant at UTC+7."""
    return datetime.fromtimestamp(ts_ms / 1000, UTC).astimezone(LOCAL)
