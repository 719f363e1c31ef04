"""
Numbered SQL files, each run once in a schema and remembered there.

A file is `NNNN_what.sql`, run in one transaction with the schema first in `search_path`. A
first line `-- requires: timescale` keeps it for the Community edition of TimescaleDB: on the
Apache edition it is passed over, and run later when the edition has changed.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from psycopg import sql

from services.runtime.database import Connection

_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
_LOCK = 0x766E74617065  # "vntape": one migration at a time in a database


class MigrationError(Exception):
    """The schema and the files do not fit together; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file; `sha256` is of its bytes."""

    number: int
    name: str
    text: str
    sha256: str

    @property
    def needs_community(self) -> bool:
        """Whether only the Community edition can run it."""
        return self.text.startswith("-- requires: timescale\n")


def read(folder: Path) -> list[Migration]:
    """
    The migrations of a folder, ascending.

    Raises:
        MigrationError: a file name is no migration's, or a number stands twice.
    """
    found: dict[int, Migration] = {}
    for path in sorted(folder.glob("*.sql")):
        match = _NAME.fullmatch(path.name)
        if match is None:
            raise MigrationError(f"{path.name}: a migration is named NNNN_what.sql")
        number, data = int(match.group(1)), path.read_bytes()
        if number in found:
            raise MigrationError(f"{path.name} and {found[number].name} have the same number")
        digest = hashlib.sha256(data).hexdigest()
        found[number] = Migration(number, path.name, data.decode(), digest)
    return [found[n] for n in sorted(found)]


def lock(connection: Connection) -> None:
    """Wait for other migrations of this database; held until the connection is closed."""
    connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
    connection.commit()


def apply(connection: Connection, schema: str, migrations: list[Migration]) -> list[str]:
    """
    Run what was not run yet in `schema`, which exists; the caller holds `lock`.

    Returns:
        The names of the files it ran.

    Raises:
        MigrationError: an applied file has changed or is gone.
    """
    done = _applied(connection, schema)
    _check(schema, migrations, done)
    community = is_community(connection)
    ran = []
    for migration in migrations:
        if migration.number in done or (migration.needs_community and not community):
            continue
        with connection.transaction():
            _use(connection, schema)
            connection.execute(migration.text.encode())
            connection.execute(
                "INSERT INTO schema_migrations (number, name, sha256) VALUES (%s, %s, %s)",
                [migration.number, migration.name, migration.sha256],
            )
        ran.append(migration.name)
    return ran


def missing(connection: Connection, schema: str, migrations: list[Migration]) -> list[str]:
    """
    Names of those that `apply` would run now; changes nothing. The schema was migrated before.

    Raises:
        MigrationError: as `apply`.
    """
    table = sql.Identifier(schema, "schema_migrations")
    rows = connection.execute(
        sql.SQL("SELECT number, name, sha256 FROM {}").format(table)
    ).fetchall()
    done = {number: (name, sha256) for number, name, sha256 in rows}
    _check(schema, migrations, done)
    community = is_community(connection)
    return [
        each.name
        for each in migrations
        if each.number not in done and (community or not each.needs_community)
    ]


def _use(connection: Connection, schema: str) -> None:
    path = sql.SQL("SET LOCAL search_path TO {}, public").format(sql.Identifier(schema))
    connection.execute(path)


def _applied(connection: Connection, schema: str) -> dict[int, tuple[str, str]]:
    with connection.transaction():
        _use(connection, schema)
        connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations (number int PRIMARY KEY, "
            "name text NOT NULL, sha256 text NOT NULL, at timestamptz NOT NULL DEFAULT now())"
        )
        rows = connection.execute("SELECT number, name, sha256 FROM schema_migrations").fetchall()
    return {number: (name, sha256) for number, name, sha256 in rows}


def _check(schema: str, migrations: list[Migration], done: dict[int, tuple[str, str]]) -> None:
    files = {m.number: m for m in migrations}
    for number, (name, sha256) in sorted(done.items()):
        file = files.get(number)
        if file is None:
            raise MigrationError(
                f"tape {schema} was migrated with {name}, which this version of vntape does not "
                "have: use the version that has it, or drop the tape"
            )
        if file.sha256 != sha256:
            raise MigrationError(
                f"{file.name} has changed since tape {schema} was migrated with it: restore the "
                f"file and put the change into a new migration {max(files) + 1:04d}_….sql"
            )


def is_community(connection: Connection) -> bool:
    """Whether this is the Community edition of TimescaleDB."""
    with connection.transaction():
        row = connection.execute(
            "SELECT current_setting('timescaledb.license', true) = 'timescale'"
        ).fetchone()
    return bool(row and row[0])
