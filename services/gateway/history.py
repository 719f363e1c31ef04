"""Messages older than the rings: read back from the tape's tables, in the form they had."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from services.gateway.core import wire
from services.gateway.core.channels import Channel
from services.gateway.core.hub import BROADCAST_PREFIX
from services.gateway.core.streams import Item
from services.gateway.core.wire import Position
from services.runtime import database, roles
from services.runtime.settings import Settings, SettingsError

MAX_CONNECTIONS = 4
ANSWER_S = 15.0


class HistoryUnavailable(Exception):
    """The database cannot answer now, or has no such table; the text says which."""


@dataclass(frozen=True, slots=True)
class Span:
    """Exchange times in ms since the epoch, from inclusive, to exclusive; None: open."""

    from_ms: int | None = None
    to_ms: int | None = None


class History:
    """
    Reads the tables of one tape; connects when asked, at most MAX_CONNECTIONS at a time.

    The tables are prefix-consistent per stream (one writer, in order), so rows after a
    position, in order, are the messages after it without a hole.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings, self._tape = settings, settings.tape
        self._slots = asyncio.Semaphore(MAX_CONNECTIONS)

    async def after(
        self,
        channel: Channel,
        symbol: str,
        after: Position | None,
        limit: int,
        span: Span = Span(),
    ) -> list[Item]:
        """
        Messages of a stream newer than `after`, ascending, each as its text in the stream.

        The first one's `prev` is `after` itself. Of a state channel more than `limit` where
        several of the last position are (alerts of two rules): none is lost between two pages.

        Raises:
            HistoryUnavailable: no database, no table, or it does not answer.
        """
        if channel.table is None:
            raise HistoryUnavailable(f"channel {channel.name} is not kept in the database")
        query, values = _query(self._tape, channel, symbol, after, limit, span)
        try:
            async with self._slots, asyncio.timeout(ANSWER_S):
                rows = await self._fetch(query, values)
        except SettingsError as e:
            raise HistoryUnavailable(str(e)) from e
        except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName) as e:
            raise HistoryUnavailable(
                f"tape {self._tape} has no table {channel.table} yet; the writer makes it"
            ) from e
        except (psycopg.Error, TimeoutError) as e:
            raise HistoryUnavailable(f"the database does not answer: {type(e).__name__}") from e
        return _items(channel, symbol, after, rows)

    async def _fetch(self, query: sql.Composed, values: Sequence[Any]) -> list[dict[str, Any]]:
        # Asked anew each time: the tape may have been migrated since.
        url = roles.url(self._settings, roles.READER)
        connection = await database.connect_async(url, "vntape-gateway", autocommit=True)
        async with connection, connection.cursor(row_factory=dict_row) as cursor:
            return await (await cursor.execute(query, values)).fetchall()


_AS_TEXT = ("day",)
"""Columns that are a date here and text on the wire."""


def _fields(channel: Channel) -> list[str]:
    return [f for f in channel.value.__struct_fields__ if f != "ts_ms"]


def _query(
    tape: str, channel: Channel, symbol: str, after: Position | None, limit: int, span: Span
) -> tuple[sql.Composed, list[Any]]:
    fields = _fields(channel)
    order = ["seq", "part"] if "part" in fields else ["seq"]
    where, values = _of_stream(symbol)
    if after is not None:
        names = sql.SQL(", ").join(map(sql.Identifier, order))
        marks = sql.SQL(", ").join([sql.Placeholder()] * len(order))
        # The first says it all; the second lets an index of ranges of blocks (BRIN) be used.
        where.append(sql.SQL("({}) > ({}) AND seq >= %s").format(names, marks))
        values += [*after[: len(order)], after[0]]
    for bound, comparison in ((span.from_ms, ">="), (span.to_ms, "<")):
        if bound is not None:
            where.append(sql.SQL("ts " + comparison + " to_timestamp(%s / 1000.0)"))
            values.append(bound)
    query = sql.SQL(
        "SELECT {fields}, (extract(epoch FROM ts) * 1000)::bigint AS ts_ms"
        " FROM {table} WHERE {where} ORDER BY {order} FETCH FIRST (%s) ROWS {ties}"
    ).format(
        fields=sql.SQL(", ").join(map(_selected, fields)),
        table=sql.Identifier(tape, str(channel.table)),
        where=sql.SQL(" AND ").join(where),
        order=sql.SQL(", ").join(map(sql.Identifier, order)),
        # An event's position is its own. (With ties a sort cannot keep only the first ones.)
        ties=sql.SQL("ONLY" if channel.kind == "event" else "WITH TIES"),
    )
    return query, [*values, limit]


def _selected(field: str) -> sql.Composable:
    name = sql.Identifier(field)
    return sql.SQL("{}::text").format(name) if field in _AS_TEXT else name


def _of_stream(symbol: str) -> tuple[list[sql.Composable], list[Any]]:
    if symbol.startswith(BROADCAST_PREFIX):
        venue = symbol.removeprefix(BROADCAST_PREFIX)
        return [sql.SQL("symbol = '*' AND venue = %s")], [venue]
    return [sql.SQL("symbol = %s")], [symbol]


def _items(
    channel: Channel, symbol: str, prev: Position | None, rows: list[dict[str, Any]]
) -> list[Item]:
    broadcast = symbol if symbol.startswith(BROADCAST_PREFIX) else ""
    items: list[Item] = []
    for row in rows:
        at = (row["seq"], row.get("part", 0))
        value = msgspec.convert({"type": channel.tag, **row}, channel.value, strict=False)
        payload = msgspec.json.encode(value)
        if channel.kind == "event":
            items.append((at, wire.event(channel.name, broadcast, prev, payload)))
        else:
            items.append((at, wire.state(channel.name, broadcast, payload)))
        prev = at
    return items
