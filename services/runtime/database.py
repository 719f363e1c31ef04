"""Clients of TimescaleDB, made one way."""

from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow

Connection = psycopg.Connection[TupleRow]
AsyncConnection = psycopg.AsyncConnection[TupleRow]

_OPTIONS: dict[str, Any] = {
    "connect_timeout": 5,
    # A server that vanished without a word is noticed after 10 + 3 x 3 s, not after two hours.
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}


def connect(url: str, application: str, *, autocommit: bool = False) -> Connection:
    """
    A connection; `application` is what pg_stat_activity shows.

    Raises:
        psycopg.OperationalError: the server is away or refuses the login.
    """
    return psycopg.connect(url, application_name=application, autocommit=autocommit, **_OPTIONS)


async def connect_async(url: str, application: str, *, autocommit: bool = False) -> AsyncConnection:
    """The same for an event loop."""
    return await psycopg.AsyncConnection.connect(
        url, application_name=application, autocommit=autocommit, **_OPTIONS
    )


def with_login(url: str, user: str, password: str) -> str:
    """The postgresql:// URL with another login in it."""
    parts = urlsplit(url)
    hosts = parts.netloc.rpartition("@")[2]
    kept = [(k, v) for k, v in parse_qsl(parts.query) if k not in ("user", "password")]
    login = f"{quote(user, safe='')}:{quote(password, safe='')}"
    query = urlencode(kept, quote_via=quote)
    return parts._replace(netloc=f"{login}@{hosts}", query=query).geturl()


def address(url: str) -> str:
    """`user@host:port/database` of a URL: what may be shown, without the password."""
    parts = conninfo_to_dict(url)
    return (
        f"{parts.get('user', '')}@{parts.get('host', 'localhost')}:{parts.get('port', 5432)}"
        f"/{parts.get('dbname', '')}"
    )
