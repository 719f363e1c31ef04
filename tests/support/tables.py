"""
An independent reader: the tables of a tape against the topics, message by message.

It shares no code with the writer: rows come by SELECT, messages by msgspec.to_builtins.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Any

import msgspec
import psycopg
from psycopg.rows import dict_row

from schemas import frames
from schemas.basis import Basis
from schemas.foreign_flow import ForeignFlow
from schemas.market import Clock, Trade
from schemas.session_flow import SessionFlow
from schemas.topics import (
    BARS,
    BASIS,
    BOARD,
    BY_NAME,
    FOREIGN_FLOW,
    INDEX_VALUES,
    INSTRUMENTS,
    MARKET,
    SESSION_FLOW,
    SESSIONS,
    TRADES_CLASSIFIED,
)
from schemas.trades_classified import TradeClassified
from services.runtime import kafka

NEWEST: dict[str, tuple[str, tuple[str, ...]]] = {
    "bar": ("bars", ("symbol", "interval", "ts_ms", "phase", "number")),
    "board": ("board", ("symbol", "day")),
    "instrument": ("instruments", ("symbol",)),
    "basket": ("instruments_basket", ("symbol",)),
    "status": ("sessions", ("symbol", "venue", "exchange")),
    "index": ("index_values", ("symbol",)),
}
"""Type -> the table that has the newest message of each of these keys."""
OF_EVENTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "session_flow": ("session_flow_newest", ("symbol", "phase")),
    "foreign_flow": ("foreign_flow_newest", ("symbol",)),
    "market_day": ("market_day_newest", ("symbol",)),
}
"""Table of events -> the table that has the newest of them of each of these keys."""

Row = tuple[str, tuple[tuple[str, Any], ...]]


def _row(table: str, fields: dict[str, Any]) -> Row:
    return table, tuple(sorted((k, _plain(v)) for k, v in fields.items()))


def _plain(value: Any) -> Any:
    """Lists as tuples, numbers as floats: what is equal in the database is equal here."""
    if isinstance(value, list | tuple):
        return tuple(_plain(v) for v in value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return tuple(sorted((k, _plain(v)) for k, v in value.items()))
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _fields(message: Any) -> dict[str, Any]:
    fields = {f: msgspec.to_builtins(getattr(message, f)) for f in message.__struct_fields__}
    return {"part": 0, **fields}


def _of_message(message: Any) -> Row:
    fields = _fields(message)
    tag = message.__struct_config__.tag
    if tag == "quote":
        for side, name in (("bids", "bid"), ("asks", "ask")):
            best = fields[side][0] if fields[side] else (None, None)
            fields[f"{name}_price"], fields[f"{name}_volume"] = best
    own = {"trade_classified": "trades_classified"}
    own |= {name: name for name in ("session_flow", "foreign_flow", "basis")}
    return _row(own.get(tag, f"market_{tag}"), fields)


async def _there(bootstrap: str, tape: str, names: list[str]) -> list[str]:
    client = kafka.consumer(bootstrap, "test-names")
    await client.start()
    try:
        topics = await client.topics()
    finally:
        await client.stop()
    return [name for name in names if BY_NAME[name].on(tape) in topics]


async def in_topics(bootstrap: str, tape: str) -> set[Row]:
    """Every row that the records of the tape's topics ask for; bad lines ask for none."""
    rows = set()
    async for record in kafka.read_all(bootstrap, MARKET.on(tape)):
        for message in frames.messages_and_errors(record.value):
            if not isinstance(message, Trade | Clock | frames.BadLine):
                rows.add(_of_message(message))
    events = [TRADES_CLASSIFIED.name, SESSION_FLOW.name, FOREIGN_FLOW.name, BASIS.name]
    for name in await _there(bootstrap, tape, events):
        decoder = msgspec.json.Decoder(BY_NAME[name].value)
        async for record in kafka.read_all(bootstrap, BY_NAME[name].on(tape)):
            message = decoder.decode(record.value)
            if isinstance(message, TradeClassified | SessionFlow | ForeignFlow | Basis):
                rows.add(_of_message(message))
    return rows | _newest_of_events(rows) | await _newest(bootstrap, tape)


def _newest_of_events(rows: Iterable[Row]) -> set[Row]:
    best: dict[Any, tuple[tuple[int, int], Row]] = {}
    for events, pairs in rows:
        if events in OF_EVENTS:
            table, key = OF_EVENTS[events]
            fields = dict(pairs)
            at, place = (fields["seq"], fields["part"]), (table, *(fields[k] for k in key))
            if place not in best or at > best[place][0]:
                best[place] = at, (table, pairs)
    return {row for _, row in best.values()}


async def _newest(bootstrap: str, tape: str) -> set[Row]:
    best: dict[Any, tuple[tuple[int, int], Row]] = {}
    states = [t.name for t in (BARS, BOARD, INSTRUMENTS, SESSIONS, INDEX_VALUES)]
    for name in await _there(bootstrap, tape, states):
        decoder = msgspec.json.Decoder(BY_NAME[name].value)
        async for record in kafka.read_all(bootstrap, BY_NAME[name].on(tape)):
            message = decoder.decode(record.value)
            table, key = NEWEST[message.__struct_config__.tag]
            fields = _fields(message)
            at = (fields["seq"], fields["part"])
            place = (table, *(fields[k] for k in key))
            if place not in best or at > best[place][0]:
                best[place] = at, _row(table, fields)
    return {row for _, row in best.values()}


def in_tables(database: str, tape: str) -> Counter[Row]:
    """Every row of the tape's message tables, with how often it stands there."""
    rows: Counter[Row] = Counter()
    with psycopg.connect(database, row_factory=dict_row) as connection:
        names = connection.execute(
            "SELECT hypertable_name AS name FROM timescaledb_information.hypertables "
            "WHERE hypertable_schema = %s",
            [tape],
        ).fetchall()
        plain = {table for table, _ in (*NEWEST.values(), *OF_EVENTS.values())}
        for name in {*(n["name"] for n in names), *plain}:
            query = f"SELECT *, (extract(epoch FROM ts) * 1000)::bigint AS ts_ms FROM {tape}.{name}"
            for row in connection.execute(query):
                del row["ts"]
                rows[_row(name, row)] += 1
    return rows


async def assert_equal(bootstrap: str, database: str, tape: str) -> int:
    """
    The tables hold exactly what the topics say, each once; the number of rows.

    Raises:
        AssertionError: with how many are missing, too many, twice, and one of each.
    """
    want, got = await in_topics(bootstrap, tape), in_tables(database, tape)
    missing, extra = want - got.keys(), got.keys() - want
    twice = [row for row, count in got.items() if count > 1]
    assert (missing, extra, twice) == (set(), set(), []), (
        f"{len(missing)} missing {list(missing)[:1]}, {len(extra)} too many {list(extra)[:1]}, "
        f"{len(twice)} twice"
    )
    return len(want)


async def stored_all(bootstrap: str, database: str, tape: str) -> bool:
    """Whether the stored offsets are at the ends of the topics that the tape has."""
    stored = [
        MARKET,
        TRADES_CLASSIFIED,
        SESSION_FLOW,
        FOREIGN_FLOW,
        BASIS,
        BARS,
        BOARD,
        INSTRUMENTS,
        SESSIONS,
        INDEX_VALUES,
    ]
    there = await _there(bootstrap, tape, [t.name for t in stored])
    client = kafka.consumer(bootstrap, "test-ends")
    await client.start()
    try:
        ends = {}
        for name in there:
            spans = await kafka.bounds(client, BY_NAME[name].on(tape))
            ends |= {(name, tp.partition): end for tp, (_, end) in spans.items()}
    finally:
        await client.stop()
    with psycopg.connect(database) as connection:
        rows = connection.execute(f"SELECT topic, partition, next FROM {tape}.offsets").fetchall()
    at = {(topic, number): next_ for topic, number, next_ in rows}
    return all(at.get(place, 0) == end for place, end in ends.items())
