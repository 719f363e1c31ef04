"""A scripted Vietnamese day: bars and the BUSD flow against the script, by hand."""

from functools import cache
from typing import Any

import msgspec
import pytest

from schemas.bars import Bar
from schemas.busd_forecasts import BusdForecast
from schemas.busd_partials import BusdPartial
from schemas.busd_patterns import BusdPattern
from schemas.market import Clock
from schemas.session_flow import SessionFlow
from schemas.trades_classified import TradeClassified
from services.analytics.busd_app import build as build_busd
from services.analytics.busd_merge_app import build as build_merge
from services.classifier.app import SERVICE as CLASSIFIER
from services.orderflow.app import build
from services.orderflow.index_app import build as build_index
from services.runtime.partition import Partition
from services.runtime.settings import Settings
from tests.support.vn_day_run import Outputs, local_ms, of, tape

DAY = "2026-07-20"
WORDS = Settings().bars.split(",")


@cache
def classified() -> Outputs:
    return Outputs(CLASSIFIER, tape("whole_day"))


@cache
def bars() -> dict[tuple[Any, ...], Bar]:
    """What a table holds in the end, by (symbol, interval, begin, phase, number)."""
    trades = classified().of(TradeClassified)
    messages = sorted([*trades, *of(Clock, tape("whole_day"))], key=lambda m: m.seq)
    found = Outputs(build(Settings()), messages).of(Bar)
    found += Outputs(build_index(Settings()), tape("whole_day")).of(Bar)
    return {(b.symbol, b.interval, b.ts_ms, b.phase, b.number): b for b in found}


@pytest.mark.parametrize(
    ("symbol", "interval", "begin", "end", "phase", "prices", "volume", "trades", "deltas"),
    [
        # The ATO's three prints, and the first of continuous trading beside them.
        ("HPG", "5m", "09:15", "09:20", "ato", (21750, 21750, 21750, 21750), 10_000, 3, (0, 0, 0)),
        ("HPG", "5m", "09:15", "09:20", "continuous",
         (21800, 21800, 21800, 21800), 1000, 1, (1000, 0, 1000)),
        # Every second 100 are bought.
        ("HPG", "1m", "09:42", "09:43", "continuous",
         (21800, 21800, 21800, 21800), 6000, 60, (6000, 0, 6000)),
        # 1000 and 600 x 100 bought, 500 sold between.
        ("HPG", "1h", "09:00", "10:00", "continuous",
         (21800, 21800, 21750, 21800), 61_500, 602, (60_500, 0, 60_500)),
        # 700 bought at 11:29:59, 300 sold at 11:30:00: the last of the morning.
        ("HPG", "5m", "11:25", "11:30", "continuous",
         (21850, 21850, 21800, 21800), 1000, 2, (400, 0, 700)),
        ("HPG", "1h", "11:00", "11:30", "continuous",
         (21850, 21850, 21800, 21800), 1000, 2, (400, 0, 700)),
        ("HPG", "5m", "14:25", "14:30", "continuous",
         (21850, 21850, 21850, 21850), 700, 2, (-700, -700, 0)),
        ("HPG", "5m", "14:45", "14:50", "atc",
         (21900, 21900, 21900, 21900), 6500, 2, (0, 0, 0)),
        ("HPG", "1d", "00:00", "15:00", "day",
         (21750, 21900, 21750, 21900), 144_000, 915, (4500, 0, 63_700)),
        # The derivatives' ATO ends at 09:00.
        ("41I1G8000", "1m", "09:00", "09:01", "ato", (1788, 1788, 1788, 1788), 50, 1, (0, 0, 0)),
        # HNX's PLO, 300 at 14:59 and 200 at 15:00:00.
        ("SHS", "5m", "14:55", "15:00", "plo", (15000, 15000, 15000, 15000), 500, 2, (0, 0, 0)),
        ("VN30", "5m", "09:15", "09:20", "continuous", (1900, 1900, 1900, 1900), 0, 30, None),
        ("VN30", "1d", "00:00", "15:00", "day", (1900, 1905, 1900, 1905), 400_000, 1350, None),
    ],
)  # fmt: skip
def test_a_bar_is_what_the_script_says(
    symbol: str,
    interval: str,
    begin: str,
    end: str,
    phase: str,
    prices: tuple[float, ...],
    volume: int,
    trades: int,
    deltas: tuple[int, ...] | None,
) -> None:
    bar = bars()[symbol, interval, local_ms(begin, DAY), phase, 0]
    assert bar.end_ms == local_ms(end, DAY)
    assert (bar.open, bar.high, bar.low, bar.close) == prices
    assert (bar.volume, bar.trades) == (volume, trades)
    assert (bar.delta, bar.min_delta, bar.max_delta) == (deltas or (None, None, None))
    assert bar.final


def test_the_bars_of_every_interval_add_up_to_the_days_row_of_session_flow() -> None:
    """Two services that share nothing but the tape."""
    flows = {r.symbol: r for r in classified().of(SessionFlow) if r.phase == "day"}
    assert set(flows) == {"HPG", "SHS", "VGI", "41I1G8000"}
    for symbol, row in flows.items():
        for word in WORDS:
            own = [b for b in bars().values() if (b.symbol, b.interval) == (symbol, word)]
            assert sum(b.volume for b in own) == row.total_volume - row.unknown_volume
            assert sum(b.buy_volume or 0 for b in own) == row.buy_volume
            assert sum(b.sell_volume or 0 for b in own) == row.sell_volume
            counts = row.buy_count + row.sell_count + row.neutral_count
            assert sum(b.trades for b in own) == counts


def test_no_bar_of_trades_is_inside_the_break_or_the_call_phases() -> None:
    shut = (("11:30", "13:00"), ("14:30", "14:45"))
    for bar in bars().values():
        if bar.symbol != "VGI" and bar.interval in ("1s", "1m", "5m"):
            for begin, end in shut:
                assert not local_ms(begin, DAY) <= bar.ts_ms < local_ms(end, DAY), bar


def test_the_busd_flow_counts_the_two_hundreds_of_the_afternoon_but_the_first_four() -> None:
    """300 trades of 200, a second apart, sold at 21,850; all others are smaller or never five."""
    step = Outputs(build_busd(Settings()), tape("whole_day"))
    patterns = step.of(BusdPattern)
    assert [p.occurrences for p in patterns] == list(range(5, 301))
    assert {(p.symbol, p.side, p.volume, p.value) for p in patterns} == {
        ("HPG", "sell", 200, 4_370_000)
    }
    assert patterns[0].ts_ms == local_ms("13:10:04", DAY)
    assert (patterns[-1].sd, patterns[-1].busd) == (1.29352, -1.29352)
    found: list[bytes] = []
    merge = Partition(build_merge(Settings()), {BusdForecast: lambda _, v: found.append(v)}, [])
    # Second by second, as workers that keep up give them.
    for offset, partial in enumerate(sorted(step.of(BusdPartial), key=lambda p: p.seq)):
        merge.run(offset, [partial])
    rows = [msgspec.json.decode(value, type=BusdForecast) for value in found]
    assert (rows[-1].bu_current, rows[-1].sd_current, rows[-1].trades) == (0, 1.29352, 296)
    assert max(row.ts_ms for row in rows) <= local_ms("14:40", DAY)
    ahead = {row.ts_ms: row for row in rows}
    assert ahead[local_ms("11:20", DAY)].pred_ts_ms == local_ms("13:05", DAY)
    assert ahead[local_ms("14:25", DAY)].pred_ts_ms == local_ms("14:40", DAY)
    assert ahead[local_ms("14:26", DAY)].pred_ts_ms is None
    # While it lasted: 60 x 200 at 21,850 a minute.
    assert ahead[local_ms("13:15", DAY)].sd_rate == pytest.approx(296 * 0.00437 / 5)
