"""
Is a connection silent for too long? Pure.

Judged is the age of the data, because sockets stay open and answer pings while nothing comes.
What is too long depends on the phase of the session: nobody trades in the break.
"""

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from schemas.base import Phase
from services.ingest.core.vn.schedule import EXCHANGES, boundaries, local

TradingDay = Callable[[date], bool]
"""Whether the exchanges trade on a local day."""

_AUCTIONS: frozenset[Phase] = frozenset({"ato", "atc"})
_SHUT: frozenset[Phase] = frozenset({"pre_open", "closed"})
_MOST_DOUBLINGS = 5
TRADING: frozenset[Phase] = _AUCTIONS | {"continuous"}
"""Phases of HOSE in which there are trades or auction estimates."""


class Patience(NamedTuple):
    """
    Seconds without data that are nothing unusual; None: any number is.

    `continuous` and `auction` are phases of HOSE, by far the busiest exchange.
    """

    continuous_s: float | None
    auction_s: float | None = None


class Hour(NamedTuple):
    """A phase, and since when it stands."""

    phase: Phase
    since_ms: int


def hour_at(now_ms: int, is_trading_day: TradingDay) -> Hour:
    """The phase of HOSE at an instant (ms since the epoch)."""
    day, _ = local(now_ms)
    hours = boundaries("HOSE", day, is_trading_day(day))
    found = max((each for each in hours if each.ts_ms <= now_ms), key=lambda each: each.ts_ms)
    return Hour(found.phase, found.ts_ms)


def opened_ms(now_ms: int, is_trading_day: TradingDay) -> int | None:
    """When the first exchange opened today, ms since the epoch; None while all are closed."""
    day, _ = local(now_ms)
    trading = is_trading_day(day)
    spans = [span for each in EXCHANGES for span in boundaries(each, day, trading)]
    opens = [span.ts_ms for span in spans if span.phase not in _SHUT]
    last_ms = max((span.ts_ms for span in spans), default=0)
    return min(opens) if opens and min(opens) <= now_ms < last_ms else None


def limit_s(patience: Patience, phase: Phase, silences: int) -> float | None:
    """
    Seconds without data that are too many; None: no number is.

    Args:
        silences: how often in a row it was too long already. A new connection that brings
            nothing either says that the exchange is silent, so it is asked ever less often.
    """
    if phase == "continuous":
        usual_s = patience.continuous_s
    elif phase in _AUCTIONS:
        usual_s = patience.auction_s
    else:
        usual_s = None
    return None if usual_s is None else usual_s * 2.0 ** min(silences, _MOST_DOUBLINGS)


def is_silent(
    patience: Patience, hour: Hour, now_ms: int, data_age_s: float, silences: int
) -> bool:
    """
    Whether data are overdue.

    `data_age_s` is since the last data, or since the connection is live. A phase that has just
    begun brings its first data in its own time.
    """
    return _overdue_s(patience, hour, now_ms, data_age_s, silences) > 0


def overdue_s(patience: Patience, hour: Hour, now_ms: int, data_age_s: float) -> float:
    """For how long data are overdue, however many connections were tried; 0: they are not."""
    return max(0.0, _overdue_s(patience, hour, now_ms, data_age_s, 0))


def _overdue_s(
    patience: Patience, hour: Hour, now_ms: int, data_age_s: float, silences: int
) -> float:
    most_s = limit_s(patience, hour.phase, silences)
    if most_s is None:
        return 0.0
    return min(data_age_s, (now_ms - hour.since_ms) / 1000) - most_s
