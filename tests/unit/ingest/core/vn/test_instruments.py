"""Kinds, price steps, limits and lots of Vietnamese instruments."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.ingest.core.vn.instruments import (
    is_on_step,
    kind_of,
    lot,
    price_limits,
    price_steps,
    step_at,
)
from services.ingest.core.vn.schedule import EXCHANGES

MARKETS = [("HOSE", "stock"), ("HNX", "stock"), ("UPCOM", "stock"), ("HOSE", "etf")]
MARKETS += [("DERIVATIVES", "future")]
markets = st.sampled_from(MARKETS)


def grid(exchange, kind):
    """Prices on the steps, by walking up from the lowest."""
    steps, price, found = price_steps(exchange, kind), 0.0, []
    while len(found) < 4000:
        price = round(price + step_at(steps, price), 1)
        found.append(price)
    return found


GRIDS = {market: grid(*market) for market in MARKETS}


@pytest.mark.parametrize(
    ("exchange", "kind", "reference", "ceiling", "floor"),
    [
        ("HOSE", "stock", 25000, 26750, 23250),  # SSI, X-TRADE 14 August 2026
        ("HOSE", "stock", 22900, 24500, 21300),  # ACB, X-TRADE 14 August 2023
        ("HOSE", "stock", 22650, 24200, 21100),  # MBB, OL 18 February 2025
        ("HOSE", "stock", 23800, 25450, 22150),  # ACB, iBoard S#
        ("HOSE", "stock", 26450, 28300, 24600),  # MBB, iBoard S#
        ("HNX", "stock", 21300, 23400, 19200),  # TAR, X 15 August 2023
        ("DERIVATIVES", "future", 1290.0, 1380.3, 1199.7),  # VN30F2407, X 27 June 2024
        ("DERIVATIVES", "future", 1719.5, 1839.8, 1599.2),  # 41I1F8000, iBoard S#
    ],
)
def test_limits_are_those_of_the_captures(exchange, kind, reference, ceiling, floor):
    assert price_limits(reference, exchange, kind) == (ceiling, floor)


@pytest.mark.parametrize(
    ("reference", "exchange", "first_day", "limits"),
    [
        (10000, "UPCOM", False, (11500, 8500)),
        (10000, "UPCOM", True, (14000, 6000)),
        (10000, "HNX", True, (13000, 7000)),
        (20000, "HOSE", True, (24000, 16000)),
        (9500, "HOSE", False, (10150, 8840)),  # the ceiling has the step of its own price
        (100, "HOSE", False, (110, 90)),  # 7 % is less than a step
        (100, "HNX", False, (200, 100)),  # a floor of 0 is none
    ],
)
def test_bands_of_exchanges_first_days_and_small_prices(reference, exchange, first_day, limits):
    assert price_limits(reference, exchange, "stock", first_day) == limits


@given(markets, st.data(), st.booleans())
def test_limits_enclose_the_reference_and_stand_on_steps(market, data, first_day):
    reference = data.draw(st.sampled_from(GRIDS[market]))
    steps = price_steps(*market)
    found = price_limits(reference, *market, first_day)
    assert found.floor <= reference < found.ceiling
    assert found.floor > 0
    assert is_on_step(steps, found.ceiling)
    assert is_on_step(steps, found.floor)
    wide = price_limits(reference, *market, True)
    assert wide.floor <= found.floor
    assert found.ceiling <= wide.ceiling


@given(markets, st.data())
def test_limits_are_the_farthest_steps_within_the_band(market, data):
    reference = data.draw(st.sampled_from(GRIDS[market]))
    assume(reference > GRIDS[market][40])
    percent = {"HOSE": 7, "HNX": 10, "UPCOM": 15, "DERIVATIVES": 7}[market[0]]
    found = price_limits(reference, *market)
    # In tenths and hundredths, as integers: 0.1 has no exact float.
    tenths = round(reference * 10)
    band = [p for p in GRIDS[market] if abs(round(p * 10) - tenths) * 100 <= tenths * percent]
    assume(band[-1] != GRIDS[market][-1])
    assert found == (band[-1], band[0])


@pytest.mark.parametrize("market", MARKETS)
def test_a_higher_reference_never_has_a_lower_ceiling_or_floor(market):
    limits = [price_limits(reference, *market) for reference in GRIDS[market]]
    assert [each.ceiling for each in limits] == sorted(each.ceiling for each in limits)
    # The lowest prices have no step below them, so their floor is themselves.
    floors = [each.floor for each in limits][1:]
    assert floors == sorted(floors)


@pytest.mark.parametrize(
    ("exchange", "kind", "price", "step"),
    [
        ("HOSE", "stock", 9990, 10),
        ("HOSE", "stock", 10000, 50),
        ("HOSE", "stock", 49950, 50),
        ("HOSE", "stock", 50000, 100),
        ("HOSE", "etf", 50000, 10),
        ("HOSE", "cw", 1200, 10),
        ("HNX", "stock", 900, 100),
        ("UPCOM", "stock", 60000, 100),
        ("DERIVATIVES", "future", 1876.5, 0.1),
    ],
)
def test_price_steps_by_exchange_kind_and_price(exchange, kind, price, step):
    assert step_at(price_steps(exchange, kind), price) == step


def test_a_price_between_steps_is_none_an_order_may_have():
    steps = price_steps("HOSE", "stock")
    assert is_on_step(steps, 24950)
    assert not is_on_step(steps, 24960)
    assert is_on_step(price_steps("DERIVATIVES", "future"), 1719.3)
    assert not is_on_step(price_steps("DERIVATIVES", "future"), 1719.35)


@pytest.mark.parametrize("exchange", EXCHANGES)
@pytest.mark.parametrize("kind", ["cw", "index", "bond"])
def test_no_limits_are_made_up_where_no_rule_is_known(exchange, kind):
    assert price_limits(1000, exchange, kind) is None


@pytest.mark.parametrize("reference", [0, -1, float("nan"), float("inf")])
def test_a_reference_that_is_no_price_is_refused(reference):
    with pytest.raises(ValueError, match="reference price must be positive"):
        price_limits(reference, "HOSE", "stock")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("VCB", "stock"),
        ("L14", "stock"),
        ("123", None),
        ("E1VFVN30", "etf"),
        ("FUEVFVND", "etf"),
        ("FUCVREIT", "fund"),
        ("CHPG2601", "cw"),
        ("VIC121005", "bond"),
        ("VN30F2612", "future"),
        ("41I1GC000", "future"),
        ("41BAGC000", "future"),
        ("42I1GC000", None),
        ("VN30", "index"),
        ("VNINDEX", "index"),
        ("VN30F1M", None),
        ("", None),
    ],
)
def test_the_form_of_a_code_says_its_kind(code, kind):
    assert kind_of(code) == kind


def test_shares_trade_by_the_hundred_and_futures_by_the_contract():
    assert (lot("stock"), lot("etf"), lot("cw"), lot("future")) == (100, 100, 100, 1)
