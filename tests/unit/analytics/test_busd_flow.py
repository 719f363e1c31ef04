"""Sums, rates, forecasts and their errors, minute by minute."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.analytics.core.busd_flow import FlowState, Standing, second, standing
from services.analytics.core.busd_rules import Rules, instant, traded_ms

RULES = Rules()
DAY = 20_654
MIDNIGHT = DAY * 86_400_000 - 7 * 3_600_000
BILLION = 10**9


def at(clock: str) -> int:
    hours, minutes, seconds = ([*map(int, clock.split(":")), 0])[:3]
    return MIDNIGHT + ((hours * 60 + minutes) * 60 + seconds) * 1000


def play(moves: dict[str, tuple[int, int]], until: str, begin: str = "9:15:01") -> list[Standing]:
    """Seconds from `begin` to `until`, with billions bought and sold in those named."""
    state, out = FlowState(), []
    named = {at(clock): move for clock, move in moves.items()}
    for now in range(at(begin), at(until) + 1000, 1000):
        bought, sold = named.get(now, (0, 0))
        found = second(state, now, (bought * BILLION, sold * BILLION, now in named), RULES)
        if found is not None:
            out.append(found)
    return out


def steady(per_minute: int, until: str) -> list[Standing]:
    """So many billions bought, and one sold, at every whole minute."""
    state, out = FlowState(), []
    for now in range(at("9:15"), at(until) + 1000, 60_000):
        counted = (per_minute * BILLION, BILLION, 1) if traded_ms(now) else (0, 0, 0)
        if (found := second(state, now, counted, RULES)) is not None:
            out.append(found)
    return out


@pytest.mark.parametrize(
    ("clock", "minutes"),
    [
        ("8:59", 0), ("9:15", 0), ("9:16", 1), ("11:30", 135), ("12:15", 135), ("13:00", 135),
        ("13:01", 136), ("14:30", 225), ("14:40", 235),
    ],
)  # fmt: skip
def test_trading_time_leaves_the_break_out(clock: str, minutes: int) -> None:
    assert traded_ms(at(clock)) == minutes * 60_000


@given(st.integers(1, 235 * 60_000))
def test_an_instant_is_the_first_at_which_so_much_was_traded(traded: int) -> None:
    found = instant(DAY, traded)
    assert traded_ms(found) == traded
    assert traded_ms(found - 1) == traded - 1


def test_a_row_comes_when_something_counted_and_at_each_whole_minute() -> None:
    rows = play({"9:15:30": (2, 1), "9:16:10": (0, 4)}, "9:18")
    assert [(r.current.bu, r.current.sd, r.current.busd, r.trades) for r in rows] == [
        (0, 0, 0, 0),
        (2, 1, 1, 1),
        (2, 1, 1, 1),
        (2, 5, -3, 2),
        (2, 5, -3, 2),
        (2, 5, -3, 2),
    ]


def test_a_rate_is_of_the_last_five_minutes_and_null_before_one_is_full() -> None:
    rows = play({"9:16:30": (3, 0), "9:21": (6, 1)}, "9:25")
    assert rows[0].rate is None
    named = {row.rate.bu for row in rows[1:2] if row.rate}
    assert named == {0.0}
    (last,) = rows[-1:]
    assert last.rate is not None
    assert (last.rate.bu, last.rate.sd, last.rate.busd) == (6 / 5, 1 / 5, 1.0)


def test_a_steady_flow_is_forecast_and_the_last_value_is_wrong_by_fifteen_minutes() -> None:
    rows = steady(2, "11:30")
    last = rows[-1]
    assert last.error is not None
    assert last.error_last is not None
    assert last.error_rate is not None
    assert last.judged == 119
    assert last.error_last == pytest.approx((30.0, 15.0, 15.0))
    assert last.error_rate == pytest.approx((0.0, 0.0, 0.0), abs=1e-6)
    assert max(last.error) < 2, "it learns within the day which windows are right"
    assert last.predicted is not None
    assert last.predicted.busd == pytest.approx(last.current.busd + 15, rel=1e-3)


def test_a_flow_that_stops_is_forecast_not_to_go_on_as_it_went() -> None:
    """No rate at all is one of those that are weighed."""
    moves = {f"9:{m}:30": (5, 0) for m in range(16, 31)}
    rows = play(moves, "11:00")
    last = rows[-1]
    assert last.predicted is not None
    assert last.predicted.bu == pytest.approx(last.current.bu, rel=0.02)


def test_fifteen_minutes_are_of_trading_time_and_none_is_past_the_cutoff() -> None:
    state = FlowState()
    for minute in range(1, 236):
        now = instant(DAY, minute * 60_000)
        found = second(state, now, (BILLION, 0, 1), RULES)
        assert found is not None
        if minute == 125:
            assert found.target_ms == at("13:05")
        if minute in (1, 221, 222, 235):
            assert (found.predicted, found.target_ms) == (None, None)
        if minute == 220:
            assert found.target_ms == at("14:40")
            assert found.predicted is not None
            assert found.predicted.bu <= 220 + 5 + 1e-9, "nothing has a side after 14:30"
    assert second(state, at("14:40:01"), (0, 0, 0), RULES) is None


def test_a_new_day_begins_with_nothing_and_clocks_may_be_a_minute_apart() -> None:
    state = FlowState()
    for now in range(at("9:15"), at("10:00"), 60_000):
        second(state, now, (BILLION, 0, 1), RULES)
    found = second(state, at("9:20") + 86_400_000, (BILLION, 0, 1), RULES)
    assert found is not None
    assert (found.current.bu, found.trades, found.judged, found.rate) == (1.0, 1, 0, None)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=40, max_size=80))
def test_errors_are_the_means_of_what_was_said_and_what_came(
    moves: list[tuple[int, int]],
) -> None:
    """Recomputed from the rows alone."""
    state, rows = FlowState(), []
    for minute, (bought, sold) in enumerate(moves, 1):
        now = instant(DAY, minute * 60_000)
        second(state, now, (bought * BILLION, sold * BILLION, 1), RULES)
        rows.append(standing(state, now, RULES))
    judged = [(then, now) for then, now in zip(rows, rows[15:], strict=False) if then.predicted]
    last = rows[-1]
    assert last.judged == len(judged) > 0
    for at_, name in enumerate(("bu", "sd", "busd")):
        said = [(t.predicted, t.current[at_], t.rate, n.current[at_]) for t, n in judged]
        model = [abs(p[at_] - came) for p, _, _, came in said if p]
        naive = [abs(was - came) for _, was, _, came in said]
        gone_on = [abs(was + r[at_] * 15 - came) for _, was, r, came in said if r]
        for found, errors in (
            (last.error, model),
            (last.error_last, naive),
            (last.error_rate, gone_on),
        ):
            assert found is not None
            assert getattr(found, name) == pytest.approx(sum(errors) / len(errors), abs=1e-6)
