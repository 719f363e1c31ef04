"""Migrations and roles on a real TimescaleDB."""

from pathlib import Path

import psycopg
import pytest
from psycopg import errors, sql

from services.runtime import database as clients
from services.runtime import migrations, roles
from services.runtime.settings import Settings
from services.stack import Addresses
from services.writer import schema
from services.writer.schema import apply_tape, drop_tape, size, tapes
from tests.support.writing import prepared

pytestmark = [pytest.mark.broker, pytest.mark.database]


@pytest.fixture
async def settings(stack: Addresses, tape: str) -> Settings:
    return await prepared(stack, tape)


def test_migrating_again_does_nothing(settings: Settings, database: str) -> None:
    assert apply_tape(database, settings.tape) == []
    assert settings.tape in tapes(database)
    assert size(database, settings.tape).rows == 0


def test_a_dropped_tape_is_gone(settings: Settings, database: str) -> None:
    assert drop_tape(database, settings.tape)
    assert settings.tape not in tapes(database)
    assert not drop_tape(database, settings.tape)


@pytest.mark.parametrize("name", ["public", "pgtape", "Live", "a-b"])
def test_a_tape_with_a_name_of_the_database_is_refused(name: str, database: str) -> None:
    with pytest.raises(ValueError, match="name"):
        apply_tape(database, name)


def test_dead_letters_of_an_older_tape_get_their_venue(database: str, tape: str) -> None:
    """Rows that were stored before the venue was a column keep all they say."""
    files = migrations.read(schema.MIGRATIONS)
    with clients.connect(database, "test") as connection:
        connection.execute(f"CREATE SCHEMA {tape}")
        connection.commit()
        migrations.apply(connection, tape, [m for m in files if m.number < 4])
        connection.execute(
            f"INSERT INTO {tape}.dead_letters (service, key, reason, origin, at, value) VALUES "
            """('s', '1', 'r', '{"venue": "BN", "index": "2"}', now(), 'x'), """
            """('s', '2', 'r', '{"venue": null}', now(), 'x'), """
            "('s', '3', 'r', '{}', now(), 'x')"
        )
        connection.commit()
    assert "0004_dead_letters_venue.sql" in apply_tape(database, tape)
    with clients.connect(database, "test") as connection:
        query = f"SELECT key, venue, origin FROM {tape}.dead_letters ORDER BY 1"
        found = connection.execute(query).fetchall()
    assert found == [("1", "BN", {"index": "2"}), ("2", "", {}), ("3", "", {})]


def test_a_changed_file_is_refused(database: str, tape: str, tmp_path: Path) -> None:
    """Changed, gone, or failing: the text says which file, and nothing is half done."""
    first, second = tmp_path / "0001_a.sql", tmp_path / "0002_b.sql"
    first.write_text("CREATE TABLE a (x int)")
    second.write_text("-- requires: timescale\nCREATE TABLE b (x int)")
    with clients.connect(database, "test") as connection:
        connection.execute(f"CREATE SCHEMA {tape}")
        connection.commit()
        community = migrations.is_community(connection)
        want = ["0001_a.sql", "0002_b.sql"] if community else ["0001_a.sql"]
        assert migrations.apply(connection, tape, migrations.read(tmp_path)) == want
        (tmp_path / "0003_c.sql").write_text("CREATE TABLE c (x int); CREATE TABLE a (x int)")
        with pytest.raises(errors.DuplicateTable):
            migrations.apply(connection, tape, migrations.read(tmp_path))
        connection.rollback()
        there = connection.execute("SELECT to_regclass(%s)", [f"{tape}.c"]).fetchone()
        assert there == (None,)
        (tmp_path / "0003_c.sql").unlink()
        first.write_text("CREATE TABLE a (x bigint)")
        with pytest.raises(migrations.MigrationError, match=r"0001_a\.sql has changed"):
            migrations.apply(connection, tape, migrations.read(tmp_path))
        first.unlink()
        with pytest.raises(migrations.MigrationError, match="does not have"):
            migrations.apply(connection, tape, migrations.read(tmp_path))


FORBIDDEN = {
    "insert": "INSERT INTO {tape}.offsets VALUES ('market', 0, 1)",
    "update": "UPDATE {tape}.offsets SET next = 0",
    "delete": "DELETE FROM {tape}.market_quote",
    "truncate": "TRUNCATE {tape}.market_quote",
    "create": "CREATE TABLE {tape}.mine (x int)",
    "create in public": "CREATE TABLE public.mine (x int)",
    "temporary": "CREATE TEMP TABLE mine (x int)",
    "schema": "CREATE SCHEMA mine",
    "passwords": "SELECT rolpassword FROM pg_authid",
    "files": "SELECT pg_read_file('/etc/passwd')",
    "programs": "COPY (SELECT 1) TO PROGRAM 'true'",
    "large objects": "SELECT lo_create(0)",
    "locks": "SELECT pg_try_advisory_lock(1)",
    "other role": "SET ROLE vntape_writer",
    "cancel": "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres'",
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_the_reader_may_not(what: str, settings: Settings) -> None:
    """Refused by missing rights: it says READ WRITE first, which any client may."""
    with psycopg.connect(roles.url(settings, roles.READER)) as connection:
        connection.execute("SET TRANSACTION READ WRITE")
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(FORBIDDEN[what].format(tape=settings.tape))


def test_the_reader_may_not_drop_chunks(settings: Settings) -> None:
    tape = settings.tape
    with psycopg.connect(roles.url(settings, roles.WRITER)) as connection:
        connection.execute(
            f"INSERT INTO {tape}.market_auction (ts, symbol, seq, feed, ts_source, phase) "
            "VALUES ('2024-08-08', 'A', 1, 'f', 'exchange', 'atc')"
        )
    with psycopg.connect(roles.url(settings, roles.READER)) as connection:
        connection.execute("SET TRANSACTION READ WRITE")
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(f"SELECT drop_chunks('{tape}.market_auction', '2026-01-01'::date)")
        connection.rollback()
        found = connection.execute(f"SELECT symbol FROM {tape}.market_auction").fetchall()
        assert found == [("A",)]
        assert connection.execute("SHOW statement_timeout").fetchone() == ("15s",)
        assert connection.execute("SHOW default_transaction_read_only").fetchone() == ("on",)


def test_passwords_are_readable_by_their_owner_only(settings: Settings) -> None:
    path = settings.local_dir / settings.stack / "roles.json"
    assert path.stat().st_mode & 0o777 == 0o600
    for role in (roles.WRITER, roles.READER):
        assert roles.passwords(settings)[role] not in repr(settings)


def test_the_writer_may_not_create_or_delete(settings: Settings) -> None:
    with psycopg.connect(roles.url(settings, roles.WRITER), autocommit=True) as connection:
        for what in ("delete", "truncate", "create", "passwords"):
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(FORBIDDEN[what].format(tape=settings.tape))


def test_the_writer_only_reads_what_another_keeps(settings: Settings, database: str) -> None:
    """
    What was told, what is dropped, what was migrated: on a tape whose older version gave it all
    rights, and after each migration again.
    """
    tape = settings.tape
    asked = sql.SQL("SELECT has_table_privilege({}, {}, {})")

    def rights(table: str) -> set[str]:
        """Those that the writer has."""
        name = f"{tape}.{table}"
        with psycopg.connect(database) as owner:
            rows = {
                right: owner.execute(asked.format(roles.WRITER, name, right)).fetchone()
                for right in ("SELECT", "INSERT", "UPDATE", "DELETE")
            }
        return {right for right, row in rows.items() if row == (True,)}

    with psycopg.connect(database, autocommit=True) as owner:
        for table in roles.NOT_THE_WRITERS:
            owner.execute(f"GRANT INSERT, UPDATE, DELETE ON {tape}.{table} TO vntape_writer")
    for again in (lambda: apply_tape(database, tape), lambda: schema.migrate(settings)) * 2:
        again()
        for table in roles.NOT_THE_WRITERS:
            assert rights(table) == {"SELECT"}, table
        assert rights("offsets") == {"SELECT", "INSERT", "UPDATE"}
    refused = (
        "INSERT INTO {}.delivery_positions VALUES (0, 1)",
        "INSERT INTO {}.alert_deliveries (channel, id, seq, status, alert) "
        "VALUES ('c', '1', 1, 'sent', '{{}}')",
        "INSERT INTO {}.retention VALUES ('offsets', '1 day')",
        "INSERT INTO {}.schema_migrations VALUES (9999, 'x', 'x')",
    )
    with psycopg.connect(roles.url(settings, roles.WRITER), autocommit=True) as connection:
        for statement in refused:
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(statement.format(tape))
