"""How much of a tape's newest day is in prints, as the database has it."""

from collections.abc import Collection

from psycopg import errors, sql

from services.runtime import database

_QUERY = """
SELECT exchange, greatest(0, 1 - sum(missing_volume + abs(coalesce(unexplained_volume, 0)))
    / sum(total_volume))
FROM {}.completeness
WHERE exchange IS NOT NULL GROUP BY exchange HAVING sum(total_volume) > 0
"""
_NOT_THERE = (
    errors.UndefinedTable,
    errors.UndefinedColumn,
    errors.InvalidSchemaName,
    errors.InsufficientPrivilege,
)


async def ratios(url: str, tapes: Collection[str]) -> dict[tuple[str, str], float]:
    """
    (Tape, exchange) -> 1 when all of the vendor's volume is in prints; tapes that have none: none.

    Raises:
        psycopg.OperationalError: the database is away, or the query took too long.
    """
    found: dict[tuple[str, str], float] = {}
    connection = await database.connect_async(url, "vntape-completeness", autocommit=True)
    try:
        for tape in tapes:
            try:
                cursor = await connection.execute(sql.SQL(_QUERY).format(sql.Identifier(tape)))
            except _NOT_THERE:
                continue
            found.update({(tape, exchange): at for exchange, at in await cursor.fetchall()})
    finally:
        await connection.close()
    return found
