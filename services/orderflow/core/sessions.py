"""To which span a trade belongs, and when sessions end; all times are ms since the epoch."""

from schemas.base import Phase, Venue
from services.orderflow.core.intervals import DAY_MS

GRACE_MS: dict[Venue, int] = {"VN": 3000}
"""How long after a span its late trades are waited for: Vietnamese stamps are whole seconds,
cut, and some of SSI's trades come a second or two later."""
OTHER_GRACE_MS = 1000

HELD_MS = 30_000
"""For so long after it was final a bar is held, to be corrected by late trades."""

_OFFSET_MS: dict[Venue, int] = {"VN": 7 * 3_600_000}
_MORNING_ENDS = (11 * 60 + 30) * 60_000
_AFTERNOON = 13 * 3_600_000
_AUCTION_BEGINS = (14 * 60 + 30) * 60_000
_DAY_ENDS = 15 * 3_600_000
_SECOND = 1000
_ENDS = (
    (_MORNING_ENDS, _AFTERNOON),
    (_AUCTION_BEGINS, _AUCTION_BEGINS + _SECOND),
    (_DAY_ENDS, _DAY_ENDS + _SECOND),
)
"""Ends of trading, and until when what is stamped after them belongs to what ended."""
_PHASES: dict[Phase, Phase] = {
    "break": "continuous",
    "halted": "continuous",
    "put_through": "atc",
}
"""What was matched continuously, though stamped later or of a symbol that has halted since; and
the closing auction's prints that HOSE stamps after its end, when it matches nothing any more."""


def span_phase(phase: Phase) -> Phase:
    """The phase of the bar that holds a trade of `phase`."""
    return _PHASES.get(phase, phase)


def span_time(venue: Venue, ts_ms: int, phase: Phase) -> int:
    """
    The time by which a trade's bar is found; `phase` as from `span_phase`.

    Vietnamese trades in the second in which trading ends (15:00:00), continuous ones also of
    11:30:00, 14:30:00 and the break, belong to what ended: to its last millisecond. (For UPCoM,
    which has no auction, 14:30:00 is no end; its trades of that second stand there too.)
    """
    if venue != "VN":
        return ts_ms
    at = (ts_ms + _OFFSET_MS["VN"]) % DAY_MS
    if at < _MORNING_ENDS:
        return ts_ms
    for end, begins in _ENDS if phase == "continuous" else _ENDS[-1:]:
        if end <= at < begins:
            return ts_ms - at + end - 1
    return ts_ms


def before_closing_auction(ts_ms: int) -> int:
    """The last Vietnamese moment of continuous trading before `ts_ms`, of the same day."""
    return day_start("VN", ts_ms) + _AUCTION_BEGINS - 1


def day_start(venue: Venue, ts_ms: int) -> int:
    """Local midnight of the day of `ts_ms`."""
    return ts_ms - (ts_ms + _OFFSET_MS.get(venue, 0)) % DAY_MS


def time_span(venue: Venue, ts_ms: int, length: int) -> tuple[int, int]:
    """Start and end (not in it) of the span of `length` ms in which `ts_ms` (`span_time`) is."""
    day = day_start(venue, ts_ms)
    start = ts_ms - (ts_ms - day) % length
    if venue != "VN":
        return start, start + length
    if length == DAY_MS:
        return start, start + _DAY_ENDS
    return start, min(start + length, session_end(venue, ts_ms))


def session_end(venue: Venue, ts_ms: int) -> int:
    """When trading ends next after `ts_ms` (`span_time`): the break, 15:00, or midnight."""
    day = day_start(venue, ts_ms)
    if venue == "VN":
        for end in (_MORNING_ENDS, _DAY_ENDS):
            if ts_ms < day + end:
                return day + end
    return day + DAY_MS
