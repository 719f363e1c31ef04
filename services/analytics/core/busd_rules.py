"""What the BUSD flow of the HOSE counts, and when: settings, exchange hours, trading time."""

from datetime import time
from typing import NamedTuple

DAY_MS = 86_400_000
MINUTE_MS = 60_000
_OFFSET_MS = 7 * 3_600_000
_OPENS = (9 * 60 + 15) * MINUTE_MS
_BREAK = (11 * 60 + 30) * MINUTE_MS
_RESUMES = 13 * 60 * MINUTE_MS
_AUCTION = (14 * 60 + 30) * MINUTE_MS
_MORNING = _BREAK - _OPENS

MATCHED_MS = _MORNING + _AUCTION - _RESUMES
"""Trading time of a day in which trades have a side: until the closing auction."""


class Rules(NamedTuple):
    """
    The settings of the owner's document.

    Attributes:
        min_volume: smaller trades are not looked at, shares.
        window_ms: how long a trade is remembered.
        min_occurrences: a trade counts when it is at least the so-manyth of its stock and
            volume in the window that ends at it.
        cutoff_ms: trades at or after this local time of day are not looked at.
    """

    min_volume: int = 200
    window_ms: int = 300_000
    min_occurrences: int = 5
    cutoff_ms: int = (14 * 60 + 40) * MINUTE_MS


def rules(min_volume: int, window_seconds: float, min_occurrences: int, cutoff: time) -> Rules:
    """From the settings' own units."""
    of_day = ((cutoff.hour * 60 + cutoff.minute) * 60 + cutoff.second) * 1000
    return Rules(min_volume, round(window_seconds * 1000), min_occurrences, of_day)


def day_of(ts_ms: int) -> int:
    """Local day (UTC+7) of an instant, counted from 1 January 1970."""
    return (ts_ms + _OFFSET_MS) // DAY_MS


def time_of_day(ts_ms: int) -> int:
    """Local ms since midnight."""
    return (ts_ms + _OFFSET_MS) % DAY_MS


def traded_ms(ts_ms: int) -> int:
    """
    Trading time since 09:15 of the day of `ts_ms`: the break left out, and before 09:15 none.

    It goes on after 14:30, when nothing more is matched before the closing auction: the owner's
    cutoff is later than that.
    """
    of_day = time_of_day(ts_ms)
    morning = min(max(of_day - _OPENS, 0), _MORNING)
    return morning + max(of_day - _RESUMES, 0)


def instant(day: int, traded: int) -> int:
    """The first instant of a day at which `traded_ms` is `traded`."""
    of_day = _OPENS + traded
    if of_day > _BREAK:
        of_day += _RESUMES - _BREAK
    return day * DAY_MS - _OFFSET_MS + of_day
