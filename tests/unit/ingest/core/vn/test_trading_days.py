"""The calendar and time of trading."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.core.vn.holidays import Calendar
from services.ingest.core.vn.schedule import (
    DAY_MS,
    EXCHANGES,
    TRADING,
    midnight_ms,
    phase_at,
)
from services.ingest.core.vn.trading_time import trading_seconds

days = st.dates(date(2017, 1, 1), date(2035, 12, 31))
calendars = st.builds(Calendar, st.frozensets(days, max_size=60))
START = midnight_ms(date(2026, 7, 13))
instants = st.integers(START, START + 30 * DAY_MS)


@given(calendars, days)
def test_no_saturday_or_sunday_is_a_trading_day(calendar, day):
    if day.weekday() >= 5:
        assert not calendar.is_trading_day(day)
        assert calendar.is_certain(day)


@given(st.frozensets(days, max_size=60), days)
def test_a_weekday_is_a_trading_day_unless_it_is_a_holiday(holidays, day):
    assert Calendar(holidays).is_trading_day(day) == (day.weekday() < 5 and day not in holidays)


@given(calendars, days, st.integers(-30, 400))
def test_counting_trading_days_is_asking_each_day(calendar, first, length):
    asked = (calendar.is_trading_day(first + timedelta(days=i)) for i in range(length))
    assert calendar.count(first, first + timedelta(days=length)) == sum(asked)


@given(calendars, days)
def test_neighbouring_trading_days_have_none_between(calendar, day):
    assert calendar.count(day, calendar.on_or_after(day)) == 0
    assert calendar.count(calendar.on_or_before(day) + timedelta(days=1), day + timedelta(1)) == 0
    later = calendar.after(day)
    assert later > day
    assert calendar.before(later) == calendar.on_or_before(day)
    assert calendar.is_trading_day(later)


def test_a_year_without_a_confirmed_holiday_and_an_unverified_one_are_uncertain():
    new_year, culture, tet = date(2026, 1, 1), date(2026, 11, 24), date(2027, 2, 5)
    calendar = Calendar([new_year, culture, tet], unverified=[culture, tet])
    assert calendar.is_certain(date(2026, 7, 20))
    assert not calendar.is_certain(culture)
    assert not calendar.is_certain(date(2027, 7, 20))
    assert not calendar.is_certain(date(2028, 7, 20))


@pytest.mark.parametrize(
    ("exchange", "minutes"),
    # HOSE 9:00-11:30 and 13:00-14:45; HNX to 15:00 with PLO; derivatives from 8:45.
    [("HOSE", 255), ("HNX", 270), ("UPCOM", 270), ("DERIVATIVES", 270)],
)
def test_a_trading_day_has_the_minutes_of_its_sessions_without_the_lunch(exchange, minutes):
    assert trading_seconds(exchange, START, START + DAY_MS, Calendar([])) == minutes * 60
    assert trading_seconds(exchange, START, START + 7 * DAY_MS, Calendar([])) == 5 * minutes * 60


def test_lunch_a_night_a_weekend_and_a_holiday_take_no_trading_time():
    def at(day, clock):
        return midnight_ms(date(2026, 7, day)) + int(clock * 3_600_000)

    calendar = Calendar([date(2026, 7, 15)])
    assert trading_seconds("HOSE", at(13, 11.5), at(13, 13), calendar) == 0
    assert trading_seconds("HOSE", at(13, 11), at(13, 13.5), calendar) == 3600
    assert trading_seconds("HOSE", at(14, 14.5), at(16, 9.25), calendar) == 30 * 60
    assert trading_seconds("HOSE", at(17, 14.5), at(20, 9.25), calendar) == 30 * 60


@given(st.sampled_from(EXCHANGES), calendars, instants, instants, instants)
def test_trading_time_adds_up_in_any_order(exchange, calendar, a, b, c):
    ab, bc, ac = (
        round(trading_seconds(exchange, x, y, calendar) * 1000) for x, y in ((a, b), (b, c), (a, c))
    )
    assert ab + bc == ac
    assert (ab >= 0) == (a <= b) or ab == 0


@given(st.sampled_from(EXCHANGES), st.integers(0, 86_399))
def test_a_second_is_trading_time_when_its_phase_is_one_of_trading(exchange, second):
    at = START + second * 1000
    passed = trading_seconds(exchange, at, at + 1000, Calendar([]))
    assert passed == (1 if phase_at(exchange, second * 1000, True) in TRADING else 0)
