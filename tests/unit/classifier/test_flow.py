"""Rows of session-flow, against days counted by hand."""

import pytest

from schemas.session_flow import SessionFlow
from tests.unit.classifier.flow_support import at, hole, now_in, print_, rows, stock, tick
from tests.unit.classifier.support import SECOND


def newest(found: list[SessionFlow]) -> dict[str, SessionFlow]:
    return {r.phase: r for r in found}


def told(row: SessionFlow) -> tuple[float, ...]:
    return (
        row.buy_volume,
        row.sell_volume,
        row.neutral_volume,
        row.unknown_volume,
        row.total_volume,
    )


def test_a_start_in_mid_day_leaves_all_before_it_unknown_and_in_no_phase():
    """The opening auction and the morning are in it, so no phase can have it."""
    ten = at("10:30:00")
    found = rows(
        [
            stock(at("10:29:00")),
            hole(ten + 1, 4_999_900, 1e11, cause="late_start"),
            print_(ten + 2, 100, 5_000_000, vendor_side="buy", total_value=1.2e11),
            tick(ten + SECOND),
        ]
    )
    continuous, day = found
    assert told(continuous) == (100, 0, 0, 0, 100)
    assert told(day) == (100, 0, 0, 4_999_900, 5_000_000)
    assert (day.total_value, day.buy_value, day.unexplained_volume) == (1.2e11, 2_000_000, 0)
    assert (continuous.part, day.part, day.seq) == (0, 1, ten + SECOND)


def test_where_the_day_opens_with_continuous_trading_a_late_start_is_all_of_that_phase():
    ten = at("10:30:00")
    found = rows(
        [
            stock(at("10:29:00"), exchange="HNX"),
            hole(ten + 1, 900, 18_000_000.0, cause="late_start"),
            print_(ten + 2, 100, 1000, vendor_side="sell"),
            tick(ten + SECOND),
        ]
    )
    assert [told(r) for r in found] == [(0, 100, 0, 900, 1000)] * 2
    assert found[0].total_value == 20_000_000


def test_a_hole_over_the_break_is_of_the_continuous_phase_and_one_into_the_auction_of_none():
    found = rows(
        [
            print_(at("09:00:30"), 10, 10, phase="ato"),
            print_(at("11:29:00"), 100, 110, vendor_side="buy"),
            hole(at("13:00:01") - 1, 300, 6_000_000.0),
            print_(at("13:00:01"), 100, 510, vendor_side="sell"),
            hole(at("14:45:02") - 1, 40, 800_000.0),
            print_(at("14:45:02"), 50, 600, phase="atc", vendor_side="sell", total_value=1.2e7),
            tick(at("14:45:03")),
        ]
    )
    assert {p: told(r) for p, r in newest(found).items()} == {
        "ato": (0, 0, 10, 0, 10),
        "continuous": (100, 100, 0, 300, 500),
        "atc": (0, 0, 50, 0, 50),
        "day": (100, 100, 60, 340, 600),
    }
    assert newest(found)["continuous"].total_value == 10_000_000
    assert newest(found)["day"].total_value == 12_000_000


def test_a_total_that_grew_without_print_or_gap_is_unknown_and_shown_as_unexplained():
    found = newest(rows([
        stock(at("08:30:00"), exchange="UPCOM"),
        print_(at("09:01:00"), 100, 100, vendor_side="buy"),
        print_(at("09:02:00"), 100, 700, vendor_side="buy"),
        tick(at("09:03:00")),
    ]))  # fmt: skip
    assert told(found["continuous"]) == told(found["day"]) == (200, 0, 0, 500, 700)
    assert (found["continuous"].unexplained_volume, found["day"].unexplained_volume) == (0, 500)
    assert found["continuous"].total_value is None, "what was missed is worth nobody knows what"


def test_volume_taken_back_is_negative_unknown_of_the_day_alone():
    found = newest(rows([
        print_(at("09:20:00"), 1000, 1000, vendor_side="buy"),
        hole(at("09:21:00"), None),
        print_(at("09:21:01"), 100, 900, vendor_side="buy"),
        tick(at("09:22:00")),
    ]))  # fmt: skip
    assert told(found["continuous"]) == (1100, 0, 0, 0, 1100)
    assert told(found["day"]) == (1100, 0, 0, -200, 900)
    assert found["day"].unexplained_volume == -200


def test_a_gap_counts_when_the_print_after_it_came():
    """Until then the vendor's total is the one before the hole."""
    found = rows([
        print_(at("09:20:00"), 100, 100, vendor_side="buy"),
        hole(at("09:20:30"), 600),
        hole(at("09:20:31"), 7, symbol="*"),
        tick(at("09:21:00")),
        print_(at("09:21:30"), 100, 800),
        tick(at("09:22:00")),
    ])  # fmt: skip
    days = [told(r) for r in found if r.phase == "day"]
    assert days == [(100, 0, 0, 0, 100), (100, 0, 0, 700, 800)]
    assert found[-1].unknown_count == 1, "the second print has no side either"
    assert found[-1].unexplained_volume == 0, "a gap of the whole venue is of no symbol"


def test_coins_add_up_exactly():
    """0.1 ten times is 1, and ten trillion coins with a hundred-millionth are no overflow."""
    tenths = [
        print_(at("09:00:00") + n, 0.1, None, symbol="Y.BN", price=2.5, vendor_side="buy")
        for n in range(10)
    ]
    dear, day = rows([*tenths, tick(at("09:00:01"), "BN")])
    assert told(dear) == told(day) == (1, 0, 0, 0, 1)
    assert (day.day, day.venue, day.buy_value, day.total_value) == ("2026-07-20", "BN", 2.5, 2.5)
    many = [
        print_(at("09:00:00") + n, volume, None, symbol="Y.BN", vendor_side="sell")
        for n, volume in enumerate([0.00000001, 10_000_000_000_000.0, 0.99999999])
    ]
    sold = rows([*many, tick(at("09:00:01"), "BN")])[-1].sell_volume
    assert (sold, type(sold)) == (10_000_000_000_001, int)


def test_crypto_days_are_those_of_utc_and_vietnamese_of_utc_7():
    late = at("06:59:59")
    coins = [print_(late + n * SECOND, 1, None, symbol="Y.BN") for n in range(2)]
    shares = [print_(late + n * SECOND, 1, n + 1) for n in range(2)]
    assert {r.day for r in rows([*coins, tick(late + 2 * SECOND, "BN")])} == {
        "2026-07-19", "2026-07-20",
    }  # fmt: skip
    assert {r.day for r in rows([*shares, tick(late + 2 * SECOND)])} == {"2026-07-20"}


def test_values_have_the_contract_s_multiplier_and_are_null_while_it_is_unknown():
    future = {"symbol": "41I1G8000", "price": 1788.5, "vendor_side": "buy"}
    nine = at("09:01:00")
    about = {"exchange": "DERIVATIVES", "kind": "future", "multiplier": 100_000.0}
    known = stock(nine, symbol="41I1G8000", **about)
    bought = print_(nine + 1, 20, 20, **future)
    assert rows([known, bought, tick(nine + SECOND)])[0].buy_value == 3_577_000_000
    assert rows([bought, tick(nine + SECOND)])[0].buy_value is None
    coin = {"symbol": "BTCUSD_PERP.BNC", "price": 60_000.0, "vendor_side": "sell"}
    about = {"venue": "BNC", "exchange": "BINANCE", "kind": "crypto"}
    perp = stock(nine, symbol="BTCUSD_PERP.BNC", multiplier=100.0, inverse=True, **about)
    sold = print_(nine + 1, 3.0, None, **coin)
    assert rows([perp, sold, tick(nine + SECOND, "BNC")])[0].sell_value == 300.0


def test_other_boards_are_not_in_it():
    nine = at("09:20:00")
    assert rows([
        print_(nine, 5, None, board="odd_lot"),
        print_(nine + 1, 10_000, None, board="put_through", phase="put_through"),
        tick(nine + SECOND),
    ]) == []  # fmt: skip


def test_nothing_comes_between_clocks_and_nothing_when_nothing_changed():
    nine = at("09:20:00")
    found = rows([
        print_(nine, 100, 100),
        print_(nine + 1, 100, 200),
        tick(nine + SECOND),
        tick(nine + 2 * SECOND),
        print_(nine + 2 * SECOND + 1, 100, 300),
    ])  # fmt: skip
    assert [(r.seq, r.phase, r.total_volume) for r in found] == [
        (nine + SECOND, "continuous", 200),
        (nine + SECOND, "day", 200),
    ]


def test_a_phase_is_final_a_minute_after_the_exchange_went_on_also_over_the_break():
    uncross, end = at("14:45:00"), at("15:00:00")
    found = rows([
        stock(at("08:30:00")),
        now_in(at("11:30:00"), "break"),
        print_(at("11:30:00") + 5, 100, 100),
        tick(at("11:35:00")),
        now_in(at("14:30:00"), "atc"),
        tick(at("14:30:59")),
        tick(at("14:31:00")),
        now_in(uncross, "put_through"),
        print_(uncross + 2 * SECOND, 50, 150, phase="atc"),
        tick(uncross + 3 * SECOND),
        tick(uncross + 60 * SECOND),
        now_in(end, "closed"),
        now_in(end + 1, "closed", exchange="HNX"),
        tick(end + 60 * SECOND),
        print_(end + 70 * SECOND, 1, 151, phase="atc"),
        tick(end + 71 * SECOND),
        now_in(at("00:00:00", day=1), "pre_open"),
    ])  # fmt: skip
    assert [(r.seq, r.phase, r.final) for r in found] == [
        (at("11:35:00"), "continuous", False),
        (at("11:35:00"), "day", False),
        (at("14:31:00"), "continuous", True),
        (at("14:31:00"), "day", False),
        (uncross + 3 * SECOND, "atc", False),
        (uncross + 3 * SECOND, "day", False),
        (uncross + 60 * SECOND, "atc", True),
        (uncross + 60 * SECOND, "day", False),
        (end + 60 * SECOND, "day", True),
        (end + 71 * SECOND, "atc", True),
        (end + 71 * SECOND, "day", True),
    ]


@pytest.mark.parametrize("quiet", [False, True])
def test_the_last_rows_of_a_day_stand_before_the_first_of_the_next(quiet: bool):
    """Also when no clock came between; what the vendor's total was is forgotten."""
    morning = at("09:15:00", day=1)
    found = rows([
        print_(at("14:45:01"), 100, 9000, phase="atc"),
        *([] if quiet else [tick(at("14:46:00"))]),
        print_(morning, 30, 30, phase="ato"),
        tick(morning + SECOND),
    ])  # fmt: skip
    assert [(r.day, r.phase, r.total_volume, r.final) for r in found][-4:] == [
        ("2026-07-20", "atc", 100, True),
        ("2026-07-20", "day", 9000, True),
        ("2026-07-21", "ato", 30, False),
        ("2026-07-21", "day", 30, False),
    ]
    assert [(r.seq, r.part) for r in found][-4:-2] == [(morning, 0), (morning, 1)]
    assert len(found) == (4 if quiet else 6)


def test_an_exchange_said_to_be_closed_that_opens_has_ended_nothing():
    found = rows([
        stock(at("06:00:00")),
        now_in(at("06:00:01"), "closed"),
        now_in(at("09:00:00"), "ato"),
        print_(at("09:15:01"), 100, 100, phase="ato"),
        tick(at("09:15:02")),
    ])  # fmt: skip
    assert [r.final for r in found] == [False, False]
