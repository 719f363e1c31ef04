"""
Where each message is stored: tables and columns, derived from the wire types (design §8).

The SQL of the tables stands in services/writer/migrations; a contract test compares the two.
"""

from dataclasses import dataclass, replace
from typing import Literal

import msgspec
from msgspec import inspect

from schemas import market
from schemas.alerts import Alert
from schemas.bars import Bar
from schemas.basis import Basis
from schemas.board import BoardRow
from schemas.busd_forecasts import BusdForecast
from schemas.busd_patterns import BusdPattern
from schemas.foreign_flow import ForeignFlow
from schemas.index_estimates import IndexEstimate
from schemas.market_summary import MarketLeaders, MarketSummary
from schemas.session_flow import SessionFlow
from schemas.topic import Topic
from schemas.topics import (
    ALERTS,
    BARS,
    BASIS,
    BOARD,
    BUSD_FORECASTS,
    BUSD_PATTERNS,
    FOREIGN_FLOW,
    INDEX_ESTIMATES,
    INDEX_VALUES,
    INSTRUMENTS,
    MARKET,
    MARKET_SUMMARY,
    SESSION_FLOW,
    SESSIONS,
    TRADES_CLASSIFIED,
)
from schemas.trades_classified import TradeClassified

SqlType = Literal[
    "text", "bigint", "integer", "double precision", "boolean", "timestamp with time zone",
    "date", "double precision[]", "text[]", "jsonb",
]  # fmt: skip

KEY = ("symbol", "ts", "seq", "part")

_PLACED = ("symbol", "seq", "ts_ms")
"""Fields whose column is `head`, not derived from the field's type."""
_DATES = ("day",)
"""Fields whose text is an ISO date, and whose column is one."""


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
        topic: whose messages of type `struct` it holds.
        key: the primary key. Broadcast messages have the symbol "*" in all venues, so the
            tables they go to have the venue in their key.
        natural: the key is of the world (a board's row: symbol and day), not of the message: the
            table holds the newest message of each key and an older one never replaces it.
        broadcast: the same message comes in every partition of the topic and is stored once.
        newest_of: the table whose newest rows these are, one of each key; they come by it, and
            spare a board from looking for them in a whole day. Else empty.
    """

    name: str
    topic: str
    struct: type[msgspec.Struct]
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    natural: bool
    broadcast: bool
    newest_of: str = ""


def _sql_type(info: inspect.Type) -> tuple[SqlType, bool]:
    """The column type of a field's type, and whether it may be null."""
    match info:
        case inspect.UnionType(types=types):
            rest = [t for t in types if not isinstance(t, inspect.NoneType)]
            nullable = len(rest) < len(types)
            if {type(t) for t in rest} == {inspect.IntType, inspect.FloatType}:
                return "double precision", nullable
            # A literal of several aliases is a union of literals: all of one column type.
            (only,) = {_sql_type(t)[0] for t in rest}
            return only, nullable
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
        case inspect.ListType(item_type=inspect.StructType()) | inspect.DictType():
            return "jsonb", False
    raise TypeError(f"no column type for {info}; give services/writer/core/tables.py a rule")


_HEAD = (
    Column("ts", "timestamp with time zone", nullable=False, field="ts_ms"),
    Column("symbol", "text", nullable=False, field="symbol"),
    Column("seq", "bigint", nullable=False, field="seq"),
)
TOPS: dict[str, tuple[str, str]] = {
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
        kind = "date" if field.name in _DATES and kind == "text" else kind
        if struct is market.Quote and field.name in TOPS:
            out += [Column(n, "double precision", True, field.name) for n in TOPS[field.name]]
        out.append(Column(field.name, kind, nullable, field.name))
    return tuple(out)


def _table(
    topic: Topic,
    struct: type[msgspec.Struct],
    name: str = "",
    natural: tuple[str, ...] = (),
    more: tuple[str, ...] = (),
) -> Table:
    """`more`: what else names the stream, beside the symbol."""
    broadcast = topic is MARKET and struct in (market.Status, market.Gap)
    key = natural or (*KEY, *more, *(("venue",) if broadcast else ()))
    return Table(
        name or topic.table, topic.name, struct, _columns(struct), key, bool(natural), broadcast
    )


def _newest(table: Table, key: tuple[str, ...]) -> Table:
    return replace(table, name=f"{table.name}_newest", key=key, natural=True, newest_of=table.name)


def _of_market(struct: type[msgspec.Struct]) -> Table:
    return _table(MARKET, struct, f"{MARKET.table}_{struct.__struct_config__.tag}")


_EACH: tuple[Table, ...] = (
    # A trade is stored once, classified; clocks are not stored.
    _of_market(market.Quote),
    _of_market(market.BookDelta),
    _of_market(market.Foreign),
    _of_market(market.Day),
    _of_market(market.Index),
    _of_market(market.Auction),
    _of_market(market.OpenInterest),
    _of_market(market.Candle),
    _of_market(market.Instrument),
    _of_market(market.Basket),
    _of_market(market.Status),
    _of_market(market.Gap),
    _table(TRADES_CLASSIFIED, TradeClassified),
    _table(SESSION_FLOW, SessionFlow),
    _table(BARS, Bar, natural=("symbol", "interval", "ts", "phase", "number")),
    _table(FOREIGN_FLOW, ForeignFlow),
    _table(INDEX_ESTIMATES, IndexEstimate),
    _table(MARKET_SUMMARY, MarketSummary),
    _table(MARKET_SUMMARY, MarketLeaders, "market_leaders"),
    _table(BUSD_PATTERNS, BusdPattern),
    _table(BUSD_FORECASTS, BusdForecast),
    _table(BASIS, Basis),
    _table(BOARD, BoardRow, natural=("symbol", "day")),
    _table(INSTRUMENTS, market.Instrument, natural=("symbol",)),
    _table(INSTRUMENTS, market.Basket, "instruments_basket", natural=("symbol",)),
    # The symbol of an exchange's own status is "*".
    _table(SESSIONS, market.Status, natural=("symbol", "venue", "exchange")),
    _table(INDEX_VALUES, market.Index, natural=("symbol",)),
    # A venue's alert has the symbol "*".
    _table(ALERTS, Alert, more=("rule", "venue")),
)
_NEWEST_BY = {
    "session_flow": ("symbol", "phase"),
    "foreign_flow": ("symbol",),
    "market_day": ("symbol",),
}
TABLES: tuple[Table, ...] = (
    *_EACH,
    *(_newest(t, _NEWEST_BY[t.name]) for t in _EACH if t.name in _NEWEST_BY),
)
BY_NAME: dict[str, Table] = {t.name: t for t in TABLES}
STORED_TOPICS: tuple[str, ...] = tuple(dict.fromkeys(t.topic for t in TABLES))
"""Topics of which something is stored, the dead letters aside."""
