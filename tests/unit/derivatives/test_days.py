"""Expiry, roll and settlement: 19 and 20 November 2026."""

import itertools
from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.basis import Basis
from schemas.market import MarketMessage
from services.derivatives.core.settlement import Settlement
from services.ingest.core.vn import futures, image
from services.ingest.core.vn.holidays import Calendar
from tests.unit.board.support import SECOND, clock, status
from tests.unit.derivatives.support import (
    DEC,
    JAN,
    MAR,
    NOV,
    Desk,
    begun,
    index,
    listed,
    trade,
    trading,
    us,
)

LAST, NEXT = "2026-11-19", "2026-11-20"


def test_on_the_last_day_the_front_has_no_days_left_and_its_fair_value_is_the_spot() -> None:
    at = us(LAST, "10:00:00")
    rows = trading(LAST).rows(index(at, 1900.0), trade(at + 1, 1900.4, NOV), trade(at + 2, 1904.0))
    front = rows[NOV]
    assert (front.continuous, front.days_to_expiry, front.fair_value) == ("VN30F1M", 0, 1900.0)
    assert (front.basis, front.carry, front.settlement_estimate) == (0.4, None, None)
    assert (front.settlement_values, rows[DEC].settlement_values) == (0, None)
    assert (rows[DEC].continuous, rows[DEC].days_to_expiry) == ("VN30F2M", 28)


def test_the_day_after_the_names_roll_and_are_marked_for_that_day() -> None:
    desk = trading(LAST)
    desk.take(trade(us(LAST, "10:00:00"), 1900.4, NOV), clock(us(LAST, "10:00:00")))
    for exchange in ("HOSE", "DERIVATIVES"):
        desk.take(status(us(LAST, "15:00:00") + len(exchange), "closed", exchange))
    desk.take(clock(us(LAST, "15:00:00")))
    rows = desk.rows(*begun(NEXT))
    assert NOV not in rows, "it has expired"
    for contract, name in ((DEC, "VN30F1M"), (JAN, "VN30F2M")):
        row = rows[contract]
        assert (row.continuous, row.continuous_since, row.roll) == (name, NEXT, True)
    assert (rows[MAR].continuous, rows[MAR].roll) == ("VN30F1Q", False), "it had that name before"
    assert (rows[DEC].future, rows[DEC].spot, rows[DEC].basis) == (None, None, None)
    monday = desk.rows(*begun("2026-11-23"))
    assert (monday[DEC].continuous_since, monday[DEC].roll) == (NEXT, False)


def test_a_restart_over_the_roll_goes_on_with_the_same_rows() -> None:
    plain, cut = trading(LAST), trading(LAST)
    for number in range(60):
        at = us(LAST, "14:14:00") + number * 30 * SECOND
        step: list[MarketMessage] = [
            index(at, 1900.0 + number % 7),
            trade(at + 1, 1901.0 + number % 5, NOV),
            clock(at),
        ]
        cut.restart()
        assert plain.take(*step) == cut.take(*step)
    cut.restart()
    assert plain.take(*begun(NEXT)) == cut.take(*begun(NEXT))
    assert plain.state.encode() == cut.state.encode()


def test_the_settlement_estimate_by_hand() -> None:
    """
    Continuous: 1890, 1891, 1892 (lowest), 1900, 1902, then 1910, 1911, 1912 (highest); the
    auction: 1950 and 1800 count. (1900 + 1902 + 1950 + 1800) / 4 = 1888.
    """
    desk = trading(LAST)
    desk.take(index(us(LAST, "14:15:00") - 1, 5.0))  # stamped 14:15:00: of the minute before
    values = [1900.0, 1910.0, 1890.0, 1911.0, 1891.0, 1902.0, 1912.0, 1892.0]
    for number, value in enumerate(values):
        at = us(LAST, "14:15:05") + number * 5 * SECOND
        row = desk.row(index(at, value), symbol=NOV)
        assert (row.settlement_values, row.settlement_estimate is None) == (number + 1, number < 6)
    assert row.settlement_estimate == pytest.approx((1900 + 1902) / 2)
    desk.take(index(us(LAST, "14:44:55"), 1950.0, "atc"))
    row = desk.row(index(us(LAST, "14:45:00"), 1800.0, "atc"), symbol=NOV)
    assert (row.settlement_estimate, row.settlement_values) == (1888.0, 10)
    row = desk.row(index(us(LAST, "14:45:05"), 1.0, "put_through"), symbol=NOV)
    assert (row.settlement_estimate, row.settlement_values) == (1888.0, 10), "after the auction"


def test_on_other_days_there_is_no_estimate() -> None:
    desk = trading(NEXT)
    for number in range(20):
        row = desk.row(index(us(NEXT, "14:15:05") + number * 5 * SECOND, 1900.0 + number))
        assert (row.settlement_estimate, row.settlement_values) == (None, None)


@given(st.lists(st.tuples(st.integers(0, 2000), st.integers(1, 10**8)), max_size=80))
def test_the_estimate_is_the_mean_without_the_extremes_of_the_continuous_part(
    told: list[tuple[int, int]],
) -> None:
    """Against a sort of all values; times from 14:13:20 on, in order."""
    begin = us(LAST, "14:13:20") // 1000
    settlement, continuous, auction = Settlement(), list[int](), list[int]()
    for after, value in sorted(told, key=lambda pair: pair[0]):
        settlement.take(value, begin + after * 1000)
        if 100 < after <= 1000:
            continuous.append(value)
        elif 1000 < after <= 1900:
            auction.append(value)
    kept = sorted(continuous)[3:-3] + auction
    expected = sum(kept) / len(kept) if len(continuous) >= 6 and kept else None
    assert settlement.mean() == (None if expected is None else pytest.approx(expected, rel=1e-12))


def test_the_order_of_the_values_does_not_matter_to_the_estimate() -> None:
    at = us(LAST, "14:20:00") // 1000
    means = set()
    for order in itertools.permutations([1, 5, 9, 13, 20, 21, 40]):
        settlement = Settlement()
        for value in order:
            settlement.take(value, at)
        means.add(settlement.mean())
    assert means == {13.0}


def test_the_holiday_of_18_april_2024_moves_the_last_day_and_the_roll() -> None:
    """The third Thursday was a day off: VN30F2404 ended on Wednesday, the name rolled on Friday."""
    calendar = Calendar({date(2024, 4, 18)})
    desk, rows = Desk(), list[Basis]()
    for day in ("2024-04-17", "2024-04-19"):
        seq, today = us(day, "08:30:00"), date.fromisoformat(day)
        for number, contract in enumerate(futures.listed("VN30", today, calendar)):
            made = image.future(contract, today, calendar, None)
            named = msgspec.structs.replace(made, feed="x", seq=seq + number)
            desk.take(named)
        rows += [row for row in desk.take(clock(seq)) if row.continuous == "VN30F1M"]
    assert [(r.symbol, r.days_to_expiry, r.roll) for r in rows] == [
        ("VN30F2404", 0, False),
        ("VN30F2405", 27, True),
    ]


def test_a_contract_without_an_instrument_has_a_basis_and_no_expiry() -> None:
    desk = Desk(status(us(NEXT, "09:15:00"), "continuous"))
    at = us(NEXT, "10:00:00")
    row = desk.row(index(at, 1900.0), trade(at + 1, 1904.0))
    assert (row.basis, row.days_to_expiry, row.fair_value, row.carry) == (4.0, None, None, None)


def test_a_last_trading_day_that_is_no_date_is_unknown() -> None:
    at = us(NEXT, "10:00:00")
    said = msgspec.structs.replace(listed(NEXT, at)[0], last_trading_day="19/12/2026")
    row = Desk(said).row(
        index(at + 8, 1900.0), trade(at + 9, 1904.0, said.symbol), symbol=said.symbol
    )
    assert (row.basis, row.last_trading_day, row.days_to_expiry) == (4.0, None, None)
