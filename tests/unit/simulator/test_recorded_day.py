"""A recorded day, as ingest reads it, against the truth beside it."""

from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from schemas.market import Foreign, Index, OpenInterest, Quote, Status, Trade
from services.ingest.core.vn.instruments import is_on_step, price_limits, price_steps
from services.simulator.core.listings import HALTED, LOCKED
from services.simulator.core.plan import Plan
from tests.unit.simulator.exchange_day import (
    Decoded,
    decoded,
    plan,
    recorded,
    truth_day,
    truth_trades,
)

MAIN = {"ato", "continuous", "atc", "plo"}


@pytest.fixture(scope="module")
def the_plan() -> Plan:
    return plan(overtaking=0.05)


@pytest.fixture(scope="module")
def folder(the_plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("day")
    recorded(the_plan, path)
    return path


@pytest.fixture(scope="module")
def day(folder: Path) -> Decoded:
    return decoded(folder)


@pytest.fixture(scope="module")
def prints(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Symbol -> prints of the main board in the order of matching."""
    found = defaultdict(list)
    for row in truth_trades(folder):
        if row["phase"] in MAIN:
            found[row["symbol"]].append(row)
    return found


def of(day: Decoded, kind: type) -> dict[str, list[Any]]:
    found = defaultdict(list)
    for message in day.messages:
        if isinstance(message, kind):
            found[message.symbol].append(message)
    return found


def test_ingest_refuses_nothing_and_drops_only_what_it_should(day: Decoded, folder: Path) -> None:
    assert day.dead == []
    expected = {"vn.X-TRADE stale_day": truth_day(folder)["stale_snapshots"]}
    # A future's S# in which the open interest is what it was says nothing new.
    assert {k: n for k, n in day.dropped.items() if k != "vn.S duplicate"} == expected
    assert not [m for m in day.messages if type(m).__name__ == "Gap"]


def test_every_print_of_the_truth_is_in_market_in_its_order_and_phase(
    day: Decoded, prints: dict[str, list[dict[str, Any]]]
) -> None:
    for symbol, trades in of(day, Trade).items():
        told = [(t.price, t.volume, t.total_volume, t.phase) for t in trades]
        true = [(p["price"], p["volume"], p["total_volume"], p["phase"]) for p in prints[symbol]]
        assert told == true, symbol
    assert set(of(day, Trade)) == set(prints)
    assert {p["phase"] for rows in prints.values() for p in rows} == MAIN


def test_sums_of_the_truth_are_those_of_its_prints(
    folder: Path, prints: dict[str, list[dict[str, Any]]]
) -> None:
    for symbol, sums in truth_day(folder)["symbols"].items():
        by_flow: Counter[tuple[str, str]] = Counter()
        for row in prints[symbol]:
            by_flow[row["phase"], row["aggressor"]] += row["volume"]
        told = {
            (phase, side): flow["volume"]
            for phase, sides in sums["flow"].items() if phase in MAIN
            for side, flow in sides.items()
        }  # fmt: skip
        assert told == by_flow, symbol
        assert sums["total_volume"] == sum(by_flow.values())
        if prints[symbol]:
            prices = [row["price"] for row in prints[symbol]]
            named = (sums["open"], sums["high"], sums["low"], sums["close"])
            assert named == (prices[0], max(prices), min(prices), prices[-1]), symbol


def test_foreign_totals_of_the_last_message_are_the_truths(day: Decoded, folder: Path) -> None:
    told = {symbol: found[-1] for symbol, found in of(day, Foreign).items()}
    for symbol, sums in truth_day(folder)["symbols"].items():
        true = sums["foreign"]
        if symbol not in told:
            assert true["buy_volume"] == true["sell_volume"] == 0
            continue
        last = told[symbol]
        assert (last.buy_volume, last.sell_volume) == (true["buy_volume"], true["sell_volume"])
        if sums["exchange"] != "HOSE":
            assert (last.buy_value, last.sell_value) == (true["buy_value"], true["sell_value"])


def test_every_price_is_on_a_step_and_within_the_limits(
    prints: dict[str, list[dict[str, Any]]], the_plan: Plan
) -> None:
    for about in the_plan.instruments:
        steps = price_steps(about.exchange, about.kind)
        unit = 10 if about.kind == "future" else 1
        limits = price_limits(about.reference / unit, about.exchange, about.kind)
        for row in prints[about.symbol]:
            assert is_on_step(steps, row["price"]), (about.symbol, row["price"])
            assert row["volume"] % about.lot == 0
            if limits is not None:
                assert limits.floor <= row["price"] <= limits.ceiling, about.symbol


def test_a_book_is_never_crossed_in_continuous_trading(day: Decoded) -> None:
    quotes = [m for m in day.messages if isinstance(m, Quote) and m.phase == "continuous"]
    assert len(quotes) > 30_000
    crossed = [q for q in quotes if q.bids and q.asks and q.bids[0][0] >= q.asks[0][0]]
    assert crossed == []


def test_hose_shows_three_levels_and_others_up_to_ten(day: Decoded, the_plan: Plan) -> None:
    exchange = {i.symbol: i.exchange for i in the_plan.instruments}
    most: Counter[str] = Counter()
    for symbol, quotes in of(day, Quote).items():
        for quote in quotes:
            most[exchange[symbol]] = max(most[exchange[symbol]], len(quote.bids), len(quote.asks))
    assert most == {"HOSE": 3, "HNX": 10, "UPCOM": 10, "DERIVATIVES": 10}


def test_the_halted_share_does_not_trade_while_it_is_halted(
    day: Decoded, prints: dict[str, list[dict[str, Any]]]
) -> None:
    phases = [m.phase for m in of(day, Status)[HALTED]]
    assert phases.count("halted") == 1
    assert phases[phases.index("halted") + 1] == "continuous"
    times = [row["time_ns"] // 10**9 % 86400 + 7 * 3600 for row in prints[HALTED]]
    halted = range((10 * 60 + 15) * 60, (13 * 60 + 30) * 60)
    assert times
    assert not [t for t in times if t in halted]


def test_the_locked_share_stands_at_its_ceiling_with_no_asks(
    day: Decoded, prints: dict[str, list[dict[str, Any]]], the_plan: Plan
) -> None:
    about = next(i for i in the_plan.instruments if i.symbol == LOCKED)
    limits = price_limits(about.reference, about.exchange, about.kind)
    assert limits is not None
    continuous = [row for row in prints[LOCKED] if row["phase"] == "continuous"]
    assert {(row["price"], row["aggressor"]) for row in continuous} == {(limits.ceiling, "sell")}
    late = [q for q in of(day, Quote)[LOCKED] if q.phase == "continuous"][50:]
    assert late
    assert all(q.asks == [] and q.bids[0][0] == limits.ceiling for q in late)


def test_indices_are_made_of_the_prints(
    day: Decoded, prints: dict[str, list[dict[str, Any]]], the_plan: Plan
) -> None:
    weights = {i.symbol: (i.shares * i.free_float * i.cap, i.reference) for i in the_plan.shares()}
    members = [symbol for symbol, (weight, _) in weights.items() if weight]
    assert len(members) == 30
    closes = {s: prints[s][-1]["price"] if prints[s] else weights[s][1] for s in members}
    now = sum(weights[s][0] * closes[s] for s in members)
    before = sum(weights[s][0] * weights[s][1] for s in members)
    told: list[Index] = of(day, Index)["VN30"]
    assert told[-1].value == pytest.approx(told[-1].prior * now / before, abs=0.011)
    steps = {b.ts_ms - a.ts_ms for a, b in pairwise(told)}
    assert steps == {5000}
    estimated = [m.ts_ms // 1000 % 86400 // 60 + 7 * 60 for m in told if m.estimated_value]
    # In ATO and ATC, from their first to their last second.
    assert set(estimated) == {*range(9 * 60, 9 * 60 + 15), *range(14 * 60 + 30, 14 * 60 + 46)}


def test_futures_follow_vn30_and_have_open_interest(
    day: Decoded, prints: dict[str, list[dict[str, Any]]], the_plan: Plan
) -> None:
    front = the_plan.futures()[0].symbol
    vn30 = {m.ts_ms // 5000: m.value for m in of(day, Index)["VN30"]}
    seconds = [(row["time_ns"] // 10**9, row["price"]) for row in prints[front]
               if row["phase"] == "continuous"]  # fmt: skip
    basis = [price - vn30[s // 5] for s, price in seconds if s // 5 in vn30]
    assert len(basis) > 300
    assert max(map(abs, basis)) < 25
    assert len({m.value for m in of(day, OpenInterest)[front]}) > 10


def test_the_classifier_agrees_with_the_truth(
    day: Decoded, prints: dict[str, list[dict[str, Any]]]
) -> None:
    flags: Counter[bool] = Counter()
    inferred: Counter[bool] = Counter()
    for symbol, rows in prints.items():
        for row, said in zip(rows, day.classified[symbol], strict=True):
            if row["phase"] == "continuous":
                flags[said.side == row["aggressor"]] += 1
                inferred[said.inferred_side == row["aggressor"]] += 1
            else:
                assert said.side == row["aggressor"] == "neutral"
    for name, found in (("side", flags), ("inferred side", inferred)):
        print(f"{name}: {found[True] / found.total():.4f} of {found.total():,} agree")
    assert flags[True] / flags.total() >= 0.99
    assert inferred[True] / inferred.total() >= 0.97
