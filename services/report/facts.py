"""What a tape holds, read once: the other side of the reconciliation, and of the reports."""

import json
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql

from schemas import frames
from schemas.market import BookDelta, Quote, Trade
from schemas.topics import BINANCE, CONTROL, DEAD_LETTERS, MARKET, TRADES_CLASSIFIED
from services.report.independent import SCALE, Trades, digest
from services.runtime import kafka

VENUES = {"spot": "BN", "usdm": "BNF", "coinm": "BNC"}


@dataclass(slots=True)
class Raw:
    """The raw topic: counts by (venue, kind), digests by venue, append times by seq."""

    lines: Counter[tuple[str, str]] = field(default_factory=Counter)
    digests: Counter[str] = field(default_factory=Counter)
    times: dict[str, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))

    def appended_ms(self, venue: str, seq: int) -> int:
        """When the raw record was appended from which a message of this seq came, unix ms."""
        times = self.times[venue]
        return times[bisect_right(times, (seq, 2**62)) - 1][1]


@dataclass(slots=True)
class Tape:
    """
    Counts and sums of a tape's topics.

    Attributes:
        market_types: type -> messages, broadcasts counted once.
        trades, classified: symbol -> trades of `market`, and of `trades-classified` after the
            readers' rule; `classified_ids` are their (symbol, trade id), to see each once.
        market_ms, classified_ms: (symbol, seq) of trades -> append time of their record.
        records: topic -> records; dead: reason -> distinct dead letters.
    """

    raw: Raw = field(default_factory=Raw)
    records: Counter[str] = field(default_factory=Counter)
    market_types: Counter[str] = field(default_factory=Counter)
    quotes: Counter[str] = field(default_factory=Counter)
    deltas: Counter[str] = field(default_factory=Counter)
    trades: dict[str, Trades] = field(default_factory=lambda: defaultdict(Trades))
    classified: dict[str, Trades] = field(default_factory=lambda: defaultdict(Trades))
    repeats: int = 0
    ids: Counter[tuple[str, str]] = field(default_factory=Counter)
    classified_ids: Counter[tuple[str, str]] = field(default_factory=Counter)
    market_ms: dict[tuple[str, int], int] = field(default_factory=dict)
    classified_ms: dict[tuple[str, int], int] = field(default_factory=dict)
    verdicts: list[tuple[str, Any, Any, Any, Any]] = field(default_factory=list)
    dead: Counter[str] = field(default_factory=Counter)


async def read(bootstrap: str, tape: str) -> Tape:
    """Read all topics of a tape that exist."""
    found = Tape()
    await _read_raw(bootstrap, BINANCE.on(tape), found)
    async for _ in _records(bootstrap, CONTROL.on(tape), found):
        pass
    await _read_market(bootstrap, MARKET.on(tape), found)
    await _read_classified(bootstrap, TRADES_CLASSIFIED.on(tape), found)
    await _read_dead(bootstrap, DEAD_LETTERS.on(tape), found)
    return found


async def _records(bootstrap: str, topic: str, found: Tape) -> AsyncIterator[Any]:
    async for record in kafka.read_all(bootstrap, topic):
        found.records[topic] += 1
        yield record


async def _read_raw(bootstrap: str, topic: str, found: Tape) -> None:
    raw = found.raw
    async for record in _records(bootstrap, topic, found):
        head = dict(record.headers)
        market, _, kind = head["channel"].decode().partition(".")
        venue = VENUES[market]
        raw.lines[venue, kind] += 1
        raw.digests[venue] = (raw.digests[venue] + digest(record.value)) % 2**64
        raw.times[venue].append((int(head["seq"]), record.timestamp))
    for times in raw.times.values():
        times.sort()


async def _read_market(bootstrap: str, topic: str, found: Tape) -> None:
    broadcasts: set[tuple[str, str, int]] = set()
    async for record in _records(bootstrap, topic, found):
        for message in frames.messages(record.value):
            kind = message.__struct_config__.tag
            if message.symbol == "*":
                broadcasts.add((str(kind), getattr(message, "venue", ""), message.seq))
                continue
            found.market_types[str(kind)] += 1
            if isinstance(message, Trade):
                found.trades[message.symbol].add(repr(message.volume), message.vendor_side == "buy")
                found.ids[message.symbol, message.trade_id or ""] += 1
                found.market_ms[message.symbol, message.seq] = record.timestamp
            elif isinstance(message, Quote):
                found.quotes[message.symbol] += 1
            elif isinstance(message, BookDelta):
                found.deltas[message.symbol] += 1
    found.market_types.update(kind for kind, _, _ in broadcasts)


async def _read_classified(bootstrap: str, topic: str, found: Tape) -> None:
    last: dict[tuple[int, str], tuple[int, int]] = {}
    async for record in _records(bootstrap, topic, found):
        message = json.loads(record.value)
        stream = (record.partition, message["symbol"] + message.get("venue", ""))
        order = (message["seq"], message.get("part", 0))
        if order <= last.get(stream, (-1, 0)):
            found.repeats += 1
            continue
        last[stream] = order
        if message["type"] != "trade_classified":
            continue
        symbol = message["symbol"]
        found.classified[symbol].add(repr(message["volume"]), message["vendor_side"] == "buy")
        found.classified_ids[symbol, message["trade_id"] or ""] += 1
        found.classified_ms[symbol, message["seq"]] = record.timestamp
        verdict = ("vendor_side", "inferred_side", "rule", "confidence")
        found.verdicts.append((symbol, *(message[name] for name in verdict)))


async def _read_dead(bootstrap: str, topic: str, found: Tape) -> None:
    seen: set[tuple[bytes, ...]] = set()
    async for record in _records(bootstrap, topic, found):
        head = dict(record.headers)
        identity = (head["service"], head.get("venue", b""), record.key, head["reason"])
        if identity not in seen:
            seen.add(identity)
            found.dead[f"{head['service'].decode()}: {head['reason'].decode()}"] += 1


def stored_trades(database_url: str, tape: str) -> dict[str, tuple[int, int, int]]:
    """Symbol -> (count, volume x 10⁸, vendor's buys) of the table `trades_classified`."""
    query = sql.SQL(
        "SELECT symbol, count(*), coalesce(sum(round(volume::numeric * {scale})), 0)::bigint, "
        "count(*) FILTER (WHERE vendor_side = 'buy') "
        "FROM {schema}.trades_classified GROUP BY symbol"
    ).format(scale=sql.Literal(SCALE), schema=sql.Identifier(tape))
    with psycopg.connect(database_url) as connection:
        return {row[0]: (row[1], row[2], row[3]) for row in connection.execute(query)}


def stored_rows(database_url: str, tape: str) -> dict[str, dict[str, int]]:
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
