"""What walls read, against plain counts over the tables, on a simulated day."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

from services.runtime import roles
from services.runtime.settings import Settings
from tests.support.wall_day import DAY

pytestmark = [pytest.mark.broker, pytest.mark.database]

Row = dict[str, Any]
Groups = dict[tuple[Any, ...], list[Row]]
LOCAL = timedelta(hours=7)
MINUTE = timedelta(minutes=1)


class Reader:
    """The tape as a wall sees it: by the reader's role."""

    def __init__(self, settings: Settings) -> None:
        self.tape = settings.tape
        url = roles.url(settings, roles.READER)
        self.connection = psycopg.connect(url, autocommit=True, row_factory=dict_row)
        self._tables: dict[str, list[Row]] = {}

    def rows(self, name: str) -> list[Row]:
        """All of a table or view."""
        if name not in self._tables:
            query = sql.SQL("SELECT * FROM {}").format(sql.Identifier(self.tape, name))
            self._tables[name] = self.connection.execute(query).fetchall()
        return self._tables[name]


@pytest.fixture(scope="module")
def wall(wall_tape: Settings) -> Iterator[Reader]:
    reader = Reader(wall_tape)
    yield reader
    reader.connection.close()


def minute(ts: datetime) -> datetime:
    return ts.replace(second=0, microsecond=0)


def place(row: Row) -> tuple[int, int]:
    return row["seq"], row["part"]


def grouped(rows: list[Row], *names: str, by: Callable[[Row], datetime] | None = None) -> Groups:
    """Rows in the order of (seq, part), by these columns and the minute they count in."""
    found: Groups = defaultdict(list)
    at = by or (lambda row: minute(row["ts"]))
    for row in sorted(rows, key=place):
        found[(*(row[n] for n in names), at(row))].append(row)
    return found


def traded_in(row: Row) -> datetime:
    """A print of the break, or stamped when the session ended, is of the minute before."""
    local = (row["ts"] + LOCAL).time()
    for end, after in ((11, 13), (15, 24)):
        ends = row["ts"].replace(minute=30 if end == 11 else 0, second=0, microsecond=0)
        ends = ends.replace(hour=end - 7)
        if row["ts"] >= ends and local.hour < after:
            return ends - MINUTE
    return minute(row["ts"])


def close(a: Any, b: Any) -> bool:
    return a == b if a is None or b is None else a == pytest.approx(b, rel=1e-9, abs=1e-6)


def of_shares(wall: Reader) -> list[Row]:
    return [row for row in wall.rows("trades_classified") if row["board"] == "main"]


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


LAST = {
    "flow_last": ("session_flow", ("symbol", "phase")),
    "foreign_last": ("foreign_flow", ("symbol",)),
    "basis_last": ("basis", ("symbol",)),
    "breadth_last": ("market_summary", ("symbol",)),
    "day_last": ("market_day", ("symbol",)),
}


@pytest.mark.parametrize("name", LAST)
def test_what_stands_now_is_the_newest_row_of_the_day(wall: Reader, name: str) -> None:
    table, key = LAST[name]
    newest = {tuple(row[k] for k in key): row for row in sorted(wall.rows(table), key=place)}
    found = {tuple(row[k] for k in key): row for row in wall.rows(name)}
    listed = {row["symbol"] for row in wall.rows("board_last")}
    if name not in ("breadth_last",):
        newest = {at: row for at, row in newest.items() if at[0] in listed}
    assert found.keys() == newest.keys()
    assert found
    for at, row in found.items():
        same = row.keys() & newest[at].keys() - {"day"}
        assert len(same) > 5
        assert {k: row[k] for k in same} == {k: newest[at][k] for k in same}, at


def test_the_board_is_the_newest_day_with_its_colours(wall: Reader) -> None:
    board = {row["symbol"]: row for row in wall.rows("board")}
    shown = {row["symbol"]: row for row in wall.rows("board_last")}
    assert len(shown) == len(board) > 100
    assert {str(row["day"]) for row in shown.values()} == {DAY}
    for symbol, row in shown.items():
        plain = board[symbol]
        for column in plain.keys() & row.keys():
            assert row[column] == plain[column], (symbol, column)
        for side in ("bid", "ask"):
            levels = plain[f"{side}s"] or []
            for n in (1, 2, 3):
                level = levels[n - 1] if n <= len(levels) else [None, None]
                assert [row[f"{side}{n}_price"], row[f"{side}{n}_volume"]] == level, symbol
        assert row["zone"] == colour(row["last"], plain), symbol
        assert row["expected_zone"] == colour(row["expected_price"], plain), symbol
    assert {row["zone"] for row in shown.values()} >= {-1, 1}


def colour(price: float | None, row: Row) -> int | None:
    if price is None or row["reference"] is None:
        return None
    if row["ceiling"] is not None and price >= row["ceiling"]:
        return 2
    if row["floor"] is not None and price <= row["floor"]:
        return -2
    return (price > row["reference"]) - (price < row["reference"])


@pytest.mark.parametrize(
    ("price", "zone"),
    [(11, 2), (10.5, 1), (10, 0), (9.5, -1), (9, -2), (None, None)],
)
def test_the_five_colours(wall: Reader, price: float | None, zone: int | None) -> None:
    """At the limits exactly; without a reference, and at a reference alone."""
    query = f'SELECT "{wall.tape}".zone(%s::float8, 10, 11, 9) AS z'
    assert wall.connection.execute(query, [price]).fetchall() == [{"z": zone}]
    query = f'SELECT "{wall.tape}".zone(10, NULL, NULL, NULL) AS z'
    assert wall.connection.execute(query).fetchall() == [{"z": None}]


def test_levels_are_those_of_the_newest_quote(wall: Reader) -> None:
    quotes = [q for q in wall.rows("market_quote") if q["board"] == "main"]
    newest = {q["symbol"]: q for q in sorted(quotes, key=place)}
    found = {(x["symbol"], x["side"], x["level"]): x for x in wall.rows("quote_levels")}
    wanted = {
        (symbol, side, n): level
        for symbol, quote in newest.items()
        for side in ("bid", "ask")
        for n, level in enumerate(quote[f"{side}s"], 1)
    }
    assert {at: [x["price"], x["volume"]] for at, x in found.items()} == wanted
    assert len(wanted) > 300


def test_a_minute_of_the_market_is_what_its_sums_grew_by(wall: Reader) -> None:
    """From the last row before the minute to the last one in it."""
    summaries: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(wall.rows("market_summary"), key=place):
        summaries[row["symbol"]].append(row)
    found = wall.rows("flow_market_1m")
    assert len(found) == len(wall.rows("breadth_1m"))
    for row in found:
        until = [s for s in summaries[row["symbol"]] if s["ts"] < row["ts"] + MINUTE]
        before = [s for s in until if s["ts"] < row["ts"]]
        if not before:
            assert row["net_value"] is row["total_value"] is None
            continue
        grew = {
            name: until[-1][name] - before[-1][name]
            for name in ("buy_value", "sell_value", "foreign_net_value", "total_value")
        }
        assert {name: row[name] for name in grew} == grew
        assert row["net_value"] == grew["buy_value"] - grew["sell_value"]
    assert any(row["net_value"] for row in found)


def test_leaders_indices_and_baskets_say_what_the_newest_messages_say(wall: Reader) -> None:
    newest = max(wall.rows("market_leaders"), key=place)
    for name in ("foreign_buyers", "foreign_sellers", "active_buyers", "active_sellers"):
        listed = sorted((x for x in wall.rows("leaders_last") if x["list"] == name),
                        key=lambda x: x["rank"])  # fmt: skip
        keys = ("symbol", "net_volume", "net_value")
        assert [{k: x[k] for k in keys} for x in listed] == newest[name]
    assert wall.rows("leaders_last")
    estimate = max(wall.rows("index_estimates"), key=place)
    values = {row["symbol"]: row for row in wall.rows("index_values")}
    shown = {row["symbol"]: row for row in wall.rows("index_last")}
    assert shown.keys() == values.keys()
    assert shown["VN30"]["estimate"] == estimate["value"]
    assert shown["VNINDEX"]["estimate"] is None
    for symbol, row in shown.items():
        assert row["change"] == values[symbol]["value"] - values[symbol]["prior"]
    (basket,) = wall.rows("instruments_basket")
    members = {row["symbol"] for row in wall.rows("basket_members")}
    assert members == {m["symbol"] for m in basket["members"]}
    assert len(members) == 30


def test_the_days_volume_is_covered_by_prints(wall: Reader) -> None:
    printed: dict[str, float] = defaultdict(float)
    for trade in of_shares(wall):
        printed[trade["symbol"]] += trade["volume"]
    rows = wall.rows("completeness")
    assert len(rows) == len(wall.rows("board_last"))
    for row in rows:
        assert (row["printed_volume"] or 0) == printed[row["symbol"]], row
        if row["total_volume"]:
            assert row["covered_percent"] == 100, row
    assert sum(row["unexplained_volume"] or 0 for row in rows) == 0


def test_the_rest_can_be_read_too(wall: Reader) -> None:
    """Alerts, gaps, age, storage and what lists choose from."""
    assert len(wall.rows("alerts_recent")) == len(wall.rows("alerts"))
    assert len(wall.rows("gaps")) == len(wall.rows("market_gap"))
    (age,) = wall.rows("data_age")
    assert age["last_ts"] == max(row["ts"] for row in wall.rows("board"))
    assert age["symbols"] == len(wall.rows("board_last"))
    assert age["age_s"] == pytest.approx(
        (datetime.now(UTC) - age["last_ts"]).total_seconds(), abs=600
    )
    stored = {row["relation"]: row for row in wall.rows("storage")}
    assert stored["trades_classified"]["is_hypertable"]
    assert stored["trades_classified"]["chunks"] == 1
    assert stored["trades_classified"]["bytes"] > 1_000_000
    assert not stored["board"]["is_hypertable"]
    assert {row["symbol"] for row in wall.rows("symbols")} == {
        row["symbol"] for row in wall.rows("instruments")
    }
    assert {row["exchange"] for row in wall.rows("session_state")} >= {"HOSE", "HNX", "UPCOM"}
    assert wall.rows("rolls") == [] or wall.rows("rolls")[0]["continuous"]


def test_the_list_of_tapes_has_those_with_walls(wall: Reader) -> None:
    query = "SELECT schemaname AS tape FROM pg_catalog.pg_views WHERE viewname = 'board_last'"
    assert {"tape": wall.tape} in wall.connection.execute(query).fetchall()
