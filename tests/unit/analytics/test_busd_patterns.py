"""Which trades count: the rule of the owner's document, by hand and against its plain words."""

from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.market import Instrument, Trade
from services.analytics.core.busd_patterns import Seen, occurrences
from services.analytics.core.busd_rules import Rules
from tests.support.busd import OPENING
from tests.unit.analytics.busd_support import Reduced

T0 = OPENING // 1000
CUTOFF = T0 + (5 * 60 + 25) * 60_000
"""14:40."""


def trade(ts_ms: int, number: int = 0, **more: Any) -> Trade:
    fields: dict[str, Any] = {
        "symbol": "VCB", "feed": "iboard", "seq": ts_ms * 1000 + 1 + number, "ts_ms": ts_ms,
        "price": 85_200.0, "volume": 1000, "vendor_side": "buy",
    }  # fmt: skip
    return Trade(**fields | more)


def listed(exchange: str = "HOSE", symbol: str = "VCB") -> Instrument:
    return Instrument(
        symbol=symbol, feed="ssi", seq=1, ts_ms=0, venue="VN", exchange=exchange, kind="stock"
    )


def counted(*trades: Trade, exchange: str = "HOSE", **settings_: Any) -> list[int]:
    """Indices of the trades that count."""
    reduced = Reduced(**settings_)
    reduced.take(listed(exchange))
    return [at for at, each in enumerate(trades) if reduced.take(each)]


def test_the_fifth_of_a_stock_and_volume_counts_and_the_first_four_never() -> None:
    reduced = Reduced()
    reduced.take(listed())
    trades = [trade(T0 + 1000 * n, vendor_side="sell" if n == 5 else "buy") for n in range(7)]
    found = reduced.take(*trades)
    assert [pattern.ts_ms for pattern in found] == [T0 + 4000, T0 + 5000, T0 + 6000]
    assert [pattern.occurrences for pattern in found] == [5, 6, 7]
    assert [(pattern.side, pattern.value) for pattern in found[:2]] == [
        ("buy", 85_200_000),
        ("sell", 85_200_000),
    ]
    assert [(p.bu, p.sd) for p in found] == [(0.0852, 0.0), (0.0852, 0.0852), (0.1704, 0.0852)]
    assert found[2].busd == 0.0852


def test_the_window_ends_at_the_trade_and_its_edge_is_in_it() -> None:
    four = [trade(T0 + n, n) for n in range(4)]
    assert counted(*four, trade(T0 + 300_000)) == [4]
    assert counted(*four, trade(T0 + 300_001)) == []


@pytest.mark.parametrize(
    "other",
    [
        {"volume": 900},
        {"symbol": "FPT"},
        {"vendor_side": None},
        {"board": "odd_lot"},
        {"ts_source": "receive"},
    ],
    ids=lambda other: "".join(other),
)
def test_another_volume_stock_or_board_or_no_side_or_time_is_no_occurrence(
    other: dict[str, Any],
) -> None:
    trades = [trade(T0 + n, **(other if n == 2 else {})) for n in range(5)]
    assert counted(*trades) == []
    assert counted(*trades, trade(T0 + 5)) == [5]


def test_only_the_hose_is_counted() -> None:
    trades = [trade(T0 + n) for n in range(6)]
    assert counted(*trades, exchange="HNX") == []
    assert Reduced().take(*trades) == [], "and nothing whose exchange nobody said"


def test_small_trades_and_those_from_the_cutoff_on_are_not_looked_at() -> None:
    small = [trade(T0 + n, volume=199) for n in range(6)]
    assert counted(*small) == []
    assert counted(*small, busd_min_volume=199) == [4, 5]
    late = [trade(CUTOFF - 4 + n) for n in range(6)]
    assert counted(*late) == []
    assert counted(*late, busd_cutoff="14:41") == [4, 5]


def test_the_settings_say_how_many_and_how_long() -> None:
    trades = [trade(T0 + 10_000 * n) for n in range(5)]
    assert counted(*trades, busd_min_occurrences=2) == [1, 2, 3, 4]
    assert counted(*trades, busd_min_occurrences=3, busd_window_seconds=19.999) == []
    assert counted(*trades, busd_min_occurrences=3, busd_window_seconds=20) == [2, 3, 4]


def test_a_new_day_begins_with_nothing() -> None:
    day = 86_400_000
    trades = [trade(T0 + n) for n in range(4)]
    reduced = Reduced()
    reduced.take(listed(), *trades)
    assert reduced.take(trade(T0 + day)) == []
    (found,) = reduced.take(*(trade(T0 + day + n) for n in range(1, 5)))
    assert (found.occurrences, found.bu) == (5, 0.0852)


STEPS = st.sampled_from([0, 1, 1000, 59_000, 100_000, 300_000, 700_000])
LATE = st.sampled_from([0, 0, 0, 1, 30_000, 60_000])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(STEPS, LATE, st.sampled_from([200, 300])), max_size=40))
def test_an_occurrence_is_what_the_words_say_also_of_trades_that_come_late(
    moves: list[tuple[int, int, int]],
) -> None:
    seen, rules, now = Seen(), Rules(), T0
    before = defaultdict[int, list[int]](list)
    for step, late, volume in moves:
        now += step
        ts_ms = now - late
        want = 1 + sum(ts_ms - rules.window_ms <= other <= ts_ms for other in before[volume])
        assert occurrences(seen, volume, ts_ms, rules) == want
        before[volume].append(ts_ms)


def test_memory_is_that_of_a_window_however_long_the_day() -> None:
    seen, rules = Seen(), Rules()
    most = 0
    for number in range(20_000):
        occurrences(seen, 200 + number % 1000, T0 + number * 1000, rules)
        most = max(most, sum(map(len, seen.times.values())))
    assert most <= 2 * (rules.window_ms + 60_000) // 1000 + 1


def test_a_figure_beyond_what_can_be_is_bounded_so_that_the_state_can_be_kept() -> None:
    reduced = Reduced(busd_min_occurrences=2)
    huge = (trade(T0, number, price=1e300, volume=10**30) for number in range(2))
    (pattern,) = reduced.take(listed(), *huge)
    assert (pattern.volume, pattern.value) == (2**53, 2**53)
    assert reduced.state.encode()
