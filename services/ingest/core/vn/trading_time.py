"""Time in which an exchange trades: breaks, nights, weekends and holidays left out."""

from functools import cache

from services.ingest.core.vn.holidays import Calendar
from services.ingest.core.vn.schedule import TRADING, Exchange, boundaries, local


def trading_seconds(
    exchange: Exchange, from_ts_ms: int, to_ts_ms: int, calendar: Calendar
) -> float:
    """
    Seconds of main-board trading (`schedule.TRADING`) between two instants, exact to the ms.

    Negative when `to_ts_ms` is the earlier: so the time from a to c is that from a to b and
    from b to c, in any order. The cost does not grow with the days between.

    Args:
        from_ts_ms, to_ts_ms: ms since the epoch, UTC.
    """
    first, last = local(from_ts_ms)[0], local(to_ts_ms)[0]
    days = calendar.count(first, last) - calendar.count(last, first)
    ms = _since_midnight(exchange, to_ts_ms, calendar)
    ms -= _since_midnight(exchange, from_ts_ms, calendar)
    return (ms + days * _trading_day_ms(exchange)) / 1000


def _since_midnight(exchange: Exchange, ts_ms: int, calendar: Calendar) -> int:
    day = local(ts_ms)[0]
    spans = boundaries(exchange, day, calendar.is_trading_day(day))
    ends = [span.ts_ms for span in spans[1:]]
    # The last phase of a day is never one of trading, so it needs no end.
    return sum(
        max(0, min(end, ts_ms) - span.ts_ms)
        for span, end in zip(spans, ends, strict=False)
        if span.phase in TRADING
    )


@cache
def _trading_day_ms(exchange: Exchange) -> int:
    # 1 January 1970 was a Thursday; a calendar without holidays trades on it.
    noon = 12 * 3_600_000
    return _since_midnight(exchange, noon, Calendar(()))
