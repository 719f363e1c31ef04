"""The exchange's rules, against ingest's own: two writings of one source."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest import reference
from services.ingest.core.vn import futures as ingest_futures
from services.ingest.core.vn import instruments, schedule
from services.ingest.core.vn.codes import session_phase
from services.simulator.core import futures
from services.simulator.core.day import (
    NS,
    SESSIONS,
    SPANS,
    Exchange,
    NoTradingDay,
    clock,
    time_of,
    trading_day,
)
from services.simulator.core.draws import Draws
from services.simulator.core.prices import ladder, limits
from services.simulator.core.universe import UniverseError, universe
from tests.unit.simulator.exchange_day import FRIDAY, MEMBERS

DATA = reference.load(Path(__file__).parents[3] / "deploy" / "reference-data")
HOLIDAYS = {
    day
    for n in range(3000)
    if not DATA.calendar.is_trading_day(day := date(2025, 1, 1) + timedelta(days=n))
}
shares = st.sampled_from(["HOSE", "HNX", "UPCOM"])


@given(st.integers(0, 2000))
def test_the_listed_futures_are_those_of_ingests_rules(days: int) -> None:
    day = date(2025, 12, 1) + timedelta(days=days)
    listed = ingest_futures.listed("VN30", day, DATA.calendar)
    expected = [
        (
            ingest_futures.krx_code(contract),
            ingest_futures.last_trading_day(contract, DATA.calendar),
        )
        for contract in listed
    ]
    assert [tuple(contract) for contract in futures.listed(day, HOLIDAYS)] == expected


@given(shares, st.integers(20, 3000))
def test_limits_and_steps_are_those_of_ingests_rules(exchange: Exchange, hundreds: int) -> None:
    price = hundreds * 100
    ceiling, floor = limits(price, exchange, "stock")
    assert (ceiling, floor) == instruments.price_limits(price, exchange, "stock")
    rungs = ladder(price, exchange, "stock")
    steps = instruments.price_steps(exchange, "stock")
    assert (rungs.prices[0], rungs.prices[-1]) == (floor, ceiling)
    assert rungs.prices[rungs.reference] == price
    for low, high in zip(rungs.prices, rungs.prices[1:], strict=False):
        assert high - low == instruments.step_at(steps, low)


@given(st.integers(5000, 30000))
def test_a_futures_prices_are_tenths_of_a_point(tenths: int) -> None:
    rungs = ladder(tenths, "DERIVATIVES", "future")
    expected = instruments.price_limits(tenths / 10, "DERIVATIVES", "future")
    assert expected is not None
    assert (float(rungs.texts[-1]), float(rungs.texts[0])) == expected


@pytest.mark.parametrize("exchange", list(SPANS))
def test_orders_come_only_in_the_phases_of_the_schedule(exchange: Exchange) -> None:
    for span in SPANS[exchange]:
        for ns in (span.start, (span.start + span.end) // 2, span.end - 1):
            ms = ns // 1_000_000
            assert schedule.phase_at(exchange, ms, trading_day=True) == span.phase
            if span.mode != "auction":
                assert schedule.print_phase(exchange, ms, trading_day=True) == span.phase
        if span.mode == "auction":
            ms = span.end // 1_000_000
            assert schedule.print_phase(exchange, ms, trading_day=True) == span.phase


@pytest.mark.parametrize("exchange", list(SESSIONS))
def test_announced_sessions_are_those_of_the_schedule(exchange: Exchange) -> None:
    for ns, code in SESSIONS[exchange]:
        scheduled = schedule.phase_at(exchange, ns // 1_000_000, trading_day=True)
        # HOSE says C (captured) while put-through goes on to 15:00.
        assert session_phase(code) == ("closed" if scheduled == "put_through" else scheduled)


def test_a_weekend_and_a_holiday_are_refused_unless_forced() -> None:
    with pytest.raises(NoTradingDay, match="2026-11-21 is a Saturday"):
        trading_day(date(2026, 11, 21), set())
    with pytest.raises(NoTradingDay, match="2026-09-02 is a holiday"):
        trading_day(date(2026, 9, 2), {date(2026, 9, 2)})
    assert trading_day(date(2026, 11, 21), set(), forced=True).before == FRIDAY


def test_the_day_before_is_a_trading_day() -> None:
    holidays = {date(2026, 9, 1), date(2026, 9, 2)}
    assert trading_day(date(2026, 9, 3), holidays).before == date(2026, 8, 31)


def test_times_are_written_in_whole_seconds() -> None:
    assert time_of(clock("09:15:00") + NS - 1) == "09:15:00"
    assert time_of(clock("14:45:03")) == "14:45:03"


@pytest.mark.parametrize(("which", "count"), [("vn30", 34), ("default", 104), ("1600", 1600)])
def test_a_universe_has_so_many_instruments_each_once(which: str, count: int) -> None:
    found = universe(which, MEMBERS, trading_day(FRIDAY, set()), set(), 7)
    assert len({each.symbol for each in found}) == len(found) == count
    assert [each.number for each in found] == list(range(count))
    assert sum(each.cap > 0 for each in found) == 30
    assert [each.symbol for each in found if each.kind == "future"] == [
        "41I1GC000", "41I1H1000", "41I1H3000", "41I1H6000",
    ]  # fmt: skip
    if which != "vn30":
        kinds = {(each.exchange, each.kind) for each in found}
        assert kinds >= {("HOSE", "etf"), ("HOSE", "cw"), ("HNX", "stock"), ("UPCOM", "stock")}
        assert sum(each.halted for each in found) == sum(each.locked for each in found) == 1


@pytest.mark.parametrize("which", ["33", "1601", "many", "-5"])
def test_no_other_universe_is_known(which: str) -> None:
    with pytest.raises(UniverseError, match=f"from 34 to 1600, was '{which}'"):
        universe(which, MEMBERS, trading_day(FRIDAY, set()), set(), 7)


def test_no_member_of_vn30_counts_more_than_a_tenth() -> None:
    found = [i for i in universe("vn30", MEMBERS, trading_day(FRIDAY, set()), set(), 7) if i.cap]
    capital = [i.reference * i.shares * i.free_float * i.cap for i in found]
    assert max(capital) / sum(capital) < 0.101
    assert any(i.cap < 1000 for i in found)


def test_draws_are_pinned_and_have_their_distributions() -> None:
    draws = Draws(7, "HPG", "flow")
    assert draws.below(1000, 6).tolist() == [180, 401, 187, 315, 541, 596]
    assert draws.exponential(1000, 4).tolist() == [237, 27, 4128, 723]
    normal = draws.normal(20_000)
    assert abs(normal.mean()) < 25
    assert 980 < normal.std() < 1020
    assert 980 < draws.exponential(1000, 20_000).mean() < 1020
    picked = draws.pick(np.array([1, 0, 4]), 8000)
    assert [round((picked == k).mean(), 1) for k in range(3)] == [0.2, 0.0, 0.8]
    assert Draws(7, "HPG", "news").words(3).tolist() != Draws(7, "HPG", "flow").words(3).tolist()
