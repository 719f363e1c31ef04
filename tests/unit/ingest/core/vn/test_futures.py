"""Codes, aliases, expiries and roll days of futures."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.core.vn import futures
from services.ingest.core.vn.futures import Contract
from services.ingest.core.vn.holidays import Calendar

PLAIN = Calendar([])
TET_2026 = Calendar([date(2026, 2, d) for d in (16, 17, 18, 19, 20)])
contracts = st.builds(
    Contract, st.sampled_from(["VN30", "VN100"]), st.integers(2017, 2035), st.integers(1, 12)
)
days = st.dates(date(2017, 8, 10), date(2035, 12, 31))
calendars = st.builds(Calendar, st.frozensets(days, max_size=200))


@pytest.mark.parametrize(
    ("krx", "old", "contract"),
    [
        ("41I1F4000", "VN30F2504", Contract("VN30", 2025, 4)),  # VPS's example
        ("41I1GC000", "VN30F2612", Contract("VN30", 2026, 12)),
        ("41I1H3000", "VN30F2703", Contract("VN30", 2027, 3)),
        ("41I2G3000", "VN100F2603", Contract("VN100", 2026, 3)),
        ("41I1J1000", "VN30F2801", Contract("VN30", 2028, 1)),  # no letter I
        ("41I1P1000", "VN30F3301", Contract("VN30", 2033, 1)),  # no letter O
        ("41BAGC000", "GB10F2612", Contract("GB10", 2026, 12)),
        ("41B5GC000", "GB05F2612", Contract("GB05", 2026, 12)),
    ],
)
def test_codes_of_both_schemes_name_the_contract(krx, old, contract):
    assert futures.parse_code(krx) == futures.parse_code(old) == contract
    assert (futures.krx_code(contract), futures.old_code(contract)) == (krx, old)


@given(contracts)
def test_a_code_names_its_contract_and_no_other_in_2017_to_2035(contract):
    assert futures.parse_code(futures.krx_code(contract)) == contract
    assert futures.parse_code(futures.old_code(contract)) == contract


def test_no_two_contracts_share_a_code():
    every = [Contract(u, y, m) for u in ("VN30", "VN100", "GB05", "GB10")
             for y in range(2010, 2040) for m in range(1, 13)]  # fmt: skip
    assert len({futures.krx_code(each) for each in every}) == len(every)
    assert len({futures.old_code(each) for each in every}) == len(every)


@pytest.mark.parametrize(
    "code", ["VN30", "VN30F1M", "VN30F2613", "VN30F2600", "42I1GC000", "41I1IC000", "41I1GD000",
             "41I1GC001", "41I3GC000", "vn30f2612", "41I1GC000 ", "VCB", ""],
)  # fmt: skip
def test_what_is_no_code_of_a_future_names_none(code):
    assert futures.parse_code(code) is None


@pytest.mark.parametrize("year", [2009, 2040])
def test_a_year_without_a_letter_is_refused(year):
    with pytest.raises(ValueError, match=f"2010 to 2039, not {year}"):
        futures.krx_code(Contract("VN30", year, 1))


@pytest.mark.parametrize(
    ("year", "month", "day"),
    [(2026, 11, 19), (2026, 12, 17), (2025, 8, 21), (2024, 7, 18), (2024, 6, 20), (2026, 1, 15)],
)
def test_the_last_trading_day_is_the_third_thursday(year, month, day):
    found = futures.last_trading_day(Contract("VN30", year, month), PLAIN)
    assert found == date(year, month, day)


def test_an_expiry_in_tet_moves_to_the_trading_day_before():
    contract = Contract("VN30", 2026, 2)
    assert futures.last_trading_day(contract, TET_2026) == date(2026, 2, 13)
    assert futures.resolve("VN30F1M", date(2026, 2, 13), TET_2026) == "41I1G2000"
    assert futures.resolve("VN30F1M", date(2026, 2, 14), TET_2026) == "41I1G3000"


@given(contracts, calendars)
def test_a_last_trading_day_is_a_trading_day_and_not_after_the_third_thursday(contract, calendar):
    last = futures.last_trading_day(contract, calendar)
    third = futures.last_trading_day(contract, PLAIN)
    assert third.weekday() == 3
    assert 15 <= third.day <= 21
    assert last <= third
    assert calendar.is_trading_day(last)
    assert calendar.count(last + timedelta(days=1), third + timedelta(days=1)) == 0


@pytest.mark.parametrize(
    ("day", "underlying", "codes"),
    [
        # Live lists of 17 March and 26 August 2026; the latter had no 41I1G9000 among those noted.
        (date(2026, 3, 17), "VN30", "41I1G3000 41I1G4000 41I1G6000 41I1G9000"),
        (date(2026, 3, 17), "VN100", "41I2G3000 41I2G4000 41I2G6000 41I2G9000"),
        (date(2026, 8, 26), "VN30", "41I1G9000 41I1GA000 41I1GC000 41I1H3000"),
        (date(2026, 11, 19), "VN30", "41I1GB000 41I1GC000 41I1H3000 41I1H6000"),
        (date(2026, 11, 20), "VN30", "41I1GC000 41I1H1000 41I1H3000 41I1H6000"),
        (date(2024, 6, 27), "VN30", "VN30F2407 VN30F2408 VN30F2409 VN30F2412"),
        (date(2025, 5, 5), "VN30", "VN30F2505 VN30F2506 VN30F2509 VN30F2512"),
        (date(2025, 5, 16), "VN30", "VN30F2506 41I1F7000 VN30F2509 VN30F2512"),
        (date(2017, 8, 9), "VN30", ""),
        (date(2025, 10, 9), "VN100", ""),
    ],
)
def test_four_contracts_are_listed_by_the_codes_of_their_time(day, underlying, codes):
    found = [futures.code(each, PLAIN) for each in futures.listed(underlying, day, PLAIN)]
    assert found == codes.split()


@given(days, calendars)
def test_a_listed_contract_is_within_its_trading_days(day, calendar):
    found = futures.listed("VN30", day, calendar)
    assert len(set(found)) == 4
    assert found == sorted(found)
    for contract in found:
        assert day <= futures.last_trading_day(contract, calendar)
        if calendar.is_trading_day(day):
            assert futures.first_trading_day(contract, calendar) <= day


@given(contracts, calendars)
def test_a_contract_is_listed_from_its_first_day_to_its_last_and_no_other_day(contract, calendar):
    first = futures.first_trading_day(contract, calendar)
    last = futures.last_trading_day(contract, calendar)
    if first > last:
        return  # of a month before its underlying had futures
    for day in (first, last):
        assert contract in futures.listed(contract.underlying, day, calendar)
    for day in (calendar.before(first), calendar.after(last)):
        assert contract not in futures.listed(contract.underlying, day, calendar)


@given(days, calendars)
def test_each_alias_means_its_contract_on_that_day(day, calendar):
    for contract in futures.listed("VN30", day, calendar):
        own = futures.code(contract, calendar)
        names = futures.aliases(contract, day, calendar)
        assert own not in names
        assert len(names) == 2
        for name in [own, *names]:
            assert futures.resolve(name, day, calendar) == own


@given(days, calendars)
def test_the_front_month_rolls_on_the_day_after_its_last(day, calendar):
    front = futures.parse_code(futures.resolve("VN30F1M", day, calendar))
    tomorrow = futures.parse_code(futures.resolve("VN30F1M", day + timedelta(days=1), calendar))
    rolled = day == futures.last_trading_day(front, calendar)
    assert (tomorrow != front) == rolled
    assert futures.resolve("VN30F2M", day, calendar) == futures.code(
        futures.listed("VN30", day, calendar)[1], calendar
    )


@pytest.mark.parametrize("name", ["VN30F3M", "VN30F1Y", "GB10F1M", "VCB", "VN30"])
def test_a_name_that_is_no_future_resolves_to_nothing(name):
    assert futures.resolve(name, date(2026, 11, 20), PLAIN) is None


def test_a_continuous_name_from_before_the_first_contract_resolves_to_nothing():
    assert futures.resolve("VN30F1M", date(2016, 1, 4), PLAIN) is None


def test_no_expiry_is_made_up_for_bond_futures():
    contract = Contract("GB10", 2026, 12)
    with pytest.raises(ValueError, match="GB10 futures: the expiry rule is not known"):
        futures.last_trading_day(contract, PLAIN)
    assert futures.resolve("GB10F2612", date(2026, 11, 20), PLAIN) == "41BAGC000"
    assert futures.listed("GB10", date(2026, 11, 20), PLAIN) == []
