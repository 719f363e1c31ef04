"""
Where each message is stored: tables and columns, derived from the wire types (design §8).

The SQL of the tables stands in services/writer/migrations; a contract test compares the two.
"""

from dataclasses import dataclass
from typing import Literal

import msgspec
from msgspec import inspect

from schemas import market
from schemas.topics import MARKET, TRADES_CLASSIFIED
from schemas.trades_classified import TradeClassified

SqlType = Literal[
    "text", "bigint", "integer", "double precision", "boolean", "timestamp with time zone",
    "double precision[]", "text[]", "jsonb",
]  # fmt: skip

KEY = ("symbol", "ts", "seq", "part")

_PLACED = ("symbol", "seq", "ts_ms")
"""Fields whose column is `head`, not derived from the field's type."""

STORED: tuple[type[msgspec.Struct], ...] = (
    market.Quote,
    market.BookDelta,
    market.Foreign,
    market.Day,
    market.Index,
    market.Auction,
    market.OpenInterest,
    market.Candle,
    market.Instrument,
    market.Basket,
    market.Status,
    market.Gap,
    TradeClassified,
)
"""A trade is stored once, classified; clocks are not stored."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `field` is the message's field it comes from, `name` is its own."""

    name: str
    type: SqlType
    nullable: bool
    field: str


@dataclass(frozen=True, slots=True)
class Table:
    """
    One table, in the tape's schema.

    Attributes:
        key: the primary key. Broadcast messages have the symbol "*" in all venues, so the
            tables they go to have the venue in their key.
        broadcast: the same message comes in every partition of the topic and is stored once.
    """

    name: str
    struct: type[msgspec.Struct]
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    broadcast: bool


def _sql_type(info: inspect.Type) -> tuple[SqlType, bool]:
    """The column type of a field's type, and whether it may be null."""
    match info:
        case inspect.UnionType(types=types):
            rest = [t for t in types if not isinstance(t, inspect.NoneType)]
            nullable = len(rest) < len(types)
            if {type(t) for t in rest} == {inspect.IntType, inspect.FloatType}:
                return "double precision", nullable
            (only,) = rest
            return _sql_type(only)[0], nullable
        case inspect.StrType() | inspect.LiteralType():
            return "text", False
        case inspect.IntType():
            return "bigint", False
        case inspect.FloatType():
            return "double precision", False
        case inspect.BoolType():
            return "boolean", False
        case inspect.ListType(item_type=inspect.TupleType()):
            return "double precision[]", False
        case inspect.ListType(item_type=inspect.StrType()):
            return "text[]", False
        case inspect.ListType(item_type=inspect.StructType()):
            return "jsonb", False
    raise TypeError(f"no column type for {info}; give services/writer/core/tables.py a rule")


_HEAD = (
    Column("ts", "timestamp with time zone", nullable=False, field="ts_ms"),
    Column("symbol", "text", nullable=False, field="symbol"),
    Column("seq", "bigint", nullable=False, field="seq"),
)
_TOPS: dict[str, tuple[str, str]] = {
    "bids": ("bid_price", "bid_volume"),
    "asks": ("ask_price", "ask_volume"),
}
"""The best level of a quote has columns of its own: what nearly every query wants."""


def _columns(struct: type[msgspec.Struct]) -> tuple[Column, ...]:
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    out = list(_HEAD)
    for field in info.fields:
        if field.name in _PLACED:
            continue
        kind, nullable = _sql_type(field.type)
        # The number of an output among those of one input: never large, and in every key.
        kind = "integer" if field.name == "part" else kind
        if struct is market.Quote and field.name in _TOPS:
            out += [Column(n, "double precision", True, field.name) for n in _TOPS[field.name]]
        out.append(Column(field.name, kind, nullable, field.name))
    return tuple(out)


def _table(struct: type[msgspec.Struct]) -> Table:
    tag = struct.__struct_config__.tag
    name = TRADES_CLASSIFIED.table if struct is TradeClassified else f"{MARKET.table}_{tag}"
    broadcast = struct in (market.Status, market.Gap)
    key = (*KEY, "venue") if broadcast else KEY
    return Table(name, struct, _columns(struct), key, broadcast)


TABLES: tuple[Table, ...] = tuple(_table(s) for s in STORED)
BY_NAME: dict[str, Table] = {t.name: t for t in TABLES}
