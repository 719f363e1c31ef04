"""Rows of basis, by hand."""

from typing import Any

import pytest

from schemas.market import Foreign, OpenInterest
from services.derivatives.app import build
from services.runtime.settings import Settings, SettingsError
from tests.unit.board.support import SECOND, clock, head, status
from tests.unit.derivatives.support import (
    DEC,
    JAN,
    JUN,
    MAR,
    Desk,
    begun,
    index,
    quote,
    trade,
    trading,
    us,
)
from tests.unit.foreign.support import gap

DAY = "2026-11-20"
AT = us(DAY, "09:20:00")
MINUTE = 60 * SECOND


def test_basis_in_points_and_percent_of_the_last_trade_and_of_the_quote() -> None:
    desk = trading()
    row = desk.row(
        index(AT, 1900.0), trade(AT + 1, 1904.5, total_volume=70), quote(AT + 2, 1904, 1904.6)
    )
    assert (row.future, row.spot, row.spot_kind, row.basis) == (1904.5, 1900.0, "published", 4.5)
    assert row.basis_percent == 0.2368, "4.5 of 1900"
    assert (row.mid_basis, row.mid_basis_percent) == (4.3, 0.2263)
    assert (row.seq, row.ts_ms, row.day) == (AT - 1 + SECOND, (AT - 1) // 1000 + 1000, DAY)
    assert (row.underlying, row.phase, row.total_volume) == ("VN30", "continuous", 70)


def test_fair_value_carry_and_days_by_hand() -> None:
    """17 December is 27 days from 20 November: 1900 x (1 + 0.03 x 27/365) = 1904.2164..."""
    row = trading().row(index(AT, 1900.0), trade(AT + 1, 1904.5))
    assert (row.last_trading_day, row.days_to_expiry) == ("2026-12-17", 27)
    assert row.fair_value == pytest.approx(1904.216438, abs=1e-6)
    assert row.carry == pytest.approx(4.5 / 1900 * 365 / 27), "3.2 % a year"
    assert (row.rate, row.dividend_yield) == (0.045, 0.015)


def test_the_four_listed_months_have_their_names() -> None:
    rows = trading().rows(index(AT, 1900.0))
    names = [(s, r.alias, r.continuous, r.days_to_expiry) for s, r in rows.items()]
    assert names == [
        (DEC, "VN30F2612", "VN30F1M", 27),
        (JAN, "VN30F2701", "VN30F2M", 62),
        (MAR, "VN30F2703", "VN30F1Q", 118),
        (JUN, "VN30F2706", "VN30F2Q", 209),
    ]
    assert {(r.roll, r.continuous_since) for r in rows.values()} == {(False, None)}


def test_without_a_trade_or_a_value_everything_of_it_is_null_and_never_zero() -> None:
    desk = trading()
    row = desk.row(index(AT, 1900.0))
    assert (row.spot, row.fair_value is None, row.future, row.basis) == (1900.0, False, None, None)
    assert (row.carry, row.mid_basis, row.z_score, row.direction) == (None, None, None, None)
    assert (row.open_interest, row.foreign_net_volume, row.future_stale) == (None, None, None)
    quiet = trading().row(trade(AT, 1904.5))
    assert (quiet.spot, quiet.spot_kind, quiet.basis, quiet.basis_percent) == (
        None,
        "none",
        None,
        None,
    )
    assert (quiet.fair_value, quiet.spot_stale, quiet.stale) == (None, None, False)


def test_at_08_50_futures_trade_and_the_index_has_no_value() -> None:
    """What MI tells before the opening is yesterday's close: no basis comes of it."""
    desk = Desk(*begun(DAY))
    desk.take(status(us(DAY, "08:45:00"), "ato", "DERIVATIVES"))
    at = us(DAY, "08:50:00")
    row = desk.row(index(at, 1900.0, "pre_open"), quote(at + 1, 1903.0, 1903.4))
    assert (row.phase, row.spot, row.spot_kind, row.basis, row.mid_basis) == (
        "ato", None, "none", None, None,
    )  # fmt: skip
    assert (row.fair_value, row.settlement_estimate, row.days_to_expiry) == (None, None, 27)


def test_at_09_05_the_spot_is_the_estimate_of_the_opening_auction() -> None:
    desk = Desk(*begun(DAY))
    desk.take(
        status(us(DAY, "08:45:00"), "ato", "DERIVATIVES"),
        status(us(DAY, "09:00:00"), "ato", "HOSE"),
        status(us(DAY, "09:00:00") + 1, "continuous", "DERIVATIVES"),
    )
    at = us(DAY, "09:05:00")
    row = desk.row(trade(at, 1905.0), index(at + 1, 1900.0, "ato"))
    assert (row.spot_kind, row.spot, row.basis) == ("none", None, None)
    row = desk.row(index(at + SECOND, 1900.0, "ato", estimated_value=1902.5))
    assert (row.spot_kind, row.spot, row.basis, row.future_stale) == (
        "estimated_ato",
        1902.5,
        2.5,
        False,
    )
    desk.take(status(us(DAY, "09:15:00"), "continuous", "HOSE"))
    late = desk.until(us(DAY, "09:15:00"), us(DAY, "09:16:00"))[DEC]
    assert (late.spot_kind, late.spot_stale) == ("estimated_ato", True), "nothing came after it"
    row = desk.row(index(us(DAY, "09:16:05"), 1903.0))
    assert (row.spot_kind, row.basis, row.spot_stale) == ("published", 2.0, False)


def test_at_14_46_the_last_values_stand_and_nothing_ages() -> None:
    desk = trading()
    desk.take(
        status(us(DAY, "14:30:00"), "atc", "DERIVATIVES"), status(us(DAY, "14:30:00") + 1, "atc")
    )
    at = us(DAY, "14:44:58")
    desk.take(index(at, 1900.0, "atc"), trade(at + 1, 1903.0))
    desk.take(
        status(us(DAY, "14:45:00"), "closed", "DERIVATIVES"),
        status(us(DAY, "14:45:00") + 1, "put_through"),
        index(us(DAY, "14:45:02"), 1901.0, "put_through"),
    )
    last = desk.until(us(DAY, "14:45:02"), us(DAY, "14:46:00"))[DEC]
    assert (last.phase, last.spot, last.basis, last.stale) == ("closed", 1901.0, 2.0, False)
    assert desk.until(us(DAY, "14:46:00"), us(DAY, "15:46:00")) == {}, "an hour says nothing new"


def test_a_quote_with_one_side_or_crossed_has_no_middle() -> None:
    desk = trading()
    desk.take(index(AT, 1900.0), trade(AT + 1, 1904.0))
    for number, sides in enumerate(
        [(1904.0, None), (None, 1904.0), (1904.2, 1904.0), (1904.0, 1904.0)]
    ):
        row = desk.row(
            trade(AT + (number + 1) * SECOND, 1904.1 + number),
            quote(AT + (number + 1) * SECOND + 1, *sides),
        )
        assert (row.mid_basis, row.mid_basis_percent) == (None, None)


def test_a_spot_is_stale_after_15_s_and_a_future_after_60_s_without_quote_or_trade() -> None:
    desk = trading()
    desk.take(index(AT, 1900.0), trade(AT + 1, 1904.0), clock(AT))
    rows = desk.take(*(clock(AT + n * SECOND) for n in range(1, 100)))
    mine = [row for row in rows if row.symbol == DEC]
    since = {
        name: min((r.seq - AT) // SECOND + 1 for r in mine if getattr(r, name))
        for name in ("spot_stale", "future_stale", "stale")
    }
    assert since == {"spot_stale": 16, "future_stale": 61, "stale": 16}
    assert (mine[-1].basis, mine[-1].direction) == (4.0, None), "shown, and marked"
    row = desk.row(index(AT + 100 * SECOND, 1900.0), quote(AT + 100 * SECOND + 1, 1903.9, 1904.1))
    assert (row.spot_stale, row.future_stale, row.stale) == (False, False, False)


def test_the_break_makes_nothing_stale_and_the_settings_say_how_long_is_long() -> None:
    desk = trading()
    at = us(DAY, "11:29:50")
    desk.take(index(at, 1900.0), trade(at + 1, 1904.0))
    for number, exchange in enumerate(("HOSE", "DERIVATIVES")):
        desk.take(status(us(DAY, "11:30:00") + number, "break", exchange))
    row = desk.until(us(DAY, "11:30:00"), us(DAY, "11:31:00"))[DEC]
    assert (row.phase, row.stale) == ("break", False)
    assert desk.until(us(DAY, "11:31:00"), us(DAY, "12:59:00")) == {}
    quick = Desk(*begun(DAY), derivatives_stale_spot_s=2)
    quick.take(status(AT - 10 * SECOND, "continuous"), index(AT, 1900.0))
    assert quick.until(AT, AT + 4 * SECOND)[DEC].spot_stale is True


def test_direction_is_of_the_size_of_the_basis_over_a_minute_by_a_tick() -> None:
    cases = [
        (4.0, 4.1, "widening"),
        (4.0, 3.9, "narrowing"),
        (4.0, 4.05, "flat"),
        (-4.0, -4.5, "widening"),
        (3.0, -1.0, "narrowing"),
        (1.0, -3.0, "widening"),
    ]
    for before, after, direction in cases:
        desk = trading()
        desk.take(index(AT, 1900.0), trade(AT + 1, 1900.0 + before), clock(AT))
        then = desk.row(index(AT + 30 * SECOND, 1900.0), trade(AT + 30 * SECOND + 1, 1888.0))
        assert then.direction is None, "not yet a minute"
        at = AT + 60 * SECOND
        row = desk.row(index(at, 1900.0), trade(at + 1, 1900.0 + after))
        assert row.basis == pytest.approx(after)
        assert row.direction == direction


def test_divergence_is_the_future_s_change_less_the_spot_s_over_five_minutes() -> None:
    desk = trading()
    desk.take(index(AT, 1900.0), trade(AT + 1, 1904.0), clock(AT))
    at = AT + 5 * MINUTE
    row = desk.row(index(at, 1881.0), trade(at + 1, 1923.04))
    assert (row.future_change_5m, row.spot_change_5m) == (19.04, -19.0)
    assert row.divergence == pytest.approx(2.0), "1 % up, 1 % down"


def test_windows_begin_anew_after_a_loss_of_the_feed() -> None:
    desk = trading()
    desk.take(index(AT, 1900.0), trade(AT + 1, 1904.0), clock(AT))
    fresh: list[Any] = [index(AT + MINUTE, 1900.0), trade(AT + MINUTE + 1, 1906.0)]
    assert desk.row(*fresh).direction == "widening"
    desk.take(gap(AT + MINUTE + SECOND, "trade_id"))
    assert desk.row(index(AT + MINUTE + SECOND + 1, 1899.0)).direction == "widening"
    desk.take(gap(AT + MINUTE + 2 * SECOND, "disconnect"))
    assert desk.row(index(AT + MINUTE + 2 * SECOND + 1, 1900.0)).direction is None


def test_open_interest_and_foreign_net_where_a_feed_has_them() -> None:
    desk = trading()
    desk.take(OpenInterest(**head(AT, DEC), value=57_500, prior=56_000))
    row = desk.row(Foreign(**head(AT + 1, DEC), buy_volume=310, sell_volume=455))
    assert (row.open_interest, row.open_interest_prior, row.foreign_net_volume) == (
        57_500,
        56_000,
        -145,
    )


@pytest.mark.parametrize("missing", ["rate", "dividend_yield"])
def test_without_a_rate_it_refuses_to_start_and_names_the_variable(missing: str) -> None:
    options: dict[str, Any] = {"derivatives_rate": 0.045, "derivatives_dividend_yield": 0.015}
    del options[f"derivatives_{missing}"]
    with pytest.raises(SettingsError, match=f"VNTAPE_DERIVATIVES_{missing.upper()} is not set"):
        build(Settings(**options))


def test_at_most_one_row_a_second_of_a_contract_and_none_that_says_nothing_new() -> None:
    desk = trading()
    rows = desk.take(index(AT, 1900.0), trade(AT + 1, 1904.0), trade(AT + 2, 1904.2), clock(AT))
    assert [row.symbol for row in rows] == [DEC, JAN, MAR, JUN]
    assert rows[0].basis == 4.2
    assert desk.take(index(AT + SECOND, 1900.0), clock(AT + SECOND)) == []
