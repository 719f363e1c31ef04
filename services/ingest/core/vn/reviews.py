"""When the basket of VN30 changes."""

from datetime import date, timedelta

_REVIEW_MONTHS = (2, 8)
_MONDAY = 0


def next_review(start: date) -> date:
    """
    The first day after `start` on which a reviewed basket takes effect.

    Reviews are in January and July (HOSE 747/QD-SGDHCM); the first Monday of February and
    August is what the known baskets of 2021 to 2026 have in common.
    """
    for year in (start.year, start.year + 1):
        for month in _REVIEW_MONTHS:
            first = date(year, month, 1)
            day = first + timedelta(days=(_MONDAY - first.weekday()) % 7)
            if day > start:
                return day
    raise AssertionError("a year has two reviews")
