"""Phases of a trading day: each moment has one, prints belong to the phase that made them."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.core.vn.schedule import (
    DAY_MS,
    EXCHANGES,
    TRADING,
    Boundary,
    boundaries,
    local,
    midnight_ms,
    phase_at,
    print_phase,
)

MONDAY, SATURDAY = date(2026, 7, 20), date(2026, 7, 25)
exchanges = st.sampled_from(EXCHANGES)
moments = st.integers(0, DAY_MS - 1) | st.builds(
    lambda quarter, ms: quarter * 900_000 + ms, st.integers(32, 64), st.integers(-1500, 1500)
)
"""Of the whole day, and about the quarters of hours at which phases change."""


def ms(clock: str) -> int:
    parts = [int(part) for part in clock.split(":")] + [0]
    return (parts[0] * 3600 + parts[1] * 60 + parts[2]) * 1000


# The table of the market rules, written again by hand: start of each phase.
TABLE = {
    "HOSE": "00:00 pre_open 09:00 ato 09:15 continuous 11:30 break 13:00 continuous 14:30 atc "
    "14:45 put_through 15:00 closed",
    "HNX": "00:00 pre_open 09:00 continuous 11:30 break 13:00 continuous 14:30 atc 14:45 plo "
    "15:00 closed",
    "UPCOM": "00:00 pre_open 09:00 continuous 11:30 break 13:00 continuous 15:00 closed",
    "DERIVATIVES": "00:00 pre_open 08:45 ato 09:00 continuous 11:30 break 13:00 continuous "
    "14:30 atc 14:45 closed",
}


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_every_second_of_a_trading_day_has_the_phase_of_the_rules(exchange):
    words = TABLE[exchange].split()
    starts = [(ms(clock), phase) for clock, phase in zip(words[::2], words[1::2], strict=True)]
    for second in range(0, DAY_MS, 1000):
        expected = [phase for start, phase in starts if start <= second][-1]
        assert phase_at(exchange, second, True) == expected
        assert phase_at(exchange, second + 999, True) == expected


@given(exchanges, moments)
def test_a_day_off_is_closed_all_day(exchange, moment):
    assert phase_at(exchange, moment, False) == "closed"
    assert print_phase(exchange, moment, False) == "closed"


@pytest.mark.parametrize("exchange", EXCHANGES)
@pytest.mark.parametrize("day", [MONDAY, SATURDAY])
def test_the_boundaries_of_a_day_cover_each_second_exactly_once(exchange, day):
    found = boundaries(exchange, day, day == MONDAY)
    assert found[0].ts_ms == midnight_ms(day)
    ends = [b.ts_ms for b in found[1:]] + [midnight_ms(day + timedelta(days=1))]
    assert sum(end - b.ts_ms for b, end in zip(found, ends, strict=True)) == DAY_MS
    for boundary, end in zip(found, ends, strict=True):
        for at in (boundary.ts_ms, end - 1):
            moment = local(at)[1]
            assert phase_at(exchange, moment, day == MONDAY) == boundary.phase
    assert all(a.ts_ms < b.ts_ms and a.phase != b.phase for a, b in pairwise(found))


def test_boundaries_are_instants_in_utc():
    utc = int(datetime(2026, 7, 20, 2, 15, tzinfo=UTC).timestamp() * 1000)
    assert Boundary("HOSE", utc, "continuous") in boundaries("HOSE", MONDAY, True)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)))  # noqa: DTZ001  # local
def test_local_time_is_seven_hours_ahead_of_utc_and_comes_back(moment):
    utc = (moment - timedelta(hours=7)).replace(tzinfo=UTC)
    ts_ms = int((utc - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))
    day, ms_of_day = local(ts_ms)
    assert day == moment.date()
    assert midnight_ms(day) + ms_of_day == ts_ms


@pytest.mark.parametrize(
    ("exchange", "clock", "phase"),
    [
        ("HOSE", "08:59:59", "pre_open"),
        ("HOSE", "09:00:00", "ato"),
        ("HOSE", "09:15:00", "ato"),  # HPG's uncross of 20 July 2026
        ("HOSE", "09:15:01", "continuous"),
        ("HOSE", "11:30:00", "continuous"),
        ("HOSE", "11:30:01", "break"),
        ("HOSE", "13:00:00", "continuous"),
        ("HOSE", "14:30:00", "continuous"),  # an ATC print cannot be of before 14:45
        ("HOSE", "14:30:01", "atc"),
        ("HOSE", "14:45:00", "atc"),  # the print that says "C"
        ("HOSE", "14:45:01", "put_through"),
        ("HOSE", "15:00:00", "put_through"),
        ("HNX", "09:00:00", "continuous"),
        ("HNX", "14:45:00", "atc"),
        ("HNX", "14:45:01", "plo"),
        ("HNX", "15:00:00", "plo"),
        ("HNX", "15:00:01", "closed"),
        ("UPCOM", "14:45:00", "continuous"),
        ("UPCOM", "15:00:00", "continuous"),
        ("DERIVATIVES", "08:45:00", "ato"),
        ("DERIVATIVES", "09:00:00", "ato"),
        ("DERIVATIVES", "09:00:01", "continuous"),
        ("DERIVATIVES", "14:45:00", "atc"),
        ("DERIVATIVES", "14:45:01", "closed"),
    ],
)
def test_a_print_in_the_second_of_a_boundary_is_of_the_phase_that_ends(exchange, clock, phase):
    for fraction in (0, 21, 999):
        assert print_phase(exchange, ms(clock) + fraction, True) == phase


@given(exchanges, moments)
def test_prints_differ_from_the_schedule_only_in_the_first_second_of_a_phase(exchange, moment):
    scheduled, printed = (f(exchange, moment, True) for f in (phase_at, print_phase))
    starts = {b.ts_ms - midnight_ms(MONDAY) for b in boundaries(exchange, MONDAY, True)}
    if moment // 1000 * 1000 not in starts:
        assert printed == scheduled
    elif printed != scheduled:
        assert printed == phase_at(exchange, moment // 1000 * 1000 - 1, True)
        assert printed in TRADING | {"put_through"}


@pytest.mark.parametrize("exchange", EXCHANGES)
@pytest.mark.parametrize("phase_of", [phase_at, print_phase])
def test_a_restricted_stock_has_call_auctions_whenever_others_trade(exchange, phase_of):
    expected = {"ato": "periodic", "continuous": "periodic", "atc": "periodic"}
    expected["plo"] = "put_through"
    for minute in range(0, DAY_MS, 60_000):
        for moment in (minute, minute + 1000):
            usual, restricted = (phase_of(exchange, moment, True, p) for p in (False, True))
            assert restricted == expected.get(usual, usual)


@pytest.mark.parametrize("moment", [-1, DAY_MS])
def test_a_moment_of_no_day_is_refused(moment):
    with pytest.raises(ValueError, match="time of day must be 0 to 86399999"):
        phase_at("HOSE", moment, True)
