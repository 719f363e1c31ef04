"""
The Community edition: continuous aggregates, columnstore and retention give Apache's figures.

It runs in memory, as WebAssembly (tests/support/wall_community.py), with the rows of some symbols
of the simulated day, moved into the last weeks.
"""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from services.runtime import migrations
from services.runtime.settings import Settings
from services.stack import Addresses
from services.writer.core import upkeep
from services.writer.core.upkeep import AGGREGATES, Keeping, hypertables
from services.writer.schema import MIGRATIONS
from tests.support.wall_community import Community, CommunityError, community
from tests.support.wall_day import DAY

# Long, and of a small package of somebody's: not what every run should need.
pytestmark = [pytest.mark.broker, pytest.mark.database, pytest.mark.soak]

SYMBOLS = ("HPG", "SSI", "SHS", "VN", "HOSE", "VNINDEX", "VN30")
FILLED = (
    "instruments", "trades_classified", "bars", "foreign_flow", "basis", "market_summary",
    "market_index", "index_estimates", "board", "session_flow",
)  # fmt: skip
SERIES = {
    name: f"symbol, ts{', scope' if name == 'breadth_1m' else ''}"
    for name in (
        "bars_1m", "bars_5m", "bars_15m", "bars_30m", "bars_1h", "bars_1d", "bars_1w", "flow_1m",
        "accuracy_1m", "foreign_1m", "basis_1m", "breadth_1m", "index_1m", "index_error_1m",
        "flow_market_1m",
    )
}  # fmt: skip
TODAY = datetime.now(UTC).date()
WEEKS = (TODAY - timedelta(days=20) - date.fromisoformat(DAY)).days // 7
SHIFT = timedelta(weeks=WEEKS)
"""The day is put 20 to 26 days before today, on a day of the same name."""
KEEPING = Keeping(days=60, book_days=30, columns_after_days=15)

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def apache(wall_tape: Settings, stack: Addresses) -> Iterator["psycopg.Connection[Any]"]:
    with psycopg.connect(stack.database, autocommit=True) as connection:
        connection.execute("SET timezone = 'UTC'")
        connection.execute(f"SET search_path TO {wall_tape.tape}, public")
        yield connection


@pytest.fixture(scope="module")
def filled(apache: "psycopg.Connection[Any]") -> Iterator[Community]:
    """Migrated, configured as `live`, then filled: as it happens."""
    with community() as database:
        database.run("CREATE ROLE vntape_writer; CREATE ROLE vntape_reader; CREATE SCHEMA live")
        database.run("SET search_path TO live, public")
        for migration in migrations.read(MIGRATIONS):
            database.run(migration.text)
        for statement in (
            *upkeep.retention(KEEPING),
            *upkeep.refreshing(KEEPING, live=True),
            *upkeep.columns(KEEPING),
        ):
            database.run(statement)
        for name in FILLED:
            _fill(database, name, _some(apache, name))
        yield database


def _some(apache: "psycopg.Connection[Any]", name: str) -> Rows:
    query = f"SELECT to_jsonb(t) FROM {name} t WHERE symbol = ANY(%s) OR symbol LIKE '41I1%%'"
    return [row for (row,) in apache.execute(query.encode(), [list(SYMBOLS)])]


def _fill(database: Community, name: str, rows: Rows) -> None:
    for at in range(0, len(rows), 2000):
        moved = [_moved(row, SHIFT) for row in rows[at : at + 2000]]
        database.run(
            f"INSERT INTO {name} SELECT * FROM jsonb_populate_recordset(NULL::{name}, $1)",
            json.dumps(moved),
        )


def _moved(row: dict[str, Any], by: timedelta) -> dict[str, Any]:
    out = dict(row)
    out["ts"] = (datetime.fromisoformat(row["ts"]) + by).isoformat()
    if "day" in row and isinstance(row["day"], str):
        out["day"] = (date.fromisoformat(row["day"]) + by).isoformat()
    return out


def _series(rows: Rows, by: timedelta) -> Rows:
    return [_moved(row, by) for row in rows]


def _of_apache(apache: "psycopg.Connection[Any]", name: str) -> Rows:
    query = (
        f"SELECT to_jsonb(t) FROM {name} t WHERE symbol = ANY(%s) OR symbol LIKE '41I1%%' "
        f"ORDER BY {SERIES[name]}"
    )
    return _series([r for (r,) in apache.execute(query.encode(), [list(SYMBOLS)])], timedelta(0))


def _of_community(database: Community, name: str) -> Rows:
    found = database.run(f"SELECT to_jsonb(t) AS r FROM {name} t ORDER BY {SERIES[name]}")
    return _series([row["r"] for row in found], -SHIFT)


def _same(database: Community, apache: "psycopg.Connection[Any]", name: str) -> int:
    """Sums of floats may differ in their last digit: they were added in another order."""
    wanted, found = _of_apache(apache, name), _of_community(database, name)
    assert len(found) == len(wanted) > 0
    for one, other in zip(found, wanted, strict=True):
        assert one.keys() == other.keys()
        for key, value in other.items():
            number = type(value) in (int, float)
            near = pytest.approx(value, rel=1e-9, abs=1e-6) if number else value
            assert one[key] == near, (name, other, key)
    return len(found)


def _kept(database: Community, name: str) -> int:
    """Rows that the aggregate itself holds, without what is computed when it is asked for."""
    database.run(f"ALTER MATERIALIZED VIEW {name} SET (timescaledb.materialized_only = true)")
    (row,) = database.run(f"SELECT count(*) AS n FROM {name}")
    database.run(f"ALTER MATERIALIZED VIEW {name} SET (timescaledb.materialized_only = false)")
    return int(row["n"])


def _refresh(database: Community) -> None:
    """Run the jobs as the scheduler does."""
    for name in AGGREGATES:
        (job,) = database.run(
            "SELECT job_id FROM timescaledb_information.jobs j "
            "JOIN _timescaledb_catalog.continuous_agg c "
            "ON c.mat_hypertable_id = (j.config ->> 'mat_hypertable_id')::int "
            f"WHERE c.user_view_name = '{name}'"
        )
        database.run(f"CALL run_job({job['job_id']})")


def test_it_is_the_community_edition(filled: Community) -> None:
    assert filled.run("SHOW timescaledb.license") == [{"timescaledb.license": "timescale"}]
    found = filled.run("SELECT view_name FROM timescaledb_information.continuous_aggregates")
    assert {row["view_name"] for row in found} == set(AGGREGATES)


def test_before_any_refresh_the_figures_are_all_there(
    filled: Community, apache: "psycopg.Connection[Any]"
) -> None:
    for name in SERIES:
        _same(filled, apache, name)
    assert _kept(filled, "cagg_bars_1m") == 0


def test_a_refresh_keeps_them_and_changes_none(
    filled: Community, apache: "psycopg.Connection[Any]"
) -> None:
    _refresh(filled)
    for name in SERIES:
        _same(filled, apache, name)
    for name in AGGREGATES:
        assert _kept(filled, name) > 0, name


def test_the_reader_sees_them_by_the_rights_of_views(filled: Community) -> None:
    """No right in the extension's own schemas is needed."""
    filled.run("GRANT USAGE ON SCHEMA live TO vntape_reader")
    filled.run("GRANT SELECT ON ALL TABLES IN SCHEMA live TO vntape_reader")
    filled.run("SET ROLE vntape_reader")
    try:
        for name in SERIES:
            assert filled.run(f"SELECT count(*) > 0 AS some FROM {name}") == [{"some": True}]
        with pytest.raises(CommunityError, match="permission denied"):
            filled.run("DELETE FROM trades_classified")
        with pytest.raises(CommunityError, match="permission denied"):
            filled.run("SELECT * FROM drop_expired()")
    finally:
        filled.run("RESET ROLE")


def test_late_rows_count_with_the_next_refresh(filled: Community) -> None:
    """However old: a trade, and the bar of it, come three weeks late; up to the week."""
    minute = f"SELECT trades, volume FROM bars_1m WHERE symbol = 'HPG' AND ts = {_at('10:00')}"
    week = "SELECT trades, volume FROM bars_1w WHERE symbol = 'HPG'"
    flow = f"SELECT trades, buy_volume FROM flow_1m WHERE symbol = 'HPG' AND ts = {_at('10:00')}"
    old = {q: filled.run(q) for q in (minute, week, flow)}
    for interval, ts in (("1m", _at("10:00")), ("1d", _at("00:00"))):
        filled.run(
            "INSERT INTO bars (ts, symbol, seq, part, feed, venue, interval, kind, phase, number, "
            "end_ms, open, high, low, close, volume, vwap, trades, final, revision) "
            f"VALUES ({ts}, 'HPG', 9, 0, 'f', 'VN', '{interval}', 'time', 'continuous', 7, 0, "
            "25000, 25000, 25000, 25000, 700, 25000, 1, true, 0)"
        )
    filled.run(
        "INSERT INTO trades_classified (ts, symbol, seq, part, feed, price, volume, side, phase, "
        f"board) VALUES ({_at('10:00')}, 'HPG', 9, 0, 'f', 25000, 700, 'buy', 'continuous', 'main')"
    )
    assert {q: filled.run(q) for q in old} == old
    _refresh(filled)
    for query, column in ((minute, "volume"), (week, "volume"), (flow, "buy_volume")):
        (was,), (now,) = old[query] or [{"trades": 0, column: 0}], filled.run(query)
        assert (now["trades"], now[column]) == (was["trades"] + 1, was[column] + 700), query


def test_columns_change_no_figure_and_take_a_row_that_comes_again(filled: Community) -> None:
    queries = [f"SELECT to_jsonb(t) AS r FROM {name} t ORDER BY {SERIES[name]}" for name in SERIES]
    queries += [f"SELECT count(*) AS n, sum(seq) AS s FROM {name}" for name in FILLED]
    old = [filled.run(query) for query in queries]
    converted = 0
    for table in hypertables():
        jobs = filled.run(
            "SELECT job_id FROM timescaledb_information.jobs WHERE proc_name = "
            f"'policy_compression' AND hypertable_name = '{table.name}'"
        )
        assert len(jobs) == 1, table.name
        filled.run(f"CALL run_job({jobs[0]['job_id']})")
        query = (
            "SELECT count(*) AS n FROM timescaledb_information.chunks "
            f"WHERE hypertable_name = '{table.name}' AND is_compressed"
        )
        converted += filled.run(query)[0]["n"]
    assert converted >= len(FILLED) - 2
    assert [filled.run(query) for query in queries] == old
    copy = "INSERT INTO trades_classified SELECT * FROM trades_classified WHERE symbol = 'SSI' "
    filled.run(copy + "LIMIT 50 ON CONFLICT DO NOTHING")
    assert [filled.run(query) for query in queries] == old


def test_dropped_rows_stay_in_the_minutes(filled: Community) -> None:
    """Ticks older than retention go; what was added up of them is not taken back by a refresh."""
    minutes = filled.run("SELECT to_jsonb(t) AS r FROM flow_1m_kept t ORDER BY symbol, ts")
    short = Keeping(days=16, book_days=16, columns_after_days=15)
    for statement in (*upkeep.retention(short), *upkeep.refreshing(short, live=True)):
        filled.run(statement)
    gone = filled.run("SELECT DISTINCT relation FROM drop_expired()")
    assert {"trades_classified", "foreign_flow"} <= {row["relation"] for row in gone}
    assert filled.run("SELECT count(*) AS n FROM trades_classified") == [{"n": 0}]
    assert filled.run("SELECT count(*) > 0 AS bars FROM bars") == [{"bars": True}]
    _refresh(filled)
    found = filled.run("SELECT to_jsonb(t) AS r FROM flow_1m_kept t ORDER BY symbol, ts")
    assert found == minutes


def test_what_apache_refuses_is_what_this_runs(apache: "psycopg.Connection[Any]") -> None:
    """The reason why there are two ways: the same statement, on the edition of Debian."""
    with pytest.raises(psycopg.Error, match="apache"):
        apache.execute(
            "CREATE MATERIALIZED VIEW no WITH (timescaledb.continuous) AS SELECT symbol, "
            "time_bucket('1 minute', ts) FROM trades_classified GROUP BY 1, 2 WITH NO DATA"
        )
    with community() as other, pytest.raises(CommunityError, match="missing"):
        other.run("SELECT * FROM missing")


def _at(local: str) -> str:
    day = date.fromisoformat(DAY) + SHIFT
    return f"'{day.isoformat()}T{local}:00+07:00'::timestamptz"
