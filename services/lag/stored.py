"""Positions that services keep in the database: the writer's and the delivery's."""

from collections.abc import Collection

from psycopg import errors, sql

from schemas.topics import ALERTS
from services.lag.core.groups import Reader
from services.lag.core.lags import Place
from services.runtime import database

_TABLES = {
    "writer": ("SELECT topic, partition, next FROM {}.offsets", None),
    "delivery": ("SELECT partition, next FROM {}.delivery_positions", ALERTS.name),
}
# Of a schema that `vntape migrate` has not brought up to date, or a login that may not look.
_NOT_THERE = (errors.UndefinedTable, errors.InvalidSchemaName, errors.InsufficientPrivilege)


async def positions(url: str, tapes: Collection[str]) -> dict[Place, int]:
    """
    Place -> the first offset that is not stored; a tape without tables has none.

    Raises:
        psycopg.OperationalError: the database is away.
    """
    found: dict[Place, int] = {}
    connection = await database.connect_async(url, "vntape-lag", autocommit=True)
    try:
        for tape in tapes:
            for service, (query, topic) in _TABLES.items():
                try:
                    cursor = await connection.execute(sql.SQL(query).format(sql.Identifier(tape)))
                except _NOT_THERE:
                    continue
                for row in await cursor.fetchall():
                    *named, partition, at = row
                    name = topic or named[0]
                    found[Place(Reader(tape, service), name, partition)] = at
    finally:
        await connection.close()
    return found
