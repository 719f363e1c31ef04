"""A tape as a wall sees it, row by row, and how rows are put together to check it."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

from services.runtime import roles
from services.runtime.settings import Settings

Row = dict[str, Any]


Groups = dict[tuple[Any, ...], list[Row]]


LOCAL = timedelta(hours=7)


MINUTE = timedelta(minutes=1)


class Reader:
    """The tape as a wall sees it: by the reader's role."""

    def __init__(self, settings: Settings) -> None:
        self.tape = settings.tape
        url = roles.url(settings, roles.READER)
        self.connection = psycopg.connect(url, autocommit=True, row_factory=dict_row)
        self._tables: dict[str, list[Row]] = {}

    def rows(self, name: str) -> list[Row]:
        """All of a table or view."""
        if name not in self._tables:
            query = sql.SQL("SELECT * FROM {}").format(sql.Identifier(self.tape, name))
            self._tables[name] = self.connection.execute(query).fetchall()
        return self._tables[name]


def minute(ts: datetime) -> datetime:
    return ts.replace(second=0, microsecond=0)


def place(row: Row) -> tuple[int, int]:
    return row["seq"], row["part"]


def grouped(rows: list[Row], *names: str, by: Callable[[Row], datetime] | None = None) -> Groups:
    """Rows in the order of (seq, part), by these columns and the minute they count in."""
    found: Groups = defaultdict(list)
    at = by or (lambda row: minute(row["ts"]))
    for row in sorted(rows, key=place):
        found[(*(row[n] for n in names), at(row))].append(row)
    return found


def traded_in(row: Row) -> datetime:
    """A print of the break, or stamped when the session ended, is of the minute before."""
    local = (row["ts"] + LOCAL).time()
    for end, after in ((11, 13), (15, 24)):
        ends = row["ts"].replace(minute=30 if end == 11 else 0, second=0, microsecond=0)
        ends = ends.replace(hour=end - 7)
        if row["ts"] >= ends and local.hour < after:
            return ends - MINUTE
    return minute(row["ts"])


def close(a: Any, b: Any) -> bool:
    return a == b if a is None or b is None else a == pytest.approx(b, rel=1e-9, abs=1e-6)


def of_shares(wall: Reader) -> list[Row]:
    return [row for row in wall.rows("trades_classified") if row["board"] == "main"]
