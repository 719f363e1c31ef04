"""What walls read of the moment, against plain counts over the tables, on a simulated day."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from services.runtime.settings import Settings
from tests.support.wall_day import DAY
from tests.support.wall_rows import (
    MINUTE,
    Reader,
    Row,
    of_shares,
    place,
)

pytestmark = [pytest.mark.broker, pytest.mark.database]


@pytest.fixture(scope="module")
def wall(wall_tape: Settings) -> Iterator[Reader]:
    reader = Reader(wall_tape)
    yield reader
    reader.connection.close()


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
