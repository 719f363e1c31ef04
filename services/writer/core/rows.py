"""How a message becomes the values of a row, in the form a binary COPY takes."""

import struct
from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any

import msgspec

from services.writer.core.tables import TABLES, Column, Table

_POSTGRES_EPOCH_MS = 946_684_800_000
"""2000-01-01T00:00Z: PostgreSQL counts time from there."""
_TIMES_US = range(-211_813_488_000_000_000, 9_223_371_331_200_000_000)
"""What a timestamptz holds: 4714-11-24 BC to 294276-12-31 (datatype/timestamp.h)."""
_FLOAT8_OID = 701
_NO_LEVELS = struct.pack(">iii", 0, 0, _FLOAT8_OID)
_NO_TOP = (None, None)

Row = tuple[Any, ...]
ToRow = Callable[[Any], Row]

COPY_TYPES = {
    # Binary COPY takes the server's own form: int64 µs since 2000 for a time, and the bytes
    # made below for arrays and jsonb. psycopg's list adaptation costs ten times as much.
    "timestamp with time zone": "int8",
    "double precision[]": "bytea",
    "jsonb": "bytea",
    "double precision": "float8",
    "bigint": "int8",
    "integer": "int4",
    "boolean": "bool",
    "text": "text",
    "text[]": "text[]",
}


def timestamp(ts_ms: int) -> int:
    """
    ms since 1970 as PostgreSQL's µs since 2000.

    Raises:
        OverflowError: no timestamptz holds it.
    """
    us = (ts_ms - _POSTGRES_EPOCH_MS) * 1000
    if us not in _TIMES_US:
        raise OverflowError(f"ts_ms {ts_ms} is outside the years of a timestamp")
    return us


@lru_cache(maxsize=4096)
def _levels_layout(count: int) -> struct.Struct:
    # Two dimensions, no nulls; [count][2], lower bounds 1; then a length and a value each.
    return struct.Struct(">5i2i" + "id" * (2 * count))


def levels(book: Sequence[tuple[float, float]]) -> bytes:
    """Levels as the binary form of float8[][2]; an empty side is `{}`."""
    count = len(book)
    if not count:
        return _NO_LEVELS
    flat = [part for price, volume in book for part in (8, price, 8, volume)]
    return _levels_layout(count).pack(2, 0, _FLOAT8_OID, count, 1, 2, 1, *flat)


def _jsonb(value: Any) -> bytes:
    return b"\x01" + msgspec.json.encode(value)


def copied(table: Table) -> tuple[Column, ...]:
    """The table's columns in the order of `to_row`: plain ones, then those that are converted."""
    plain = [c for c in table.columns if _plain(c)]
    return (*plain, *(c for c in table.columns if not _plain(c)))


def _plain(column: Column) -> bool:
    converted = column.type in ("timestamp with time zone", "double precision[]", "jsonb")
    return column.name == column.field and not converted


def _to_row(table: Table) -> ToRow:
    names = [c.name for c in table.columns if _plain(c)]
    plain: Callable[[Any], Row] = attrgetter(*names)
    shape = tuple(c.name for c in copied(table)[len(names) :])
    match shape:
        case ("ts",):
            return lambda m: (*plain(m), timestamp(m.ts_ms))
        case ("ts", "bids", "asks"):
            return lambda m: (*plain(m), timestamp(m.ts_ms), levels(m.bids), levels(m.asks))
        case ("ts", "bid_price", "bid_volume", "bids", "ask_price", "ask_volume", "asks"):
            return lambda m: (
                *plain(m),
                timestamp(m.ts_ms),
                *(m.bids[0] if m.bids else _NO_TOP),
                levels(m.bids),
                *(m.asks[0] if m.asks else _NO_TOP),
                levels(m.asks),
            )
        case ("ts", "members"):
            return lambda m: (*plain(m), timestamp(m.ts_ms), _jsonb(m.members))
        case ("ts", "price_steps"):
            return lambda m: (*plain(m), timestamp(m.ts_ms), levels(m.price_steps))
    raise TypeError(f"no rule makes rows of {table.name} with {shape}")


TO_ROW: dict[type[msgspec.Struct], tuple[str, ToRow]] = {
    t.struct: (t.name, _to_row(t)) for t in TABLES
}
"""Message type -> its table and what makes its row; types that are not stored are absent."""
