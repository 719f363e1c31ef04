"""Everything a tape holds that must not depend on what happened while it was made."""

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import msgspec
import psycopg
from psycopg import sql

from schemas.keys import venue_of
from schemas.topics import ALERTS, DEAD_LETTERS, TOPICS
from services.ingest.verify import verify
from services.runtime import kafka
from services.stack import Addresses
from services.writer.core.batch import STORED_TOPICS
from services.writer.core.tables import TABLES
from tests.support.ingest import written

NOT_COMPARED = {"offsets", "schema_migrations"}
"""Where frames end, and so offsets, may differ; when a migration ran does."""
_PLACES = ("offset", "index")
"""Of a dead letter, in Kafka's log."""


class _Head(msgspec.Struct):
    symbol: str
    seq: int
    part: int = 0
    venue: str = ""
    rule: str | None = None
    """Of an alert a part of its stream's name."""


_head = msgspec.json.Decoder(_Head)


@dataclass(frozen=True)
class Result:
    """
    What a tape holds; every field is compared.

    Attributes:
        raw: (topic, venue) -> (partition, seq, value) in the order of seq; positions left out.
        market: (partition, venue) -> messages in order, without the ends of frames.
        derived: (topic, partition, stream) -> key and value of records, by the reader's rule; of
            a compacted topic (topic, partition, key) -> the newest record.
        letters: (service, key, reason, value), each once.
        tables: table -> its rows as text, all columns, sorted.
    """

    raw: Mapping[Any, Sequence[Any]]
    market: Mapping[Any, Sequence[Any]]
    derived: Mapping[Any, Sequence[Any]]
    letters: Mapping[Any, int]
    tables: Mapping[str, Sequence[str]]
    repeats: int = 0


def result(addresses: Addresses, tape: str) -> Result:
    """
    Read all of a tape that nobody writes to.

    Raises:
        AssertionError: its `market` does not follow from its raw topics.
    """
    verdict = asyncio.run(verify(addresses.kafka, tape))
    assert verdict.ok, verdict.faults
    return asyncio.run(_topics(addresses, tape))


async def _topics(addresses: Addresses, tape: str) -> Result:
    found = await written(addresses.kafka, tape)
    raw: dict[Any, list[Any]] = defaultdict(list)
    for (topic, partition), records in found.raw.items():
        for key, value, headers in records:
            head = dict(headers)
            venue = key.decode() if topic == "control" else head["channel"].partition(b".")[0]
            raw[topic, venue].append((partition, int(head["seq"]), key, value))
    market: dict[Any, list[bytes]] = defaultdict(list)
    for partition, lines in found.market.items():
        for line in lines:
            market[partition, _venue(_head.decode(line))].append(line)
    derived, repeats = await _derived(addresses.kafka, tape)
    return Result(
        {lane: sorted(records, key=lambda r: r[1]) for lane, records in raw.items()},
        market,
        derived,
        await _letters(addresses.kafka, tape),
        await asyncio.to_thread(_tables, addresses.database, tape),
        repeats,
    )


def _venue(head: _Head) -> str:
    return head.venue if head.symbol == "*" else venue_of(head.symbol)


async def _derived(bootstrap: str, tape: str) -> tuple[dict[Any, list[Any]], int]:
    """A reader remembers the last (seq, part) of a stream and ignores what is not newer."""
    streams: dict[Any, list[Any]] = defaultdict(list)
    last: dict[Any, tuple[int, int]] = {}
    repeats = 0
    for topic in (t for t in TOPICS if t.codec == "json"):
        async for r in kafka.read_all(bootstrap, topic.on(tape)):
            head = _head.decode(r.value)
            rule = head.rule if topic is ALERTS else None
            name = r.key if topic.compacted else head.symbol + head.venue + (rule or "")
            stream, at = (topic.name, r.partition, name), (head.seq, head.part)
            if at <= last.get(stream, (-1, 0)):
                repeats += 1
                continue
            last[stream] = at
            if topic.compacted:
                streams[stream].clear()
            streams[stream].append((r.key, r.value))
    return streams, repeats


async def _letters(bootstrap: str, tape: str) -> Counter[Any]:
    seen: Counter[Any] = Counter()
    async for r in kafka.read_all(bootstrap, DEAD_LETTERS.on(tape)):
        head = dict(r.headers)
        seen[head["service"], r.key, head["reason"], r.value] = 1
    return seen


def _tables(database: str, tape: str) -> dict[str, list[str]]:
    with psycopg.connect(database) as connection:
        columns: dict[str, list[str]] = defaultdict(list)
        for table, column in connection.execute(
            "SELECT table_name, column_name FROM information_schema.columns "
            "JOIN information_schema.tables USING (table_schema, table_name) "
            "WHERE table_schema = %s AND table_type = 'BASE TABLE' ORDER BY 1, ordinal_position",
            [tape],
        ):
            columns[table].append(column)
        assert {t.name for t in TABLES} < set(columns), "tables are missing"
        return {
            table: _rows(connection, tape, table, columns[table])
            for table in columns.keys() - NOT_COMPARED
        }


def _rows(
    connection: psycopg.Connection[Any], tape: str, table: str, columns: Sequence[str]
) -> list[str]:
    wanted: list[sql.Composable] = [sql.Identifier(c) for c in columns]
    if table == "dead_letters":
        wanted = [sql.Identifier(c) for c in columns if c not in ("at", "origin")]
        wanted.append(sql.SQL("origin - {}::text[]").format(sql.Literal(list(_PLACES))))
    query = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(
        sql.SQL(", ").join(wanted), sql.Identifier(tape, table)
    )
    with connection.cursor().copy(query) as copy:
        return sorted(b"".join(bytes(part) for part in copy).decode().splitlines())


def assert_same(found: Result, wanted: Result) -> None:
    """Equal in everything but repeats; the first difference is told, not all of both."""
    for name in (f.name for f in fields(Result) if f.name != "repeats"):
        mine, theirs = getattr(found, name), getattr(wanted, name)
        assert mine.keys() == theirs.keys(), f"{name}: {mine.keys() ^ theirs.keys()}"
        for place in theirs:
            if mine[place] != theirs[place]:
                raise AssertionError(f"{name} {place}: {_difference(mine[place], theirs[place])}")


def _difference(mine: Sequence[Any], theirs: Sequence[Any]) -> str:
    for number, pair in enumerate(zip(mine, theirs, strict=False)):
        if pair[0] != pair[1]:
            sizes = f"{len(mine)} and {len(theirs)}"
            return f"{sizes}, number {number} is\n{pair[0]!r}, wanted\n{pair[1]!r}"
    return f"{len(mine)} instead of {len(theirs)}"


def behind(addresses: Addresses, tape: str) -> dict[tuple[str, int], int]:
    """(topic, partition) -> records that the writer has not stored yet."""
    ends = asyncio.run(kafka.spans(addresses.kafka, [t.on(tape) for t in STORED_TOPICS]))
    with psycopg.connect(addresses.database) as connection:
        query = sql.SQL("SELECT topic, partition, next FROM {}").format(
            sql.Identifier(tape, "offsets")
        )
        stored = {(topic, number): at for topic, number, at in connection.execute(query)}
    return {
        (topic.name, number): end - stored.get((topic.name, number), 0)
        for topic in STORED_TOPICS
        for number, (_, end) in ends[topic.on(tape)].items()
        if end > stored.get((topic.name, number), 0)
    }


def summary(found: Result) -> str:
    """How much was compared."""
    sizes = {
        "raw": sum(map(len, found.raw.values())),
        "market": sum(map(len, found.market.values())),
        "derived": _count_by_topic(found.derived),
        "letters": len(found.letters),
        "rows": sum(map(len, found.tables.values())),
        "repeats": found.repeats,
    }
    return json.dumps(sizes)


def _count_by_topic(derived: Mapping[Any, Sequence[Any]]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for (topic, *_), records in derived.items():
        counts[topic] += len(records)
    return dict(counts)
