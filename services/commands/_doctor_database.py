"""What can be wrong with the database and with a tape's tables."""

import time
from collections.abc import Iterator
from contextlib import suppress

import psycopg
from psycopg import errors, sql

from services.commands._doctor_machine import CLOCKS_APART_S, Finding, sentence
from services.runtime import database, migrations, roles
from services.runtime.settings import Settings, SettingsError
from services.writer import schema

MINIMUM_TIMESCALE = (2, 18)
"""Before it, ON CONFLICT DO NOTHING stopped early on compressed chunks."""


def storage(settings: Settings) -> Iterator[Finding]:
    """The database: versions, clock, the tape's tables, the roles."""
    if settings.database_url is None:
        yield Finding("warn", "database", "none is set", "VNTAPE_DATABASE_URL, or `vntape up`")
        return
    url = settings.database_url.get_secret_value()
    try:
        with database.connect(url, "vntape-doctor", autocommit=True) as connection:
            yield _server(connection, url)
            yield _servers_clock(connection)
            yield _tables(connection, settings)
            yield from _letters(connection, settings)
    except psycopg.OperationalError as e:
        said = f"{database.address(url)} does not answer: {sentence(e)}"
        yield Finding("fail", "database", said, "`vntape up`, or set VNTAPE_DATABASE_URL")
        return
    for role in (roles.WRITER, roles.READER, roles.INGEST, roles.DELIVERY):
        yield _login(settings, role)


def _server(connection: database.Connection, url: str) -> Finding:
    row = connection.execute(
        "SELECT current_setting('server_version'), current_setting('timescaledb.license', true), "
        "(SELECT extversion FROM pg_extension WHERE extname = 'timescaledb')"
    ).fetchone()
    assert row is not None
    server, edition, version = row
    said = f"PostgreSQL {server}, TimescaleDB {version} ({edition}) at {database.address(url)}"
    if version is None:
        return Finding("fail", "database", f"PostgreSQL {server} without TimescaleDB", "install it")
    if tuple(int(part) for part in version.split(".")[:2]) < MINIMUM_TIMESCALE:
        return Finding("fail", "database", said, "2.18 or later is needed")
    return Finding("ok", "database", said)


def _servers_clock(connection: database.Connection) -> Finding:
    begun = time.time()
    row = connection.execute("SELECT extract(epoch FROM clock_timestamp())").fetchone()
    assert row is not None
    apart_s = float(row[0]) - (begun + time.time()) / 2
    if abs(apart_s) > CLOCKS_APART_S:
        todo = "synchronise both clocks (NTP)"
        return Finding("fail", "database's clock", f"{apart_s:+.1f} s from ours", todo)
    return Finding("ok", "database's clock", f"{apart_s * 1000:+.0f} ms from ours")


def _tables(connection: database.Connection, settings: Settings) -> Finding:
    files = migrations.read(schema.MIGRATIONS)
    todo = f"`vntape migrate --tape {settings.tape}`"
    known = connection.execute(
        "SELECT to_regclass(format('%%I.schema_migrations', %s::text))", [settings.tape]
    ).fetchone()
    if known is None or known[0] is None:
        return Finding("warn", "tables", f"tape {settings.tape} has none", todo)
    try:
        left = migrations.missing(connection, settings.tape, files)
    except migrations.MigrationError as e:
        said, _, todo = str(e).partition(": ")
        return Finding("fail", "tables", said, todo)
    if left:
        return Finding("fail", "tables", f"{len(left)} migrations to run, from {left[0]}", todo)
    return Finding("ok", "tables", f"tape {settings.tape} is at {files[-1].name}")


def _letters(connection: database.Connection, settings: Settings) -> Iterator[Finding]:
    query = "SELECT count(*) FROM {tape}.dead_letters WHERE at > now() - interval '1 day'"
    with suppress(errors.UndefinedTable, errors.InvalidSchemaName):
        name = sql.Identifier(settings.tape)
        row = connection.execute(sql.SQL(query).format(tape=name)).fetchone()
        if row is not None and row[0]:
            said = f"{row[0]:,} in the last day"
            yield Finding("warn", "dead letters", said, "docs/runbooks/dead-letters.md")


def _login(settings: Settings, role: str) -> Finding:
    try:
        with database.connect(roles.url(settings, role), "vntape-doctor", autocommit=True) as found:
            row = found.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
            mighty = row.fetchone() == (True,)
    except (SettingsError, psycopg.OperationalError) as e:
        return Finding("fail", f"role {role}", sentence(e), "`vntape migrate` makes it")
    if mighty:
        todo = "give it a login of its own: a dashboard's viewer may send any SQL"
        return Finding("warn", f"role {role}", "logs in as a superuser", todo)
    return Finding("ok", f"role {role}", "logs in")
