"""The database's side of a tape: its schema, its tables, the rights in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from psycopg import errors, sql

from schemas.topic import check_tape
from services.runtime import database, migrations, roles
from services.runtime.settings import Settings, SettingsError
from services.writer import upkeep
from services.writer.core.tables import TABLES

MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(settings: Settings) -> list[str]:
    """
    `apply_tape` for the settings' tape, with logins for the writer and the reader, and what the
    settings say of how long rows are kept.

    Raises:
        SettingsError: there is no database_url, or columnstore_after_days is too short.
    """
    if settings.database_url is None:
        raise SettingsError("no database: set VNTAPE_DATABASE_URL, or start one with `vntape up`")
    keeping = upkeep.keeping(settings)
    url = settings.database_url.get_secret_value()
    ran = apply_tape(url, settings.tape, roles.passwords(settings))
    with database.connect(url, "vntape-migrate") as connection:
        migrations.lock(connection)
        upkeep.configure(connection, settings.tape, keeping)
    return ran


def apply_tape(
    database_url: str, tape: str, passwords: Mapping[str, str] | None = None
) -> list[str]:
    """
    Bring a tape's schema up to date, as the owner; repeat it freely.

    Args:
        passwords: role -> password for those that are to log in; the others keep theirs.

    Returns:
        The names of the migrations it ran.

    Raises:
        ValueError: the tape's name cannot be a schema's.
        MigrationError: the schema and the files do not fit together.
    """
    check_tape(tape)
    files = migrations.read(MIGRATIONS)
    with database.connect(database_url, "vntape-migrate") as connection:
        migrations.lock(connection)
        roles.ensure(connection, passwords or {})
        name = sql.Identifier(tape)
        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(name))
        connection.commit()
        # First, so that the tables that come get the rights; then again, for older tables.
        roles.grant(connection, tape)
        ran = migrations.apply(connection, tape, files)
        roles.grant(connection, tape)
        connection.commit()
    return ran


def drop_tape(database_url: str, tape: str) -> bool:
    """Drop the tape's schema with all that is in it; False when there was none."""
    if not is_tape(database_url, tape):
        return False
    with database.connect(database_url, "vntape-migrate") as connection:
        name = sql.Identifier(check_tape(tape))
        connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(name))
    return True


def is_tape(database_url: str, tape: str) -> bool:
    """Whether the database has a schema of this name that `apply_tape` made."""
    return tape in tapes(database_url)


def tapes(database_url: str) -> list[str]:
    """All tapes of the database, by name: the schemas with our migrations in them."""
    with database.connect(database_url, "vntape-tapes") as connection:
        rows = connection.execute(
            "SELECT schemaname FROM pg_tables WHERE tablename = 'schema_migrations' "
            "AND schemaname IN (SELECT schemaname FROM pg_tables WHERE tablename = 'offsets') "
            "ORDER BY 1"
        ).fetchall()
    return [name for (name,) in rows]


@dataclass(frozen=True, slots=True)
class Size:
    """Rows of all of a tape's message tables, estimated when not `exact`; bytes of its schema."""

    rows: int
    exact: bool
    bytes: int


def size(database_url: str, tape: str, seconds: float = 5.0) -> Size:
    """How large a tape is; rows are counted when that takes less than `seconds`."""
    with database.connect(database_url, "vntape-tapes", autocommit=True) as connection:
        tables = _standing(connection, tape)
        names = [f"{tape}.{name}" for name in tables]
        connection.execute(f"SET statement_timeout = {int(seconds * 1000)}")
        try:
            rows, exact = _count(connection, tape, tables), True
        except errors.QueryCanceled:
            estimate = "SELECT coalesce(sum(approximate_row_count(t::regclass)), 0)"
            rows, exact = _number(connection, f"{estimate} FROM unnest(%s::text[]) t", names), False
        total = (
            "SELECT coalesce(sum(coalesce(hypertable_size(t::regclass), "
            "pg_total_relation_size(t::regclass))), 0) FROM unnest(%s::text[]) t"
        )
        return Size(rows, exact, _number(connection, total, names))


def _standing(connection: database.Connection, tape: str) -> list[str]:
    """The message tables that the tape has: one of an older version lacks the newer."""
    query = "SELECT tablename FROM pg_tables WHERE schemaname = %s"
    there = {name for (name,) in connection.execute(query, [tape])}
    return [t.name for t in TABLES if t.name in there]


def _count(connection: database.Connection, tape: str, tables: Sequence[str]) -> int:
    count = sql.SQL("(SELECT count(*) FROM {})")
    counts = [count.format(sql.Identifier(tape, name)) for name in tables]
    each = sql.SQL(" + ").join([sql.SQL("0"), *counts])
    row = connection.execute(sql.SQL("SELECT {}").format(each)).fetchone()
    return int(row[0]) if row else 0


def _number(connection: database.Connection, query: str, names: list[str]) -> int:
    row = connection.execute(query.encode(), [names]).fetchone()
    return int(row[0]) if row else 0
