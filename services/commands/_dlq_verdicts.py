"""What operators decided about dead letters, in the tape's schema."""

import getpass
import socket
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Literal

import click
from psycopg import errors, sql

from services.runtime import database
from services.runtime.settings import Settings

Verdict = Literal["replayed", "dropped"]


def url_of(settings: Settings) -> str:
    """
    Raises:
        click.ClickException: there is no database.
    """
    if settings.database_url is None:
        raise click.ClickException("no database: set VNTAPE_DATABASE_URL, or `vntape up`")
    return settings.database_url.get_secret_value()


class Verdicts:
    """Of one tape; use within `verdicts`."""

    def __init__(self, connection: database.Connection, tape: str) -> None:
        self._connection = connection
        self._table = sql.Identifier(tape, "dead_letter_verdicts")
        self._sent = sql.Identifier(tape, "alert_deliveries")

    def numbers(self) -> set[int]:
        """The letters that were dealt with."""
        rows = self._connection.execute(sql.SQL("SELECT number FROM {}").format(self._table))
        return {number for (number,) in rows}

    def record(self, numbers: Iterable[int], verdict: Verdict, why: str) -> None:
        """Say who decided it, when and why; a letter that was dealt with keeps its verdict."""
        who = f"{getpass.getuser()}@{socket.gethostname()}"
        self._connection.execute(
            sql.SQL(
                "INSERT INTO {} (number, verdict, why, who) "
                "SELECT number, %s, %s, %s FROM unnest(%s::bigint[]) AS t(number) "
                "ON CONFLICT DO NOTHING"
            ).format(self._table),
            [verdict, why, who, list(numbers)],
        )

    def tell_again(self, channel: str, ids: Collection[str]) -> int:
        """Alerts that a channel's delivery gave up wait again, as if taken now; how many."""
        cursor = self._connection.execute(
            sql.SQL(
                "UPDATE {} SET status = 'waiting', attempts = 0, next_at = now(), taken_at = now(),"
                " done_at = NULL WHERE channel = %s AND id = ANY(%s) AND status = 'dead'"
            ).format(self._sent),
            [channel, list(ids)],
        )
        return cursor.rowcount


@contextmanager
def verdicts(settings: Settings) -> Iterator[Verdicts]:
    """
    In one transaction: what is decided together stands together.

    Raises:
        click.ClickException: the tape's tables are older than this program, or not there.
    """
    try:
        with database.connect(url_of(settings), "vntape-dlq") as connection:
            yield Verdicts(connection, settings.tape)
    except (errors.UndefinedTable, errors.InvalidSchemaName) as e:
        raise click.ClickException(
            f"tape {settings.tape} has no place for verdicts: `vntape migrate --tape "
            f"{settings.tape}`"
        ) from e
