"""
The trading day: who trades when, and how times are written.

Times are ns since local midnight (UTC+7). Hours: those after KRX (5 May 2025); HNX takes PLO
orders from 14:45 and matches them from 14:55 on.
"""

import datetime as dt
from collections.abc import Set
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, NamedTuple

Exchange = Literal["HOSE", "HNX", "UPCOM", "DERIVATIVES"]
Mode = Literal["auction", "continuous", "plo"]

NS = 1_000_000_000
SLOT_NS = 5 * NS
"""Indices are published so often; everything that depends on them moves at this pace."""
QUANTUM_NS = 4000
"""Times of a symbol are its number modulo this, so no two symbols ever have the same time."""
BOARDS_NS = QUANTUM_NS // 2
"""iBoard's messages come so much later, so none has the time of one of SSI's."""

UTC_OFFSET_NS = 7 * 3600 * NS
_EPOCH = date(1970, 1, 1)
_SATURDAY = 5


def clock(written: str) -> int:
    """ns of HH:MM or HH:MM:SS."""
    parts = [int(part) for part in written.split(":")]
    return sum(part * unit for part, unit in zip(parts, (3600, 60, 1), strict=False)) * NS


class Span(NamedTuple):
    """
    A stretch of trading of one kind, from `start` to `end` in ns; an auction uncrosses at `end`.

    Attributes:
        code: the session code that SSI's messages carry in it.
        phase: of the prints that it gives.
        intensity: orders a second, relative to those of other spans.
    """

    start: int
    end: int
    mode: Mode
    code: str
    phase: str
    intensity: int


def _span(start: str, end: str, mode: Mode, code: str, phase: str, intensity: int) -> Span:
    return Span(clock(start), clock(end), mode, code, phase, intensity)


# A print stamped in the second in which an auction ends would count as the auction's, so
# continuous trading begins a second later. Activity has the shape of a U.
_MORNING = (
    ("09:30", 22), ("10:00", 15), ("10:30", 11), ("11:00", 9), ("11:30", 11),
)  # fmt: skip
_AFTERNOON = (("13:15", 15), ("13:45", 11), ("14:15", 13), ("14:30", 19))


def _continuous(start: str, steps: tuple[tuple[str, int], ...]) -> tuple[Span, ...]:
    found = []
    for end, intensity in steps:
        found.append(_span(start, end, "continuous", "LO", "continuous", intensity))
        start = end
    return tuple(found)


_ATC = _span("14:30", "14:45", "auction", "ATC", "atc", 4)

SPANS: dict[Exchange, tuple[Span, ...]] = {
    "HOSE": (
        _span("09:00", "09:15", "auction", "ATO", "ato", 3),
        *_continuous("09:15:01", _MORNING),
        *_continuous("13:00", _AFTERNOON),
        _ATC,
    ),
    "HNX": (
        *_continuous("09:00", _MORNING),
        *_continuous("13:00", _AFTERNOON),
        _ATC,
        _span("14:55", "15:00", "plo", "C", "plo", 8),
    ),
    "UPCOM": (
        *_continuous("09:00", _MORNING),
        *_continuous("13:00", (*_AFTERNOON[:-1], ("14:45", 15), ("15:00", 17))),
    ),
    "DERIVATIVES": (
        _span("08:45", "09:00", "auction", "ATO", "ato", 2),
        *_continuous("09:00:01", _MORNING),
        *_continuous("13:00", _AFTERNOON),
        _ATC,
    ),
}

SESSIONS: dict[Exchange, tuple[tuple[int, str], ...]] = {
    "HOSE": (
        (clock("09:00"), "ATO"), (clock("09:15"), "LO"), (clock("11:30"), "BREAK"),
        (clock("13:00"), "LO"), (clock("14:30"), "ATC"), (clock("14:45:03"), "C"),
    ),
    "HNX": (
        (clock("09:00"), "LO"), (clock("11:30"), "BREAK"), (clock("13:00"), "LO"),
        (clock("14:30"), "ATC"), (clock("15:00:03"), "C"),
    ),
    "UPCOM": (
        (clock("09:00"), "LO"), (clock("11:30"), "BREAK"), (clock("13:00"), "LO"),
        (clock("15:00:03"), "C"),
    ),
    "DERIVATIVES": (
        (clock("08:45"), "ATO"), (clock("09:00"), "LO"), (clock("11:30"), "BREAK"),
        (clock("13:00"), "LO"), (clock("14:30"), "ATC"), (clock("14:45:03"), "C"),
    ),
}  # fmt: skip
"""What F messages announce, and when (14:45:03 is in SSI's captures)."""

SUBSCRIBED = clock("08:30")
"""When the recording's clients subscribe: what they get first is the last day's."""
OPENS, CLOSES = clock("08:45"), clock("15:00")
LAST = clock("15:32")
"""The last messages of a day are foreign trading's (15:32:00 is in SSI's captures)."""
INDEX_FROM, INDEX_TO = clock("09:00"), clock("15:05:05")

SLOTS = (LAST + SLOT_NS) // SLOT_NS


class NoTradingDay(ValueError):
    """The exchange does not trade on that day; the text says why."""


@dataclass(frozen=True, slots=True)
class Day:
    """One day, `number` days after 1 January 1970, and how it and the one before are written."""

    date: dt.date
    before: dt.date

    @property
    def number(self) -> int:
        """Days since 1 January 1970."""
        return (self.date - _EPOCH).days

    @property
    def midnight_ns(self) -> int:
        """Local midnight, ns since the epoch, UTC."""
        return self.number * 86_400 * NS - UTC_OFFSET_NS

    @property
    def written(self) -> str:
        """DD/MM/YYYY."""
        return f"{self.date:%d/%m/%Y}"


def trading_day(day: date, holidays: Set[date], forced: bool = False) -> Day:
    """
    `day` with the trading day before it.

    Raises:
        NoTradingDay: it is a weekend or a holiday, and was not forced.
    """
    before = day - timedelta(days=1)
    while before.weekday() >= _SATURDAY or before in holidays:
        before -= timedelta(days=1)
    closed = f"the exchange is closed; it traded on {before}"
    if not forced and day.weekday() >= _SATURDAY:
        raise NoTradingDay(f"{day} is a {day:%A}: {closed}")
    if not forced and day in holidays:
        raise NoTradingDay(f"{day} is a holiday: {closed}")
    return Day(day, before)


def time_of(ns: int) -> str:
    """HH:MM:SS, the fraction cut off."""
    minutes, seconds = divmod(ns // NS, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
