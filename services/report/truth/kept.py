"""What the tables of a tape have of one Vietnamese day."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

_CHUNK = 20_000
_OURS = "seq >= %(first)s AND seq < %(end)s AND symbol !~ '[.](BN|BNF|BNC)$'"
_PRINTS = f"""
SELECT symbol, total_volume, price, volume, phase, side, inferred_side, rule, vendor_side
FROM {{schema}}.trades_classified WHERE board = 'main' AND {_OURS} ORDER BY symbol, seq
"""  # noqa: S608  # of constants
_FLOW = """
SELECT DISTINCT ON (symbol, phase) * FROM {schema}.session_flow
WHERE day = %(day)s ORDER BY symbol, phase, seq DESC, part DESC
"""
_FOREIGN = f"""
SELECT DISTINCT ON (symbol) symbol, (extract(epoch FROM ts))::bigint AS second, total_room,
       buy_volume, sell_volume, buy_value, sell_value, value_basis
FROM {{schema}}.market_foreign WHERE {_OURS} ORDER BY symbol, seq DESC
"""  # noqa: S608  # of constants
_AUCTIONS = f"""
SELECT symbol, phase, expected_price, feed FROM {{schema}}.market_auction
WHERE {_OURS} ORDER BY seq
"""  # noqa: S608  # of constants
_INDICES = f"""
SELECT *, (extract(epoch FROM ts))::bigint AS second FROM {{schema}}.market_index
WHERE {_OURS} ORDER BY seq
"""  # noqa: S608  # of constants
_BOARD = "SELECT * FROM {schema}.board WHERE day = %(day)s"
Row = dict[str, Any]


class Kept(NamedTuple):
    """A print as the table has it; `total` is the running volume where the vendor gave none."""

    total: int
    price: float
    volume: float
    phase: str
    side: str
    inferred: str | None
    rule: str | None
    flagged: bool


@dataclass(slots=True)
class Tables:
    """
    Attributes:
        prints: symbol -> its prints in the order of seq.
        flow: symbol -> phase or `day` -> its newest row of session_flow.
        foreign: symbol -> its last row of market_foreign, with its `second` of the epoch.
        estimates: (symbol, phase) -> expected prices in order, each that is not its predecessor's.
        sampled: an estimate came from a source that tells only some of them.
        indices: index -> second of the epoch -> row of market_index.
        board: symbol -> its row.
    """

    prints: dict[str, list[Kept]] = field(default_factory=lambda: defaultdict(list))
    flow: dict[str, dict[str, Row]] = field(default_factory=lambda: defaultdict(dict))
    foreign: dict[str, Row] = field(default_factory=dict)
    estimates: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    sampled: bool = False
    indices: dict[str, dict[int, Row]] = field(default_factory=lambda: defaultdict(dict))
    board: dict[str, Row] = field(default_factory=dict)


def read(url: str, tape: str, day: str, first_us: int, end_us: int) -> Tables:
    """
    All of a day (ISO; its seqs are from `first_us` up to but not `end_us`).

    Raises:
        psycopg.errors.UndefinedTable: the tape has no such tables.
    """
    found, asked = Tables(), {"day": day, "first": first_us, "end": end_us}
    with psycopg.connect(url) as connection:
        _read_prints(connection, tape, asked, found)
        for row in _rows(connection, _FLOW, tape, asked):
            found.flow[row["symbol"]][row["phase"]] = row
        for row in _rows(connection, _FOREIGN, tape, asked):
            found.foreign[row["symbol"]] = row
        for row in _rows(connection, _AUCTIONS, tape, asked):
            prices = found.estimates.setdefault((row["symbol"], row["phase"]), [])
            found.sampled |= row["feed"] != "ssi"
            if not prices or prices[-1] != row["expected_price"]:
                prices.append(row["expected_price"])
        for row in _rows(connection, _INDICES, tape, asked):
            found.indices[row["symbol"]][row["second"]] = row
        for row in _rows(connection, _BOARD, tape, asked):
            found.board[row["symbol"]] = row
    return found


def _read_prints(connection: psycopg.Connection[Any], tape: str, asked: Row, found: Tables) -> None:
    query = sql.SQL(_PRINTS).format(schema=sql.Identifier(tape))
    running: dict[str, int] = defaultdict(int)
    # Named, so that a peak day is not in memory twice.
    with connection.cursor("prints") as cursor:
        cursor.itersize = _CHUNK
        for row in cursor.execute(query, asked):
            symbol, vendors, price, volume, phase, side, inferred, rule, flag = row
            running[symbol] += int(volume)
            total = running[symbol] if vendors is None else int(vendors)
            kept = Kept(total, price, volume, phase, side, inferred, rule, flag is not None)
            found.prints[symbol].append(kept)


def _rows(connection: psycopg.Connection[Any], query: str, tape: str, asked: Row) -> Iterator[Row]:
    text = sql.SQL(query).format(schema=sql.Identifier(tape))
    with connection.cursor(row_factory=dict_row) as cursor:
        yield from cursor.execute(text, asked)
