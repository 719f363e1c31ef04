"""Every query of every wall, as Grafana sends it, by the role that can only read."""

import secrets
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import yaml

from services.runtime.settings import Settings
from services.stack import Addresses
from tests.support import rare_day
from tests.support.grafana import ROOT, Query, Span, boards, expanded, queries
from tests.support.tapes import forget
from tests.support.wall_reader import SPAN, Wall

pytestmark = [pytest.mark.broker, pytest.mark.database]

LIMIT_S = 2.0
"""Of one query, beside a whole test run; of a day at full scale see the soak test."""
NUMBERS = {"int8", "int4", "int2", "float8", "float4", "numeric"}
RARE = (".gaps", ".rolls", ".dead_letters_1h", ".alert_deliveries", ".busd_")
"""What the simulated day has none of; alerts of one symbol neither."""
COLOURS = {"#d65cff": "ceiling", "#35d0e8": "floor", "#f4d03f": "reference"}


@pytest.fixture(scope="module")
def wall(wall_tape: Settings) -> Iterator[Wall]:
    made = Wall(wall_tape, wall_tape.tape)
    yield made
    made.connection.close()


@pytest.fixture(scope="module")
def rare(wall_tape: Settings, stack: Addresses) -> Iterator[Wall]:
    """The same day, with what a sound one has not."""
    tape = f"t{secrets.token_hex(6)}"
    rare_day.make(stack.database, wall_tape.tape, tape)
    made = Wall(wall_tape, tape)
    yield made
    made.connection.close()
    forget(tape, stack)


ALL = [query for path, board in boards().items() for query in queries(board, path)]


def is_rare(query: Query) -> bool:
    """Whether a sound day may have no row for it."""
    of_one = ".alerts_recent" in query.sql and "${symbol" in query.sql
    return of_one or any(name in query.sql for name in RARE)


def query_of(where: str) -> Query:
    """The one query whose place begins so."""
    (found,) = (query for query in ALL if query.where.startswith(where))
    return found


@pytest.mark.parametrize("query", ALL, ids=[query.where for query in ALL])
def test_a_query_has_the_columns_and_rows_that_its_panel_needs(wall: Wall, query: Query) -> None:
    columns, rows = wall.ask(query)
    assert query.fields <= columns.keys(), query.fields - columns.keys()
    suits(query, columns, rows)
    if not is_rare(query):
        assert rows
        if query.kind not in ("table", "variable", "annotation", "stat"):
            numeric = [n for n, c in enumerate(columns.values()) if c in NUMBERS]
            assert any(row[n] is not None for row in rows for n in numeric), "only nulls"
    assert wall.took[query.where] < LIMIT_S


UNUSUAL = [query for query in ALL if is_rare(query)]


@pytest.mark.parametrize("query", UNUSUAL, ids=[query.where for query in UNUSUAL])
def test_what_seldom_happens_is_shown_when_it_does(rare: Wall, query: Query) -> None:
    """Gaps, contract rolls, dead letters, deliveries, alerts of one symbol, the BUSD flow."""
    columns, rows = rare.ask(query)
    suits(query, columns, rows)
    assert rows


def suits(query: Query, columns: dict[str, str], rows: list[Any]) -> None:
    """What the kind of panel asks of its columns."""
    types, names = list(columns.values()), list(columns)
    match query.kind:
        case "variable":
            assert types[0] in ("text", "name")
            assert names in ([names[0]], ["__text", "__value"])
        case "annotation":
            assert columns["time"] == "timestamptz"
            assert columns["text"] == "text"
            assert columns.get("timeend", "timestamptz") == "timestamptz"
        case "timeseries" | "candlestick" | "heatmap":
            assert query.form == "time_series"
            assert columns["time"] == "timestamptz"
            times = [row[names.index("time")] for row in rows]
            assert times == sorted(times)
            rest = {name: kind for name, kind in columns.items() if name not in ("time", "metric")}
            assert rest
            assert set(rest.values()) <= NUMBERS
        case "barchart":
            assert types[0] == "text"
            assert set(types[1:]) <= NUMBERS
        case "stat":
            assert len(rows) == 1
        case "table":
            assert len(names) == len(set(names))
            assert {c for n, c in columns.items() if n.endswith("style")} <= {"text"}
    if query.kind == "heatmap":
        assert all(float(row[names.index("metric")]) for row in rows)
        assert len({row[names.index("time")] for row in rows}) > 1


@pytest.mark.parametrize("bar", ["1m", "5m", "15m", "30m", "1h", "1d", "1w"])
def test_bars_of_every_span_are_there(wall: Wall, bar: str) -> None:
    candles = next(query for query in ALL if query.kind == "candlestick")
    wide = Span(SPAN.start - timedelta(days=8), SPAN.end)
    sql = expanded(candles.sql, wide, {"tape": wall.tape, "symbol": "FPT", "bar": bar})
    rows = wall.connection.execute(sql.encode()).fetchall()
    assert rows
    _, open_, high, low, close, _, vwap = rows[0]
    assert low <= min(open_, close, vwap) <= max(open_, close, vwap) <= high
    assert 50 < close < 500  # thousands of VND


def test_an_alias_shows_what_its_symbol_shows(rare: Wall) -> None:
    """VN30F1M in the URL is the contract that has the name; its points are not divided."""
    head = query_of("desk/symbol.json 2 ")
    wanted = rare.ask(head, rare_day.CONTRACT)
    assert rare.ask(head, rare_day.ALIAS) == wanted
    _, ((last, *_),) = wanted
    assert last > 500


def test_an_auction_shows_the_expected_price_in_its_colour(rare: Wall) -> None:
    """All at the ceiling there: the expected price is purple, in thousands of VND."""
    for board in ("desk/board.json 4 ", "wall/board.json 4 "):
        columns, rows = rare.ask(query_of(board))
        for values in rows:
            row = dict(zip(columns, values, strict=True))
            assert row["expected"] == row["ceiling"] < 1000
            assert COLOURS.keys() & {row["expected_style"][10:17]} == {"#d65cff"}


def test_put_through_has_volume_and_value(rare: Wall) -> None:
    _, rows = rare.ask(query_of("desk/symbol.json 5 "))
    facts = dict(rows)
    assert facts["KL thỏa thuận"] == "500,000"
    assert facts["GT thỏa thuận (tỷ)"] == "60.0"


def test_the_boards_five_colours_are_those_of_exact_limits(wall: Wall) -> None:
    """Each cell's style against reference, ceiling and floor of the instrument."""
    columns, rows = wall.ask(query_of("desk/board.json 4 "))
    names, seen = list(columns), set()
    assert len(rows) == 30
    for values in rows:
        row = dict(zip(names, values, strict=True))
        for name in ("bid1", "bid2", "bid3", "ask1", "ask2", "ask3", "open", "high", "low"):
            value, style = row[name], row[f"{name}_style"]
            wanted = [n for n in ("ceiling", "floor", "reference") if value == row[n]]
            got = [n for colour, n in COLOURS.items() if style and colour in style]
            assert got == wanted[:1], (row["symbol"], name, value, style)
            if style and not got:
                assert ("#2ecc71" in style) == (value > row["reference"]), (row["symbol"], name)
            seen.add(style)
    assert len(seen) >= 3


def test_the_rule_of_grafanas_own_alerting_runs(rare: Wall) -> None:
    given = yaml.safe_load((ROOT / "provisioning/alerting/vntape.yaml").read_text())
    (rule,) = given["groups"][0]["rules"]
    sql = rule["data"][0]["model"]["rawSql"].replace("live.", f'"{rare.tape}".')
    ((age,),) = rare.connection.execute(sql.encode()).fetchall()
    assert age > 15


def test_half_of_all_queries_take_less_than_50_ms(wall: Wall) -> None:
    for query in ALL:
        wall.ask(query)
    took = sorted(wall.took.values())
    print(f"\n{len(took)} queries: median {took[len(took) // 2] * 1000:.1f} ms,"
          f" largest {max(took) * 1000:.0f} ms")  # fmt: skip
    assert took[len(took) // 2] < 0.05
