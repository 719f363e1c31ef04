"""What is dropped by age, and what a tape that is migrated when it is full still says."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql

from services.runtime import database as clients
from services.runtime import migrations, roles
from services.runtime.settings import Settings, SettingsError
from services.stack import Addresses
from services.writer import schema, upkeep
from services.writer.core.upkeep import Keeping, hypertables
from services.writer.schema import apply_tape
from tests.support.stack import ROOT
from tests.support.writing import instance_of

pytestmark = [pytest.mark.broker, pytest.mark.database]

NOW = datetime.now(UTC)


@pytest.fixture
def settings(stack: Addresses, tape: str) -> Settings:
    made = Settings(
        tape=tape,
        stack=instance_of(stack),
        local_dir=ROOT / ".local",
        kafka=stack.kafka,
        database_url=stack.database,
    )
    schema.migrate(made)
    return made


def _auction(tape: str, days: float, table: str = "market_auction") -> str:
    at = NOW - timedelta(days=days)
    more = ", bids, asks, board" if table == "market_quote" else ""
    values = ", '{}', '{}', 'main'" if more else ""
    return (
        f"INSERT INTO {tape}.{table} (ts, symbol, seq, feed, ts_source, phase{more}) "
        f"VALUES ('{at.isoformat()}', 'A', {int(at.timestamp() * 1e6)}, 'f', 'exchange', 'atc'"
        f"{values})"
    )


def _ages(connection: "psycopg.Connection[Any]", tape: str, table: str) -> list[int]:
    rows = connection.execute(f"SELECT ts FROM {tape}.{table} ORDER BY 1").fetchall()
    return [round((NOW - ts).total_seconds() / 86_400) for (ts,) in rows]


def test_old_chunks_go_by_table_and_nothing_goes_unasked(settings: Settings, database: str) -> None:
    """The writer drops them by the owner's function; other tables and newer rows stay."""
    tape, url = settings.tape, roles.url(settings, roles.WRITER)
    with psycopg.connect(database, autocommit=True) as connection:
        for days in (40, 12, 9, 3, 0):
            connection.execute(_auction(tape, days).encode())
            connection.execute(_auction(tape, days, "market_quote").encode())
        assert asyncio.run(upkeep.drop_expired(url, tape)) == []
        upkeep.configure(connection, tape, Keeping(days=30, book_days=10))
        dropped = asyncio.run(upkeep.drop_expired(url, tape))
        assert sorted(table for table, _ in dropped) == [
            "market_auction", "market_quote", "market_quote",
        ]  # fmt: skip
        assert _ages(connection, tape, "market_auction") == [12, 9, 3, 0]
        assert _ages(connection, tape, "market_quote") == [9, 3, 0]
        assert asyncio.run(upkeep.drop_expired(url, tape)) == []
        upkeep.configure(connection, tape, Keeping())
        assert connection.execute(f"SELECT * FROM {tape}.retention").fetchall() == []


def test_what_is_being_read_is_dropped_the_next_time(settings: Settings, database: str) -> None:
    """A wall's long query is neither ended nor waited for longer than 5 s."""
    tape, url = settings.tape, roles.url(settings, roles.WRITER)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(_auction(tape, 40).encode())
        upkeep.configure(connection, tape, Keeping(days=30))
        with psycopg.connect(roles.url(settings, roles.READER)) as reader:
            reader.execute(f"SELECT * FROM {tape}.market_auction")
            assert asyncio.run(upkeep.drop_expired(url, tape)) == []
        assert len(asyncio.run(upkeep.drop_expired(url, tape))) == 1


def test_only_the_writer_drops_and_by_no_object_of_its_own(settings: Settings) -> None:
    tape = settings.tape
    call = f"SELECT * FROM {tape}.drop_expired()"
    with psycopg.connect(roles.url(settings, roles.READER)) as connection:
        connection.execute("SET TRANSACTION READ WRITE")
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(call)
    with psycopg.connect(roles.url(settings, roles.WRITER), autocommit=True) as connection:
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(f"INSERT INTO {tape}.retention VALUES ('offsets', '1 day')")
        # A temporary table of this name would be found first, were it asked for.
        connection.execute("CREATE TEMP TABLE retention (relation text, keep interval)")
        connection.execute(f"INSERT INTO pg_temp.retention VALUES ('{tape}.bars', '1 day')")
        assert connection.execute(call).fetchall() == []


def test_settings_reach_live_alone_and_a_short_horizon_is_refused() -> None:
    asked = {"retention_days": 90, "retention_book_days": 30, "columnstore_after_days": 20}
    assert upkeep.keeping(Settings(tape="live", **asked)) == Keeping(90, 30, 20)
    assert upkeep.keeping(Settings(tape="replay20260720", **asked)) == Keeping()
    assert upkeep.keeping(Settings(tape="live")) == Keeping()
    with pytest.raises(SettingsError, match=r"COLUMNSTORE_AFTER_DAYS: 14 is too short.*say 15"):
        upkeep.keeping(Settings(tape="live", columnstore_after_days=14))


def test_a_full_tape_of_each_earlier_level_is_migrated_with_its_figures(
    wall_tape: Settings, stack: Addresses, tape: str
) -> None:
    """Filled before there was any view for walls: rows unchanged, views as on the other tape."""
    files = migrations.read(schema.MIGRATIONS)
    before = [m for m in files if m.number < 16]
    with clients.connect(stack.database, "test", autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {tape}")
        migrations.apply(connection, tape, before)
        names = [t.name for t in hypertables()] + ["board", "instruments", "index_values",
                 "instruments_basket", "sessions"]  # fmt: skip
        for name in names:
            columns = sql.SQL(", ").join(map(sql.Identifier, _columns(connection, tape, name)))
            connection.execute(
                sql.SQL("INSERT INTO {} ({c}) SELECT {c} FROM {}").format(
                    sql.Identifier(tape, name), sql.Identifier(wall_tape.tape, name), c=columns
                )
            )
        old = {name: _print(connection, tape, name) for name in names}
        assert old["trades_classified"][0] > 5_000
        ran = apply_tape(stack.database, tape)
        assert ran == [m.name for m in files if m.number >= 16 and not m.needs_community]
        assert {name: _print(connection, tape, name) for name in names} == old
        for name in (
            "bars_1m",
            "bars_1w",
            "accuracy_1m",
            "foreign_1m",
            "board_last",
            "completeness",
        ):
            assert _print(connection, tape, name) == _print(connection, wall_tape.tape, name), name
    assert apply_tape(stack.database, tape) == []


def _columns(connection: clients.Connection, tape: str, name: str) -> list[str]:
    query = (
        "SELECT column_name FROM information_schema.columns "
        "WHERE table_schema = %s AND table_name = %s"
    )
    return [column for (column,) in connection.execute(query, [tape, name])]


def _print(connection: clients.Connection, tape: str, name: str) -> tuple[int, int]:
    """How many rows, and a sum that depends on every value of every one."""
    query = sql.SQL("SELECT count(*), sum(hashtextextended(t::text, 0)::numeric) FROM {} t").format(
        sql.Identifier(tape, name)
    )
    row = connection.execute(query).fetchone()
    assert row is not None
    return row[0], row[1]
