"""Windows against numpy over the day written out second by second, for random days."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.foreign_flow import ForeignFlow
from schemas.market import MarketMessage
from services.foreign.core.history import LAGS, LONGEST, WINDOWS, Point, net_and_price
from services.foreign.core.windows import windows
from services.runtime.lookback import History
from tests.unit.board.support import SECOND, T0, clock, instrument, status, trade
from tests.unit.foreign.support import OPEN, Flow, opened, totals

PLAIN = (
    "speed_volume",
    "speed_value",
    "share",
    "price_change",
    "correlation",
    "acceleration_volume",
)


@dataclass
class Day:
    """Messages, and what stands at the end of each second of trading time."""

    messages: list[MarketMessage] = field(default_factory=list, repr=False)
    rows: list[tuple[int, int, int, float | None]] = field(default_factory=list, repr=False)
    """Bought, sold, volume, price."""
    ends: dict[int, int] = field(default_factory=dict, repr=False)
    """Seq of a clock -> seconds of trading time that have passed then."""


@st.composite
def days(draw: st.DrawFn) -> Day:
    """Up to 1,100 s of trading with a break in them; prices and volumes of any size."""
    day, buy, sell, volume, price = Day(), 0, 0, 0, None
    rnd = np.random.default_rng(draw(st.integers(0, 2**32)))
    size, busy = 10 ** draw(st.integers(1, 9)), draw(st.sampled_from([0.02, 0.3, 1.0]))
    length, pause = draw(st.integers(40, 1100)), draw(st.integers(1, 1100))
    base = draw(st.sampled_from([1.5, 1788.5, 30_000.0, 900_000.0]))
    late = 0
    for second in range(length):
        at = OPEN + (second + late) * SECOND
        if second == pause:
            late = 5400
            day.messages.append(status(at + 1, "break"))
            at += late * SECOND
            day.messages.append(status(at + 1, "continuous"))
        if rnd.random() < busy:
            price, more = round(base + int(rnd.integers(-9, 9)) / 10, 1), int(rnd.integers(1, size))
            volume += more
            day.messages.append(trade(at + 2, price, more, volume))
        if rnd.random() < busy:
            buy, sell = buy + int(rnd.integers(0, size)), sell + int(rnd.integers(0, size))
            day.messages.append(totals(at + 3, buy, sell))
        day.messages.append(clock(at + 3))
        day.ends[day.messages[-1].seq] = second + 1
        day.rows.append((buy, sell, volume, price))
    return day


def expected(day: Day, second: int) -> dict[str, Any]:
    """The fields of windows that end with a second, from the day written out."""
    written: list[Any] = [(0, 0, 0, None), *day.rows[:second]]
    net = [row[0] - row[1] for row in written]
    fields: dict[str, Any] = {}
    for name, length in WINDOWS.items():
        fields |= dict.fromkeys(f"{what}_{name}" for what in PLAIN)
        if second < length:
            continue
        minutes, was, now = length / 60, written[-1 - length], written[-1]
        grown, traded = net[-1] - net[-1 - length], now[2] - was[2]
        both = now[0] + now[1] - was[0] - was[1]
        fields[f"speed_volume_{name}"] = grown / minutes
        fields[f"speed_value_{name}"] = grown * 20_000 / minutes
        fields[f"share_{name}"] = both / (2 * traded) if traded else None
        fields[f"price_change_{name}"] = now[3] - was[3] if was[3] is not None else None
        fields[f"correlation_{name}"] = pearson(written, net, length)
        if second >= length + 60:
            earlier = net[-61] - net[-61 - length]
            fields[f"acceleration_volume_{name}"] = (grown - earlier) / minutes
    return fields


def pearson(written: list[Any], net: list[int], length: int) -> float | None:
    prices = [row[3] for row in written[-length:]]
    if None in prices or len(set(prices)) < 2 or len(set(net[-length:])) < 2:
        return None
    # Less the mean of each: what float64 has of digits is then left for the differences.
    xs = np.array([float(n - net[-1]) for n in net[-length:]])
    ys = np.array(prices) - prices[-1]
    return float(np.corrcoef(xs, ys)[0, 1])


@settings(max_examples=40, deadline=None)
@given(days())
def test_every_row_says_what_numpy_finds_in_the_day_written_out(day: Day) -> None:
    flow = opened()
    rows = flow.take(*day.messages)
    for row in rows[:: max(1, len(rows) // 60)]:
        agrees(row, expected(day, day.ends[row.seq]))


def agrees(row: ForeignFlow, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        got = getattr(row, name)
        if value is None:
            assert got is None, name
        else:
            assert got == pytest.approx(value, rel=1e-9, abs=1e-9), name


@given(st.integers(2, 2**40), st.integers(1, 1000))
def test_a_correlation_far_from_zero_has_lost_no_digit(offset: int, step: int) -> None:
    """Where sums of squares in floats would have nothing left of the differences."""
    history = History[Point]()
    history.begin(Point(-1, offset, 0, 0, offset, 0))
    for second in range(900):
        history.keep(Point(second, offset + second * step, 0, 0, offset - second, 0), LONGEST)
    fields = windows(history, 900)
    assert fields["correlation_15m"] == pytest.approx(-1, abs=1e-15)


def test_looking_back_costs_the_same_however_much_the_window_holds() -> None:
    """Cursors pass each point once: seven a second, not the 900 points of a window."""
    history = History[Point]()
    history.begin(Point(-1, 0, 0, 0, 1, 0))
    passed = 0
    for second in range(3000):
        history.keep(Point(second, second, 0, 0, second % 5, 0), LONGEST)
        before = [cursor.index for cursor in history.at(second, LAGS, net_and_price).values()]
        after = [cursor.index for cursor in history.at(second + 1, LAGS, net_and_price).values()]
        passed += sum(b - a for a, b in zip(before, after, strict=True))
    assert passed <= 7 * 3000
    assert len(history.points) <= 960 + 64 + 2


def test_a_symbol_that_was_quiet_for_long_looks_back_at_the_right_points() -> None:
    """Points were dropped while nobody asked for windows."""
    asked, quiet = Flow(), Flow()
    for flow in (asked, quiet):
        flow.take(*opened_messages())
    for second in range(2500):
        at = OPEN + second * SECOND
        step: list[MarketMessage] = [
            trade(at + 2, 20_000.0 + second % 11 * 50, 100, 100 * (second + 1))
        ]
        if second == 2400:
            step.append(totals(at + 3, 500, 0))
        quiet.take(*step, clock(at + 3))
        asked.take(*step, clock(at + 3))
        if second % 50 == 0:
            asked.restart()
    assert asked.records == quiet.records
    assert quiet.records


def opened_messages() -> list[MarketMessage]:
    return [
        status(T0 + 1, "pre_open"),
        instrument(T0 + 2),
        status(OPEN + 1, "continuous"),
        totals(OPEN + 2, 10, 0),
        clock(OPEN + 2 - SECOND),
    ]
