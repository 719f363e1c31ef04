"""A whole peak day's rows in a tape's tables, made from a small day by the database alone."""

from dataclasses import dataclass

import psycopg
from psycopg import sql

from services.stack import Addresses
from services.writer.core.tables import BY_NAME
from services.writer.schema import apply_tape

COPIES = 15
"""Of each symbol, under other names: 104 become about 1,600, as many as are listed."""
DENSER = {"trades_classified": 25, "market_quote": 40}
"""Of the 30 members of VN30: a peak day is as many times what scale 0.02 has of them."""
_SYMBOLS = (
    "trades_classified", "session_flow", "foreign_flow", "bars", "board", "instruments",
    "market_quote", "market_foreign", "market_day", "market_auction",
    "session_flow_newest", "foreign_flow_newest", "market_day_newest",
)  # fmt: skip
_MARKET = (
    "basis", "market_index", "index_values", "instruments_basket", "sessions", "alerts",
    "market_gap", "market_status", "market_leaders",
)  # fmt: skip
SUMMARIES = {"market_summary": 12, "index_estimates": 2}
"""On a busy day each second of each scope has a row: about 20,000 of one."""


@dataclass(frozen=True)
class Loaded:
    """Rows by table."""

    rows: dict[str, int]


def load(addresses: Addresses, small: str, tape: str) -> Loaded:
    """Make `tape` of the day that is in `small`."""
    apply_tape(addresses.database, tape)
    with psycopg.connect(addresses.database, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        for name in _SYMBOLS:
            _copy(connection, small, tape, name, COPIES, names=True)
        for name in _MARKET:
            _copy(connection, small, tape, name, 1)
        for name, times in SUMMARIES.items():
            _copy(connection, small, tape, name, times)
        for name, times in DENSER.items():
            _copy(connection, small, tape, name, times, only=_members(small))
        connection.execute("VACUUM ANALYZE")
        rows = {}
        for name in (*_SYMBOLS, *_MARKET, *SUMMARIES):
            query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(tape, name))
            found = connection.execute(query).fetchone()
            rows[name] = found[0] if found else 0
    return Loaded(rows)


def _members(small: str) -> sql.Composable:
    return sql.SQL("WHERE symbol IN (SELECT symbol FROM {})").format(
        sql.Identifier(small, "basket_members")
    )


def _copy(
    connection: "psycopg.Connection[tuple[object, ...]]",
    small: str,
    tape: str,
    name: str,
    times: int,
    *,
    names: bool = False,
    only: sql.Composable | None = None,
) -> None:
    """
    Rows of a table so many times: under other names, or milliseconds later under their own.
    """
    columns = [c.name for c in BY_NAME[name].columns]
    if "part" not in columns:
        columns.append("part")
    changed = {"symbol": "CASE n WHEN 0 THEN symbol ELSE symbol || n END"} if names else {}
    if not names:
        changed = {"ts": "ts + n * INTERVAL '31 ms'", "seq": "seq + n * 31000"}
    first = 1 if only is not None else 0
    query = sql.SQL(
        "INSERT INTO {to} ({columns}) SELECT {values} FROM {of}, generate_series({first}, {last}) n"
        " {only} ORDER BY seq, n ON CONFLICT DO NOTHING"
    ).format(
        to=sql.Identifier(tape, name),
        of=sql.Identifier(small, name),
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        values=sql.SQL(", ").join(
            sql.SQL(changed[c]) if c in changed else sql.Identifier(c) for c in columns
        ),
        first=sql.Literal(first),
        last=sql.Literal(times - 1),
        only=only or sql.SQL(""),
    )
    connection.execute(query)
