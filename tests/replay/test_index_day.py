"""A simulated day through both steps of the index, against what the exchange knows of it."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from statistics import fmean
from typing import Any

import pyarrow.parquet as pq
import pytest

from schemas.index_estimates import IndexEstimate
from schemas.market import Basket, Foreign, Index, MarketMessage, Member
from schemas.market_summary import MarketSummary
from services.simulator.core.plan import Plan
from services.simulator.truth_series import INDICES
from tests.support.index_run import Merged, in_step, partials, recorded
from tests.support.vn_day_run import local_us
from tests.unit.simulator.exchange_day import FRIDAY, MEMBERS, plan, truth_day
from tests.unit.simulator.exchange_day import recorded as record

ROUNDING = 0.0051
"""Values are published to 0.01 points, estimates say four decimals."""
QUIET = ("08:50:00", "12:00:00", "14:46:00", "15:20:00")
"""Local times at which no print of a share is on its way."""
EXCHANGES = {"VNINDEX": "HOSE", "VN30": "VN30", "HNXIndex": "HNX", "HNXUpcomIndex": "UPCOM"}


class Played:
    """The day once with the exchange's own weights of VN30, once without any."""

    def __init__(self, the_plan: Plan, folder: Path) -> None:
        self.folder = folder
        self.weighed = {
            each.symbol: Member(each.symbol, each.shares, each.free_float / 100, each.cap / 1000)
            for each in the_plan.instruments
            if each.cap
        }
        (beginning, *rest) = recorded(folder / "manifest.json")
        self.market: list[MarketMessage] = [beginning, *rest]

    def merged(self, members: Sequence[Member]) -> Merged:
        first, *rest = self.market
        basket = Basket(
            symbol="VN30", feed="ingest", seq=first.seq - 1, ts_ms=first.ts_ms,
            members=list(members), effective_date="2026-02-02", source="the simulated exchange",
        )  # fmt: skip
        return Merged(in_step(partials([basket, first, *rest])))

    @cached_property
    def with_file(self) -> Merged:
        return self.merged([self.weighed[symbol] for symbol in MEMBERS])

    @cached_property
    def without(self) -> Merged:
        return self.merged([Member(symbol) for symbol in MEMBERS])

    @cached_property
    def truth(self) -> list[dict[str, Any]]:
        """Every published value of every index with its sums."""
        found: list[dict[str, Any]] = pq.read_table(self.folder / INDICES).to_pylist()
        return found

    def foreign(self) -> dict[str, Foreign]:
        """The last message of each share."""
        return {m.symbol: m for m in self.market if isinstance(m, Foreign)}


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Without quotes, which no figure here is made of."""
    folder = tmp_path_factory.mktemp("day")
    the_plan = plan(scale=0.005, channels=frozenset({"F", "X-TRADE", "R", "MI"}))
    record(the_plan, folder)
    return Played(the_plan, folder)


def settled(merged: Merged) -> dict[int, float]:
    """Exchange time of each published value -> the error of its estimate."""
    rows = merged.estimates()
    return {r.error_ts_ms: r.error for r in rows if r.error is not None and r.error_ts_ms}


def test_with_the_true_weights_every_published_value_is_met_to_its_rounding(day: Played) -> None:
    errors = settled(day.with_file)
    published = {row["time_ns"] // 1_000_000 for row in day.truth if row["index"] == "VN30"}
    assert published - errors.keys() <= {max(published)}, "all but what the day's end cuts off"
    assert max(map(abs, errors.values())) < ROUNDING
    moved = {m.value for m in day.market if isinstance(m, Index) and m.symbol == "VN30"}
    assert len(moved) > 150
    assert {row.weights_source for row in day.with_file.estimates()} == {"file"}


def test_without_weights_they_are_learned_from_earlier_values_within_the_morning(
    day: Played,
) -> None:
    errors = [error for _, error in sorted(settled(day.without).items())]
    half = errors[len(errors) // 2 :]
    print(f"\nfitted: mean |error| of the afternoon {fmean(map(abs, half)):.4f} points, "
          f"largest {max(map(abs, half)):.4f}; of all {fmean(map(abs, errors)):.4f}, "
          f"{max(map(abs, errors)):.4f}")  # fmt: skip
    assert fmean(map(abs, half)) < 0.006
    assert max(map(abs, half)) < 0.05
    assert day.without.estimates()[-1].weights_source == "fitted"


def said_at(rows: Sequence[Any], time: str) -> Any:
    """The newest row at a local time, None before the first."""
    end = local_us(time, FRIDAY.isoformat())
    return next((row for row in reversed(rows) if row.seq <= end), None)


@pytest.mark.parametrize("time", QUIET)
@pytest.mark.parametrize("name", EXCHANGES)
def test_breadth_and_sums_are_those_the_exchange_publishes(
    day: Played, name: str, time: str
) -> None:
    end_ns = local_us(time, FRIDAY.isoformat()) * 1000
    before = [r for r in day.truth if r["index"] == name and r["time_ns"] <= end_ns]
    row: MarketSummary | None = said_at(day.with_file.summaries(EXCHANGES[name]), time)
    if not before:
        assert row is None or row.not_traded == row.members
        return
    assert row is not None
    columns = ("advances", "declines", "unchanged", "ceilings", "floors",
               "total_volume", "total_value")  # fmt: skip
    assert {c: getattr(row, c) for c in columns} == {c: before[-1][c] for c in columns}
    assert row.unpriced == row.unvalued == row.unknown_volume == 0


@pytest.mark.parametrize(
    ("time", "value", "traded"), [("08:50:00", None, 0), ("09:05:00", 1909.23, 0)]
)
def test_before_the_first_trade_the_estimate_is_the_prior_or_nothing(
    day: Played, time: str, value: float | None, traded: int
) -> None:
    row: IndexEstimate | None = said_at(day.with_file.estimates(), time)
    assert (row and row.value, row.traded if row else 0) == (value, traded)
    assert value is None or (row and row.expected_value)


def test_after_the_close_the_estimate_stands_at_the_last_published_value(day: Played) -> None:
    row: IndexEstimate = said_at(day.with_file.estimates(), "14:46:00")
    assert row.expected_value is None
    assert row.value == pytest.approx(row.published, abs=ROUNDING)
    assert row.traded == 30


def test_leaders_are_those_of_the_truth(day: Played) -> None:
    """Active: true aggressors of continuous trading; foreign: the last message of each share."""
    symbols = {s: t for s, t in truth_day(day.folder)["symbols"].items() if t["kind"] == "stock"}
    last = day.with_file.leaders()[-1]

    def side(of: dict[str, Any], name: str, what: str) -> int:
        return int(of["flow"].get("continuous", {}).get(name, {}).get(what, 0))

    active = [
        (side(t, "buy", "value") - side(t, "sell", "value"),
         s, side(t, "buy", "volume") - side(t, "sell", "volume"))
        for s, t in symbols.items()
    ]  # fmt: skip
    buyers = sorted((a for a in active if a[0] > 0), key=lambda a: (-a[0], a[1]))[:10]
    sellers = sorted(a for a in active if a[0] < 0)[:10]
    assert [(x.net_value, x.symbol, x.net_volume) for x in last.active_buyers] == buyers
    assert [(x.net_value, x.symbol, x.net_volume) for x in last.active_sellers] == sellers
    told = {s: f for s, f in day.foreign().items() if s in symbols}
    nets = [(round(f.buy_value or 0) - round(f.sell_value or 0), s) for s, f in told.items()]
    bought = sorted((n for n in nets if n[0] > 0), key=lambda n: (-n[0], n[1]))[:10]
    assert [(x.net_value, x.symbol) for x in last.foreign_buyers] == bought
    for one in (*last.foreign_buyers, *last.foreign_sellers):
        true = symbols[one.symbol]["foreign"]
        assert one.net_volume == true["buy_volume"] - true["sell_volume"]


def test_foreign_sums_of_the_market_are_those_of_the_truth(day: Played) -> None:
    symbols = [t for t in truth_day(day.folder)["symbols"].values() if t["kind"] == "stock"]
    last = day.with_file.summaries("VN")[-1]
    assert last.foreign_buy_volume == sum(t["foreign"]["buy_volume"] for t in symbols)
    assert last.foreign_sell_volume == sum(t["foreign"]["sell_volume"] for t in symbols)
    assert last.foreign_net_volume == last.foreign_buy_volume - last.foreign_sell_volume
    assert last.members == len(symbols)
