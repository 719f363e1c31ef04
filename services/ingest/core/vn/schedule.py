"""
The phases of a trading day, for each exchange.

Local time is UTC+7 all year. A phase is a half-open interval: its first millisecond is in
it, its end is not. SSI's FAQ on KRX (5 May 2025) says the hours are those of before; what
changed that day is inside the phases: HNX takes PLO orders for 10 minutes and then matches
for 5, restricted stocks trade in call auctions all day, odd lots also join the auctions.
"""

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from typing import Literal, NamedTuple

from schemas.base import Phase

Exchange = Literal["HOSE", "HNX", "UPCOM", "DERIVATIVES"]
"""Names of exchanges on the tape; derivatives trade at HNX but by hours of their own."""

EXCHANGES: tuple[Exchange, ...] = ("HOSE", "HNX", "UPCOM", "DERIVATIVES")

DAY_MS = 86_400_000
TRADING: frozenset[Phase] = frozenset({"ato", "continuous", "atc", "plo", "periodic"})
"""Phases in which the main board trades."""

_SECOND_MS = 1000
UTC_OFFSET_MS = 7 * 3_600_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_PRINTING: frozenset[Phase] = TRADING | {"put_through"}
_CALLED: frozenset[Phase] = frozenset({"ato", "continuous", "atc"})


class Boundary(NamedTuple):
    """From `ts_ms` (ms since the epoch, UTC) on, `exchange` is in `phase`."""

    exchange: Exchange
    ts_ms: int
    phase: Phase


class _Hours(NamedTuple):
    starts: tuple[int, ...]
    phases: tuple[Phase, ...]


def _hours(*changes: tuple[str, Phase]) -> _Hours:
    starts, phases = [0], list[Phase](["pre_open"])
    for clock, phase in changes:
        hour, minute = clock.split(":")
        starts.append((int(hour) * 60 + int(minute)) * 60_000)
        phases.append(phase)
    return _Hours(tuple(starts), tuple(phases))


_TRADING_DAY: dict[Exchange, _Hours] = {
    "HOSE": _hours(
        ("09:00", "ato"),
        ("09:15", "continuous"),
        ("11:30", "break"),
        ("13:00", "continuous"),
        ("14:30", "atc"),
        ("14:45", "put_through"),
        ("15:00", "closed"),
    ),
    "HNX": _hours(
        ("09:00", "continuous"),
        ("11:30", "break"),
        ("13:00", "continuous"),
        ("14:30", "atc"),
        ("14:45", "plo"),
        ("15:00", "closed"),
    ),
    "UPCOM": _hours(
        ("09:00", "continuous"),
        ("11:30", "break"),
        ("13:00", "continuous"),
        ("15:00", "closed"),
    ),
    "DERIVATIVES": _hours(
        ("08:45", "ato"),
        ("09:00", "continuous"),
        ("11:30", "break"),
        ("13:00", "continuous"),
        ("14:30", "atc"),
        ("14:45", "closed"),
    ),
}
_DAY_OFF = _Hours((0,), ("closed",))


def phase_at(
    exchange: Exchange, ms_of_day: int, trading_day: bool, periodic: bool = False
) -> Phase:
    """
    The phase that stands at a local time of day.

    Args:
        ms_of_day: milliseconds since local midnight, 0 to 86,399,999.
        periodic: the phase of a restricted stock, which trades in call auctions for as long
            as others have auctions or trade continuously. The auctions' own times are not in
            the sources. It has no PLO: the time is left to put-through.

    Raises:
        ValueError: when `ms_of_day` is of no day.
    """
    hours, i = _find(exchange, ms_of_day, trading_day)
    return _called(hours.phases[i]) if periodic else hours.phases[i]


def print_phase(
    exchange: Exchange, ms_of_day: int, trading_day: bool, periodic: bool = False
) -> Phase:
    """
    The phase to which a trade of this exchange time belongs; as `phase_at`, but for one rule.

    Exchanges stamp whole seconds, and an auction's prints bear the second in which it ends
    (09:15:00 and 14:45:00 in SSI's captures). So a trade stamped anywhere in the second of a
    boundary belongs to the phase that ends there, if trades happen in that one: 11:30:00 and
    14:30:00 are continuous trades, 13:00:00 is of the afternoon.
    """
    hours, i = _find(exchange, ms_of_day, trading_day)
    in_first_second = ms_of_day - hours.starts[i] < _SECOND_MS
    if i and in_first_second and hours.phases[i - 1] in _PRINTING:
        i -= 1
    return _called(hours.phases[i]) if periodic else hours.phases[i]


def boundaries(exchange: Exchange, day: date, trading_day: bool) -> list[Boundary]:
    """
    The phases of local `day` in their order; the first stands from local midnight on.

    A day without trading has one: closed.
    """
    midnight = midnight_ms(day)
    hours = _TRADING_DAY[exchange] if trading_day else _DAY_OFF
    return [
        Boundary(exchange, midnight + start, phase)
        for start, phase in zip(hours.starts, hours.phases, strict=True)
    ]


def midnight_ms(day: date) -> int:
    """The instant at which local `day` begins, ms since the epoch, UTC."""
    return (day.toordinal() - _EPOCH.toordinal()) * DAY_MS - UTC_OFFSET_MS


def local(ts_ms: int) -> tuple[date, int]:
    """Local date and milliseconds since local midnight of an instant (ms since the epoch)."""
    days, ms_of_day = divmod(ts_ms + UTC_OFFSET_MS, DAY_MS)
    return (_EPOCH + timedelta(days=days)).date(), ms_of_day


def _find(exchange: Exchange, ms_of_day: int, trading_day: bool) -> tuple[_Hours, int]:
    if not 0 <= ms_of_day < DAY_MS:
        raise ValueError(f"a time of day must be 0 to {DAY_MS - 1} ms, was {ms_of_day}")
    hours = _TRADING_DAY[exchange] if trading_day else _DAY_OFF
    return hours, bisect_right(hours.starts, ms_of_day) - 1


def _called(phase: Phase) -> Phase:
    if phase in _CALLED:
        return "periodic"
    return "put_through" if phase == "plo" else phase
