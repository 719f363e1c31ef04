"""How a message becomes the values of a row, in the form a binary COPY takes."""

import struct
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import lru_cache
from operator import attrgetter, itemgetter
from typing import Any

import msgspec

from schemas.topics import MARKET
from services.writer.core.tables import STORED_TOPICS, TABLES, TOPS, Column, SqlType, Table

_POSTGRES_EPOCH_MS = 946_684_800_000
"""2000-01-01T00:00Z: PostgreSQL counts time from there."""
_TIMES_US = range(-211_813_488_000_000_000, 9_223_371_331_200_000_000)
"""What a timestamptz holds: 4714-11-24 BC to 294276-12-31 (datatype/timestamp.h)."""
_POSTGRES_EPOCH = date(2000, 1, 1).toordinal()
_FLOAT8_OID = 701
_NO_LEVELS = struct.pack(">iii", 0, 0, _FLOAT8_OID)
_NO_TOP = (None, None)

Row = tuple[Any, ...]
ToRow = Callable[[Any], Row]

COPY_TYPES = {
    # Binary COPY takes the server's own form: int64 µs since 2000 for a time, int32 days for a
    # date, and the bytes made below for arrays and jsonb. psycopg's list adaptation costs ten
    # times as much.
    "timestamp with time zone": "int8",
    "date": "int4",
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
def days(day: str) -> int:
    """
    An ISO date as PostgreSQL's days since 2000.

    Raises:
        ValueError: it is none.
    """
    try:
        return date.fromisoformat(day).toordinal() - _POSTGRES_EPOCH
    except ValueError as e:
        raise ValueError(f"day {day[:40]!r} is no date as 2026-07-20 is") from e


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


_CONVERTED: dict[SqlType, Callable[[Any], Any]] = {
    "timestamp with time zone": timestamp,
    "date": days,
    "double precision[]": levels,
    "jsonb": _jsonb,
}


def copied(table: Table) -> tuple[Column, ...]:
    """The table's columns in the order of `to_row`: plain ones, then those that are converted."""
    plain = [c for c in table.columns if _plain(c)]
    return (*plain, *(c for c in table.columns if not _plain(c)))


def _plain(column: Column) -> bool:
    return column.name == column.field and column.type not in _CONVERTED


def newest(table: Table, rows: Iterable[Row]) -> list[Row]:
    """Of the rows of the table that it is `newest_of`, the one with the highest seq of each key."""
    names = [c.name for c in copied(table)]
    key = itemgetter(*map(names.index, table.key))
    # Of outputs of one input the last (`part`) is the newest.
    age = itemgetter(*(names.index(n) for n in ("seq", "part") if n in names))
    found: dict[Any, Row] = {}
    for row in rows:
        stands = found.get(key(row))
        if stands is None or age(stands) < age(row):
            found[key(row)] = row
    return list(found.values())


def _to_row(table: Table) -> ToRow:
    names = [c.name for c in table.columns if _plain(c)]
    plain: Callable[[Any], Row] = attrgetter(*names)
    rest = copied(table)[len(names) :]
    # What comes most often is written out: a loop over the columns costs twice as much.
    match tuple(c.name for c in rest):
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
    values = [_value(c) for c in rest]
    return lambda m: (*plain(m), *[value(m) for value in values])


def _value(column: Column) -> Callable[[Any], Any]:
    """What makes the value of one column that is converted."""
    if column.name in TOPS.get(column.field, ()):
        place = TOPS[column.field].index(column.name)
        return lambda m: (getattr(m, column.field) or (_NO_TOP,))[0][place]
    convert = _CONVERTED[column.type]

    def value(message: Any) -> Any:
        found = getattr(message, column.field)
        return None if found is None else convert(found)

    return value


Rules = dict[type[msgspec.Struct], tuple[str, ToRow]]

_FORWARDED: Rules = {t.struct: (t.name, _to_row(t)) for t in TABLES if t.broadcast}
"""Gaps and statuses in a derived topic: a gap of a loss accepted there stands nowhere else."""

TO_ROW: dict[str, Rules] = {
    topic: {
        **(_FORWARDED if topic != MARKET.name else {}),
        **{t.struct: (t.name, _to_row(t)) for t in TABLES if t.topic == topic and not t.newest_of},
    }
    for topic in STORED_TOPICS
}
"""Topic -> message type -> its table and what makes its row; types not stored are absent."""
