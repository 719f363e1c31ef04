"""When the candles of a HOSE day begin: continuous trading, then the closing auction's own."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta, timezone

LOCAL = timezone(timedelta(hours=7))
_SESSIONS = ((time(9, 15), time(11, 30)), (time(13), time(14, 30)))
"""Beginning and end of continuous trading; the opening auction's print is of 09:15:00."""
CLOSING_AUCTION = time(14, 45)
_LONGEST = 135
"""Minutes of the morning."""


def interval_of(text: str) -> timedelta:
    """
    The interval that `5m` or `1h` means.

    Raises:
        ValueError: it is none, or longer than the morning (2 h 15 min).
    """
    number, unit = text[:-1], text[-1:]
    minutes = int(number) * {"m": 1, "h": 60}.get(unit, 0) if number.isdecimal() else 0
    if not 0 < minutes <= _LONGEST:
        raise ValueError(f"an interval is minutes or hours as 5m and 1h, to {_LONGEST}m: {text!r}")
    return timedelta(minutes=minutes)


def timepoints(interval: timedelta) -> list[time]:
    """
    Local times at which candles begin, ascending.

    >>> [f"{t:%H:%M}" for t in timepoints(timedelta(hours=1))]
    ['09:15', '10:15', '11:15', '13:00', '14:00', '14:45']
    """
    found = []
    for begin, end in _SESSIONS:
        at = datetime.combine(date.min, begin)
        while at.time() < end:
            found.append(at.time())
            at += interval
    return [*found, CLOSING_AUCTION]


def timepoint_of(local: time, points: Sequence[time]) -> time | None:
    """
    Which candle a print of a local time belongs to; None before the first of the day.

    One stamped at the end of a session is of its last candle.
    """
    earlier = [point for point in points if point <= local]
    return earlier[-1] if earlier else None
