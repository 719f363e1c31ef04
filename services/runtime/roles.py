"""
Who may do what in the database.

The owner (the role of VNTAPE_DATABASE_URL) migrates. `vntape_writer` stores; `vntape_reader`
looks: Grafana, the gateway, people. `vntape_ingest` sees nothing: it holds the locks by which
processes agree who owns a venue. `vntape_delivery` keeps the log of what was told. Of the
reader any SQL must be expected, because a dashboard sends whatever its viewer wants: it holds
by missing grants, not by its read-only default, which a client can override.
"""

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import LiteralString

from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from services.runtime import database
from services.runtime.database import Connection
from services.runtime.settings import Settings, SettingsError, folder

WRITER = "vntape_writer"
READER = "vntape_reader"
INGEST = "vntape_ingest"
DELIVERY = "vntape_delivery"
DELIVERY_LOG = ("alert_deliveries", "delivery_positions")
"""The tables that the delivery writes, and no others."""
DELIVERY_READS = ("instruments",)
"""Of which it says the aliases of a symbol."""
NOT_THE_WRITERS = (*DELIVERY_LOG, "retention", "schema_migrations")
"""Tables that the writer reads at most: what was told, what is dropped, what was migrated."""

_LIMITS = {
    INGEST: (
        "SET statement_timeout = '15s'",
        "SET idle_in_transaction_session_timeout = '10s'",
        "CONNECTION LIMIT 20",
    ),
    DELIVERY: (
        "SET idle_in_transaction_session_timeout = '10s'",
        "SET lock_timeout = '15s'",
        "SET statement_timeout = '60s'",
        "CONNECTION LIMIT 10",
    ),
    WRITER: (
        # A writer that was stopped in a transaction would block its successor.
        "SET idle_in_transaction_session_timeout = '10s'",
        "SET lock_timeout = '15s'",
        "SET statement_timeout = '60s'",
        "CONNECTION LIMIT 20",
    ),
    READER: (
        "SET default_transaction_read_only = on",
        "SET statement_timeout = '15s'",
        "SET idle_in_transaction_session_timeout = '15s'",
        "CONNECTION LIMIT 30",
    ),
}
# What every role may call by default: they would let a reader write large objects, and hold
# the locks by which our processes agree who owns a venue.
_GUARDED = "'lo\\_%', 'lo%write', 'pg\\_%advisory%'"


def url(settings: Settings, role: str) -> str:
    """
    How to log in as one of the roles: the setting, or the password that `vntape migrate` made.

    Raises:
        SettingsError: neither is there.
    """
    given = _given(settings, role)
    if given is not None:
        return given
    owner = settings.database_url
    password = _read(_file(settings)).get(role)
    if owner is None or password is None:
        name = f"VNTAPE_{role.removeprefix('vntape_').upper()}_URL"
        raise SettingsError(f"there is no login for {role}: run `vntape migrate`, or set {name}")
    return database.with_login(owner.get_secret_value(), role, password)


def ensure(connection: Connection, passwords: Mapping[str, str]) -> None:
    """
    Make the roles, with their limits; repeat it freely. The caller holds `migrations.lock`.

    A role that is not in `passwords` keeps what it has; without any it cannot log in.
    """
    with connection.transaction():
        for role, limits in _LIMITS.items():
            name = sql.Identifier(role)
            known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
            if known.fetchone() is None:
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(name))
            if role in passwords:
                # Hashed here: the password itself never gets into a server's log.
                digest = connection.pgconn.encrypt_password(
                    passwords[role].encode(), role.encode(), b"scram-sha-256"
                ).decode()
                connection.execute(
                    sql.SQL("ALTER ROLE {} PASSWORD {}").format(name, sql.Literal(digest))
                )
            for limit in limits:
                connection.execute(sql.SQL("ALTER ROLE {} " + limit).format(name))
        _harden(connection)


def grant(connection: Connection, schema: str) -> None:
    """
    The rights of the roles in a schema, for what is there and what will be.

    In one transaction: what is taken from the writer again, it never has. Of a table that a
    migration makes it has the default rights until this is repeated.
    """
    pairs = {
        "GRANT USAGE ON SCHEMA {schema} TO {delivery}",
        "GRANT USAGE ON SCHEMA {schema} TO {reader}, {writer}",
        "GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {reader}, {writer}",
        "GRANT INSERT ON ALL TABLES IN SCHEMA {schema} TO {writer}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT ON TABLES TO {reader}, {writer}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT INSERT ON TABLES TO {writer}",
    }
    with connection.transaction():
        for text in sorted(pairs):
            connection.execute(
                sql.SQL(text).format(
                    schema=sql.Identifier(schema),
                    reader=sql.Identifier(READER),
                    writer=sql.Identifier(WRITER),
                    delivery=sql.Identifier(DELIVERY),
                )
            )
        for table in NOT_THE_WRITERS:
            text = "REVOKE INSERT, UPDATE, DELETE ON {table} FROM {role}"
            _if_there(connection, text, schema, table, WRITER)
        for table in DELIVERY_LOG:
            text = "GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {role}"
            _if_there(connection, text, schema, table, DELIVERY)
        for table in DELIVERY_READS:
            _if_there(connection, "GRANT SELECT ON {table} TO {role}", schema, table, DELIVERY)


def _if_there(
    connection: Connection, text: LiteralString, schema: str, name: str, role: str
) -> None:
    table = sql.Identifier(schema, name)
    found = connection.execute("SELECT to_regclass(%s)", [table.as_string(connection)]).fetchone()
    if found is not None and found[0] is not None:
        connection.execute(sql.SQL(text).format(table=table, role=sql.Identifier(role)))


def _harden(connection: Connection) -> None:
    row = connection.execute("SELECT current_database()").fetchone()
    assert row is not None
    names = {"db": sql.Identifier(row[0]), "writer": sql.Identifier(WRITER)}
    for text in (
        "REVOKE TEMP ON DATABASE {db} FROM PUBLIC",
        "GRANT TEMP ON DATABASE {db} TO {writer}",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    ):
        connection.execute(sql.SQL(text).format(**names))
    connection.execute(
        f"""
        DO $$ DECLARE f regprocedure; BEGIN
            FOR f IN SELECT oid FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace
                AND proname LIKE ANY (ARRAY[{_GUARDED}])
                AND pg_has_role(proowner, 'USAGE') LOOP
                EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f);
                EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO {WRITER}', f);
                IF f::text LIKE 'pg%' THEN
                    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO {INGEST}, {DELIVERY}', f);
                END IF;
            END LOOP;
        END $$
        """  # noqa: S608  a constant
    )


def _given(settings: Settings, role: str) -> str | None:
    secret = {
        WRITER: settings.writer_url,
        READER: settings.reader_url,
        INGEST: settings.ingest_url,
        DELIVERY: settings.delivery_url,
    }[role]
    return None if secret is None else secret.get_secret_value()


def passwords(settings: Settings) -> dict[str, str]:
    """Of the settings' URLs, else those kept beside the stack, else new ones, which are kept."""
    path = _file(settings)
    kept = _read(path)
    out: dict[str, str] = {}
    for role in _LIMITS:
        given = conninfo_to_dict(_given(settings, role) or "")
        if given.get("user") == role and given.get("password"):
            out[role] = str(given["password"])
        else:
            out[role] = kept.get(role) or secrets.token_urlsafe(24)
            kept[role] = out[role]
    folder(settings)
    _save(path, kept)
    return out


def _file(settings: Settings) -> Path:
    return settings.local_dir / settings.stack / "roles.json"


def _read(path: Path) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads(path.read_text())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except ValueError as e:
        raise SettingsError(f"{path} is damaged ({e}): remove it, then `vntape migrate`") from e
    return found


def _save(path: Path, passwords: dict[str, str]) -> None:
    draft = path.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
        json.dump(passwords, f, indent=2)
    draft.replace(path)
