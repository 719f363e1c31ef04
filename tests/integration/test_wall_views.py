"""What walls read of each minute, against plain counts over the tables, on a simulated day."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.runtime.settings import Settings
from tests.support.wall_rows import (
    LOCAL,
    Reader,
    Row,
    close,
    grouped,
    of_shares,
    traded_in,
)

pytestmark = [pytest.mark.broker, pytest.mark.database]


@pytest.fixture(scope="module")
def wall(wall_tape: Settings) -> Iterator[Reader]:
    reader = Reader(wall_tape)
    yield reader
    reader.connection.close()


def test_minutes_are_the_fold_of_their_trades(wall: Reader) -> None:
    """Open, high, low, close, sums and sides of every symbol and minute."""
    wanted = grouped(of_shares(wall), "symbol", by=traded_in)
    indices = {row["symbol"] for row in wall.rows("index_values")}
    bars = {(b["symbol"], b["ts"]): b for b in wall.rows("bars_1m") if b["symbol"] not in indices}
    assert bars.keys() == wanted.keys()
    assert len(bars) > 2_000
    for key, trades in wanted.items():
        prices = [t["price"] for t in trades]
        sides = {s: sum(t["volume"] for t in trades if t["side"] == s) for s in ("buy", "sell")}
        turnover = sum(t["price"] * t["volume"] for t in trades)
        found = bars[key]
        assert [found[n] for n in ("open", "high", "low", "close", "trades")] == [
            prices[0], max(prices), min(prices), prices[-1], len(trades),
        ], key  # fmt: skip
        assert close(found["volume"], sum(t["volume"] for t in trades)), key
        assert close(found["turnover"], turnover), key
        assert close(found["vwap"], turnover / found["volume"]), key
        assert (found["buy_volume"], found["sell_volume"]) == (sides["buy"], sides["sell"]), key
        assert found["delta"] == sides["buy"] - sides["sell"], key


@pytest.mark.parametrize(
    ("name", "of", "begins"),
    [
        ("bars_5m", "bars_1m", lambda t: t - timedelta(minutes=t.minute % 5)),
        ("bars_15m", "bars_1m", lambda t: t - timedelta(minutes=t.minute % 15)),
        ("bars_30m", "bars_1m", lambda t: t - timedelta(minutes=t.minute % 30)),
        ("bars_1h", "bars_1m", lambda t: t.replace(minute=0)),
        ("bars_1d", "bars_1m", lambda t: (t + LOCAL).replace(hour=0, minute=0) - LOCAL),
        ("bars_1w", "bars_1d", lambda t: t - timedelta(days=(t + LOCAL).weekday())),
    ],
)
def test_longer_bars_are_the_fold_of_shorter_ones(
    wall: Reader, name: str, of: str, begins: Callable[[datetime], datetime]
) -> None:
    wanted: dict[tuple[str, datetime], list[Row]] = defaultdict(list)
    for bar in sorted(wall.rows(of), key=lambda b: b["ts"]):
        wanted[bar["symbol"], begins(bar["ts"])].append(bar)
    found = {(b["symbol"], b["ts"]): b for b in wall.rows(name)}
    assert found.keys() == wanted.keys()
    for key, parts in wanted.items():
        bar = found[key]
        assert (bar["open"], bar["close"]) == (parts[0]["open"], parts[-1]["close"]), key
        assert bar["high"] == max(p["high"] for p in parts), key
        assert bar["low"] == min(p["low"] for p in parts), key
        for column in ("volume", "turnover", "trades", "buy_volume", "sell_volume", "delta"):
            values = [p[column] for p in parts if p[column] is not None]
            assert close(bar[column], sum(values) if values else None), (key, column)


def test_flow_and_accuracy_are_counts_of_trades(wall: Reader) -> None:
    about = {i["symbol"]: i for i in wall.rows("instruments")}
    wanted = grouped(of_shares(wall), "symbol")
    flows = {(f["symbol"], f["ts"]): f for f in wall.rows("flow_1m")}
    judged = {(f["symbol"], f["ts"]): f for f in wall.rows("accuracy_1m")}
    assert flows.keys() == judged.keys() == wanted.keys()
    for key, trades in wanted.items():
        found, known = flows[key], about[key[0]]
        assert (found["exchange"], found["kind"]) == (known["exchange"], known["kind"])
        for side in ("buy", "sell", "neutral", "unknown"):
            of = [t for t in trades if t["side"] == side]
            value = sum(t["price"] * t["volume"] for t in of) * known["multiplier"]
            assert close(found[f"{side}_volume"], sum(t["volume"] for t in of)), key
            assert close(found[f"{side}_value"], value), key
        both = [t for t in trades if t["vendor_side"] and t["inferred_side"]]
        counts = (
            len(trades), sum(t["vendor_side"] is not None for t in trades), len(both),
            sum(t["vendor_side"] == t["inferred_side"] for t in both),
        )  # fmt: skip
        names = ("trades", "vendor_named", "compared", "agreed")
        assert tuple(judged[key][n] for n in names) == counts, key
    assert sum(f["compared"] for f in judged.values()) > 5_000


NEWEST = {
    "foreign_1m": ("foreign_flow", ("symbol",)),
    "basis_1m": ("basis", ("symbol",)),
    "breadth_1m": ("market_summary", ("symbol", "scope", "day")),
    "index_1m": ("market_index", ("symbol",)),
    "index_error_1m": ("index_estimates", ("symbol",)),
}
OTHER: dict[str, tuple[str, Callable[[list[Any]], Any]]] = {
    "delta_volume": ("delta_volume", sum),
    "delta_value": ("delta_value", sum),
    "basis_open": ("basis", lambda values: values[0]),
    "basis_high": ("basis", max),
    "basis_low": ("basis", min),
    "estimate": ("value", lambda values: values[-1]),
    "error_max": ("error", lambda values: max(map(abs, values))),
}
"""Column -> what it is of which column's known values in the minute; others of the newest row."""


@pytest.mark.parametrize("name", NEWEST)
def test_a_minute_shows_the_newest_row_of_its_table(wall: Reader, name: str) -> None:
    table, key = NEWEST[name]
    wanted = grouped(wall.rows(table), *key)
    found = {(*(row[k] for k in key), row["ts"]): row for row in wall.rows(name)}
    assert found.keys() == wanted.keys()
    assert len(found) > 300
    for at, rows in wanted.items():
        for column, value in found[at].items():
            if column in OTHER:
                source, fold = OTHER[column]
                known = [row[source] for row in rows if row[source] is not None]
                assert close(value, fold(known) if known else None), (at, column)
            elif column != "ts":
                assert value == rows[-1][column], (at, column)
