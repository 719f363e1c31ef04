"""What the tables of a tape hold."""

from typing import Any

import psycopg
from psycopg import sql

from services.report.independent import SCALE


def trades(database_url: str, tape: str) -> dict[str, tuple[int, int, int]]:
    """Symbol -> (count, volume x 10⁸, vendor's buys) of the table `trades_classified`."""
    query = sql.SQL(
        "SELECT symbol, count(*), coalesce(sum(round(volume::numeric * {scale})), 0)::bigint, "
        "count(*) FILTER (WHERE vendor_side = 'buy') "
        "FROM {schema}.trades_classified GROUP BY symbol"
    ).format(scale=sql.Literal(SCALE), schema=sql.Identifier(tape))
    with psycopg.connect(database_url) as connection:
        return {row[0]: (row[1], row[2], row[3]) for row in connection.execute(query)}


def rows(database_url: str, tape: str) -> dict[str, dict[str, int]]:
    """Table -> symbol -> rows, of every table of the tape that has a symbol."""
    with psycopg.connect(database_url) as connection:
        names = connection.execute(
            "SELECT c.table_name FROM information_schema.columns c "
            "JOIN information_schema.tables t USING (table_schema, table_name) "
            "WHERE c.table_schema = %s AND c.column_name = 'symbol' "
            "AND t.table_type = 'BASE TABLE' ORDER BY 1",
            (tape,),
        ).fetchall()
        found: dict[str, dict[str, int]] = {}
        for (name,) in names:
            query = sql.SQL("SELECT symbol, count(*) FROM {} GROUP BY symbol").format(
                sql.Identifier(tape, name)
            )
            found[name] = {row[0]: row[1] for row in connection.execute(query)}
        return found


def flow(database_url: str, tape: str) -> dict[tuple[str, str], tuple[Any, ...]]:
    """
    (symbol, day) -> (buy, sell, neutral, unknown, total) volume of the newest `day` row of the
    table `session_flow`; empty where the tape has no such table.
    """
    query = sql.SQL(
        "SELECT DISTINCT ON (symbol, day) symbol, day::text, buy_volume, sell_volume, "
        "neutral_volume, unknown_volume, total_volume FROM {} WHERE phase = 'day' "
        "ORDER BY symbol, day, seq DESC, part DESC"
    ).format(sql.Identifier(tape, "session_flow"))
    with psycopg.connect(database_url) as connection:
        there = connection.execute("SELECT to_regclass(%s)", (f"{tape}.session_flow",)).fetchone()
        if there is None or there[0] is None:
            return {}
        return {(row[0], row[1]): tuple(row[2:]) for row in connection.execute(query)}
