"""Trading days by seq, which is receive time (design §2)."""

from datetime import date
from functools import lru_cache

_DAY_US = 86_400_000_000
_EAST_US: dict[str, int] = {"VN": 7 * 3_600_000_000}
"""Of UTC, all year; crypto days are those of UTC."""
_EPOCH = date(1970, 1, 1).toordinal()


def day_of(seq: int, venue: str) -> int:
    """The venue's date at `seq`, as days since 1970-01-01."""
    return (seq + _EAST_US.get(venue, 0)) // _DAY_US


def end_of(day: int, venue: str) -> int:
    """The first seq after a day."""
    return (day + 1) * _DAY_US - _EAST_US.get(venue, 0)


@lru_cache(maxsize=64)
def iso(day: int) -> str:
    """Days since 1970-01-01 as an ISO date."""
    return date.fromordinal(_EPOCH + day).isoformat()
