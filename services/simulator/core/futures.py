"""
The listed VN30 futures: this month's (until its third Thursday), the next, and the last months
of the next two quarters.

Codes after KRX: "41", "I1" for VN30, a year (G is 2026), a month (1-9, A, B, C), "000".
"""

from collections.abc import Set
from datetime import date, timedelta
from typing import NamedTuple

MULTIPLIER = 100_000
"""VND a point."""

_YEARS, _FIRST_YEAR = "0123456789ABCDEFGHJKLMNPQRSTVW", 2010
_MONTHS = "123456789ABC"
_THURSDAY = 3


class Contract(NamedTuple):
    """A code and its last trading day."""

    code: str
    expiry: date


def listed(day: date, holidays: Set[date]) -> list[Contract]:
    """
    The four contracts that trade on `day`, nearest first.

    Raises:
        ValueError: KRX's codes have no letter for the year (they name 2010 to 2039).
    """
    month = day.year * 12 + day.month - 1
    if day > _expiry(month, holidays):
        month += 1
    later = [m for m in range(month + 2, month + 9) if m % 3 == 2]
    return [
        Contract(_code(m), _expiry(m, holidays)) for m in (month, month + 1, later[0], later[1])
    ]


def _expiry(month: int, holidays: Set[date]) -> date:
    first = date(month // 12, month % 12 + 1, 1)
    day = first + timedelta(days=(_THURSDAY - first.weekday()) % 7 + 14)
    while day in holidays:
        day -= timedelta(days=1)
    return day


def _code(month: int) -> str:
    year = month // 12 - _FIRST_YEAR
    if not 0 <= year < len(_YEARS):
        raise ValueError(f"futures' codes name the years 2010 to 2039, not {month // 12}")
    return f"41I1{_YEARS[year]}{_MONTHS[month % 12]}000"
