"""Days on which the Vietnamese exchanges trade: Monday to Friday but for holidays."""

from bisect import bisect_left
from collections.abc import Collection
from datetime import date, timedelta

_DAY = timedelta(days=1)
_SATURDAY = 5


class Calendar:
    """
    Trading days of HOSE, HNX, UPCoM and derivatives, which share one calendar.

    A Saturday worked in place of a moved day off is no trading day (HOSE 2079/TB-SGDHCM,
    2294/TB-SGDHCM), so a list of holidays is all there is to know.

    Args:
        holidays: days without trading; days of a weekend may be among them.
        unverified: those of `holidays` that no source confirms.
    """

    def __init__(self, holidays: Collection[date], unverified: Collection[date] = ()) -> None:
        self._holidays = frozenset(holidays)
        self._unverified = frozenset(unverified)
        self._listed_years = frozenset(day.year for day in self._holidays - self._unverified)
        self._on_weekdays = sorted(d for d in self._holidays if d.weekday() < _SATURDAY)

    def is_trading_day(self, day: date) -> bool:
        """Whether the exchanges trade on `day`; in a year without a list, each weekday."""
        return day.weekday() < _SATURDAY and day not in self._holidays

    def is_certain(self, day: date) -> bool:
        """
        Whether sources confirm what `is_trading_day` says.

        Not in a year whose list is missing or all unverified, nor of an unverified holiday.
        """
        if day.weekday() >= _SATURDAY:
            return True
        return day.year in self._listed_years and day not in self._unverified

    def on_or_before(self, day: date) -> date:
        """`day`, or the last trading day before it."""
        while not self.is_trading_day(day):
            day -= _DAY
        return day

    def on_or_after(self, day: date) -> date:
        """`day`, or the first trading day after it."""
        while not self.is_trading_day(day):
            day += _DAY
        return day

    def after(self, day: date) -> date:
        """The first trading day after `day`."""
        return self.on_or_after(day + _DAY)

    def before(self, day: date) -> date:
        """The last trading day before `day`."""
        return self.on_or_before(day - _DAY)

    def count(self, first: date, end: date) -> int:
        """Trading days from `first` on and before `end`; 0 when `end` is not later."""
        if end <= first:
            return 0
        closed = bisect_left(self._on_weekdays, end) - bisect_left(self._on_weekdays, first)
        return _weekdays_before(end) - _weekdays_before(first) - closed


def _weekdays_before(day: date) -> int:
    # Ordinal 1 is a Monday, so ordinal - 1 is the number of whole days before it.
    weeks, rest = divmod(day.toordinal() - 1, 7)
    return weeks * 5 + min(rest, 5)
