"""Ticks into candles into the index: the path between them stays inside and ends where they do."""

from datetime import datetime, timedelta
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.index.core.calculator import calculate, capital, effective_shares
from services.index.core.ticks import Tick, candles_of, path
from services.index.core.timepoints import LOCAL, timepoint_of, timepoints
from tests.unit.index.calculator_support import FRIDAY, HOLDINGS, MONDAY, at, the_owners, what

FIVE = timedelta(minutes=5)
SYMBOLS = [holding.symbol for holding in HOLDINGS]
SPANS = [(9 * 3600 + 900, 11 * 3600 + 1800), (13 * 3600, 14 * 3600 + 1800), (53_100, 53_105)]
"""Seconds of the local day in which anybody trades, ends included."""


@st.composite
def tapes(draw: st.DrawFn) -> list[Tick]:
    """Two days of ticks in the order of time; everybody is in the opening auction of the first."""
    found = [Tick(s, at(FRIDAY, "09:15"), draw(PRICES), 100) for s in SYMBOLS]
    for day in (FRIDAY, MONDAY):
        for symbol in SYMBOLS:
            for span in draw(st.lists(st.sampled_from(SPANS), min_size=1, max_size=12)):
                second = draw(st.integers(*span))
                moment = datetime.combine(day, datetime.min.time(), LOCAL)
                moment += timedelta(seconds=second)
                found.append(Tick(symbol, moment, draw(PRICES), draw(st.integers(1, 10)) * 100))
    return sorted(found, key=lambda tick: tick.at)


PRICES = st.integers(1, 4000).map(lambda n: n * 50.0)


def place(tick: Tick) -> datetime:
    begin = timepoint_of(tick.at.time(), timepoints(FIVE))
    assert begin is not None
    return datetime.combine(tick.at.date(), begin, LOCAL)


@given(tapes())
def test_ticks_made_into_bars_give_the_owners_candles_exactly(ticks: list[Tick]) -> None:
    candles = candles_of(ticks)
    found = calculate(candles, HOLDINGS, what())
    points = [(day, f"{t:%H:%M}") for day in (FRIDAY, MONDAY) for t in timepoints(FIVE)]
    want = the_owners(candles, HOLDINGS, points)
    assert [(c.open, c.high, c.low, c.close, c.volume) for c in found] == [
        (w["open"], w["high"], w["low"], w["close"], w["volume"]) for w in want
    ]
    assert sum(c.volume for c in found) == sum(tick.volume for tick in ticks)


@given(tapes())
def test_the_path_opens_and_closes_with_the_candle_and_stays_inside_it(ticks: list[Tick]) -> None:
    """To the bit: sums of floats are monotone when they are added in one order."""
    candles = candles_of(ticks)
    found = {c.start: c for c in calculate(candles, HOLDINGS, what())}
    weights = effective_shares(HOLDINGS, what())
    first = at(FRIDAY, "09:15")
    base = capital({c.symbol: c.close for c in candles if c.start == first}, weights)
    for start, inside in groupby(ticks, key=place):
        if start == first:
            continue  # the base candle is flat by definition
        opens = {c.symbol: c.open for c in candles if c.start == start}
        levels = list(path(opens, inside, weights, base))
        candle = found[start]
        assert (levels[0], levels[-1]) == (candle.open, candle.close)
        assert candle.low <= min(levels)
        assert max(levels) <= candle.high


def test_without_a_trade_a_candle_stands_at_the_close_before_it_also_over_the_weekend() -> None:
    ticks = [
        Tick("VCB", at(FRIDAY, "14:45"), 60_000.0, 100),
        Tick("FPT", at(MONDAY, "09:15"), 95_000.0, 5),
    ]
    found = {(c.symbol, c.start): c for c in candles_of(ticks)}
    monday = found["VCB", at(MONDAY, "13:00")]
    assert (monday.open, monday.high, monday.low, monday.close, monday.volume) == (
        60_000.0, 60_000.0, 60_000.0, 60_000.0, 0
    )  # fmt: skip
    assert ("VCB", at(FRIDAY, "09:15")) not in found
    with pytest.raises(ValueError, match="FPT has no candle that day, others have: 2026-01-02"):
        calculate(candles_of(ticks), HOLDINGS[:2][::-1], what())


def test_a_tick_before_the_day_is_named() -> None:
    early = Tick("VCB", at(FRIDAY, "09:10"), 60_000.0, 100)
    with pytest.raises(ValueError, match="VCB traded at 2026-01-02 09:10:00, before the first"):
        candles_of([early])
