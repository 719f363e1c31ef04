"""
Dates and times of Vietnamese feeds: DD/MM/YYYY and HH:MM:SS at UTC+7, whole seconds.

A day is a number: days since 1 January 1970, local.
"""

import re
from datetime import date
from functools import lru_cache
from typing import Literal, NamedTuple

from services.ingest.core.feed import BadFrame
from services.ingest.core.vn.schedule import DAY_MS, UTC_OFFSET_MS

_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{1,6}))?", re.ASCII)
_EPOCH = date(1970, 1, 1).toordinal()
_CLIPPED = 40


class Moment(NamedTuple):
    """`ts_ms` as of `Message`; `day` is the local trading day; `ms_of_day` since its midnight."""

    ts_ms: int
    source: Literal["exchange", "receive"]
    day: int
    ms_of_day: int


def moment(seq: int, date_: str | None, time: str | None) -> Moment | None:
    """
    When a message received at `seq` (µs since the epoch) happened; None when it is of
    another date than the day on which it was received.

    Without a date it is of that day; without a time it happened when it was received.

    Raises:
        BadFrame: `bad_time` when date or time are written and are none.
    """
    day, ms_of_day = divmod(seq // 1000 + UTC_OFFSET_MS, DAY_MS)
    if date_ and day_of(date_) != day:
        return None
    if not time:
        return Moment(seq // 1000, "receive", day, ms_of_day)
    ms_of_day = ms_of(time)
    return Moment(day * DAY_MS + ms_of_day - UTC_OFFSET_MS, "exchange", day, ms_of_day)


def at(ts_ms: int) -> Moment:
    """The moment of an exchange time in ms since the epoch."""
    return Moment(ts_ms, "exchange", *divmod(ts_ms + UTC_OFFSET_MS, DAY_MS))


def midnight(day: int) -> int:
    """When a local day begins, ms since the epoch, UTC."""
    return day * DAY_MS - UTC_OFFSET_MS


@lru_cache(maxsize=1024)
def day_of(written: str) -> int:
    """
    The day of DD/MM/YYYY.

    Raises:
        BadFrame: `bad_time` when it is none.
    """
    try:
        if found := _DATE.fullmatch(written):
            return date(int(found[3]), int(found[2]), int(found[1])).toordinal() - _EPOCH
    except ValueError:
        pass
    raise BadFrame("bad_time", f"date must be DD/MM/YYYY, was {written[:_CLIPPED]!r}")


@lru_cache(maxsize=65536)
def ms_of(written: str) -> int:
    """
    Milliseconds since midnight of HH:MM:SS, with or without a fraction.

    Raises:
        BadFrame: `bad_time` when it is none.
    """
    found = _TIME.fullmatch(written)
    if found is None:
        raise BadFrame("bad_time", f"time must be HH:MM:SS, was {written[:_CLIPPED]!r}")
    seconds = (int(found[1]) * 60 + int(found[2])) * 60 + int(found[3])
    return seconds * 1000 + int((found[4] or "0").ljust(3, "0")[:3])
