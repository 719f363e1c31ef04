"""The writer on a real broker and a real database: what the topics say, the tables hold, once."""

import asyncio
import random
import string
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import psycopg
import pytest

from schemas.market import Basket, Clock, Instrument, Member, Quote, Trade
from services.report import facts
from services.runtime import kafka as clients
from services.runtime import roles
from services.runtime.dead_letters import DeadLetters
from services.runtime.metrics import Metrics
from services.runtime.outbox import Outboxes
from services.runtime.process import Process
from services.runtime.settings import Settings
from services.stack import Addresses
from services.writer.app import Writer
from services.writer.core.positions import OutsideLogError
from services.writer.core.tables import TABLES
from tests.support.eventually import eventually
from tests.support.tables import assert_equal, in_tables, stored_all
from tests.support.writing import FIRST_SEQ, Sender, classified, market, prepared

pytestmark = [pytest.mark.broker, pytest.mark.database]


@asynccontextmanager
async def writing(settings: Settings) -> AsyncIterator[Process]:
    """A writer in this event loop, stopped at the end."""
    process = Process("writer", settings, Metrics("writer"))
    writer = Writer(process, settings.kafka or "", roles.url(settings, roles.WRITER))
    task = asyncio.create_task(writer.run())
    try:
        yield process
    finally:
        process.stopping.set()
        await task


async def until_stored(stack: Addresses, tape: str, seconds: float = 30.0) -> None:
    await eventually(lambda: stored_all(stack.kafka, stack.database, tape), seconds, every=0.1)


def rows(database: str, query: str) -> list[tuple]:
    with psycopg.connect(database) as connection:
        return connection.execute(query).fetchall()


async def test_every_column_is_a_field_with_its_type(stack: Addresses, tape: str) -> None:
    """Names, types and nullability of all tables are those derived from the wire types."""
    await prepared(stack, tape)
    found = rows(
        stack.database,
        "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull "
        "FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
        f"WHERE c.relnamespace = '{tape}'::regnamespace AND c.relkind = 'r' AND a.attnum > 0",
    )
    tables = {t.name for t in TABLES}
    want = {(t.name, c.name, c.type, c.nullable) for t in TABLES for c in t.columns}
    want |= {(name, "part", "integer", False) for name in tables}
    assert {row for row in found if row[0] in tables} == want
    keys = rows(
        stack.database,
        "SELECT conrelid::regclass::text, (SELECT array_agg(attname::text ORDER BY k.n) FROM "
        "unnest(conkey) WITH ORDINALITY k(at, n) JOIN pg_attribute ON attrelid = conrelid AND "
        f"attnum = k.at) FROM pg_constraint WHERE contype = 'p' AND connamespace = '{tape}'"
        "::regnamespace",
    )
    by_table = {name.removeprefix(f"{tape}."): tuple(key) for name, key in keys}
    assert {t.name: by_table[t.name] for t in TABLES} == {t.name: t.key for t in TABLES}


async def test_tables_equal_topics(stack: Addresses, tape: str) -> None:
    settings = await prepared(stack, tape)
    head = {"symbol": "V.BN", "feed": "f", "seq": FIRST_SEQ + 1, "ts_ms": 5}
    rare = [
        Instrument(**head, venue="BN", exchange="x", kind="crypto", aliases=["a", 'b"', "", "ộ"],
                   price_steps=[(0, 0.1), (5, 0.5)], lot=0.001),
        Basket(**head, members=[Member("A", cap=0.1), Member("Ộ")], effective_date="d", source="s"),
        Quote(**head, bids=[(1.5, 2), (1.25, 3.5)], asks=[]),
    ]  # fmt: skip
    async with writing(settings) as process, Sender(stack.kafka, tape) as sender:
        await sender.market(rare)
        await sender.market(market(5000))
        await until_stored(stack, tape)
        await eventually(lambda: process.health.waiting == 0)
        # A broker that was slow for once is asked again a second later.
        await eventually(lambda: process.health.state() in {"ok", "idle"})
    assert await assert_equal(stack.kafka, stack.database, tape) > 4000


async def test_bad_rows_are_dead_lettered_and_all_others_stored(
    stack: Addresses, tape: str
) -> None:
    """NUL characters, years no timestamp has, symbols no index holds, surrogates, nonsense."""
    settings = await prepared(stack, tape)
    good = list(market(2000))
    unpacked = "".join(random.Random(1).choices(string.ascii_letters, k=9000))
    bad = {
        b'{"type":"nonsense"}': "undecodable",
        _quote("\\ud800", 5): "undecodable",
        _quote("N\\u0000L", 5): "no row",
        _quote("A", 2**62): "no row",
        _quote("A", -(2**48)): "no row",
        _quote(unpacked, 5): "ProgramLimitExceeded",
        b'{"type":"basket","symbol":"A","feed":"f","seq":1,"ts_ms":5,"effective_date":"d",'
        b'"source":"s","members":[{"symbol":"\\u0000"}]}': "no row",
    }
    async with Sender(stack.kafka, tape) as sender:
        await sender.market(good[:1000])
        for line in bad:
            sender.raw("market", 3, line)
        sender.raw("market", 4, b"\n".join(bad))
        sender.raw("trades-classified", 4, b"\xff")
        await sender.market(good[1000:])
        async with writing(settings):
            await until_stored(stack, tape)
            query = f"SELECT value, reason FROM {tape}.dead_letters"
            found = await eventually(
                lambda: len(r := rows(stack.database, query)) >= len(bad) + 1 and r, 15
            )
    reasons = {bytes(value): reason.partition(":")[0] for value, reason in found}
    assert reasons == {**bad, b"\xff": "undecodable"}
    kept = in_tables(stack.database, tape)
    assert set(kept.values()) == {1}
    assert len(kept) == len([m for m in good if not isinstance(m, Clock)])


@pytest.mark.soak
async def test_ten_thousand_bad_rows_hold_nothing_up(stack: Addresses, tape: str) -> None:
    """12,000 with NUL that give no row, and 300 that only the database can refuse."""
    settings = await prepared(stack, tape)
    good = [m for m in market(300) if isinstance(m, Quote)]
    async with Sender(stack.kafka, tape) as sender:
        for n in range(12_000):
            sender.raw("market", n % 12, _quote(f"N\\u0000{n}", 5))
        rnd = random.Random(1)
        for _ in range(300):
            unpacked = "".join(rnd.choices(string.ascii_letters, k=9000))
            sender.raw("market", 3, _quote(unpacked, 5))
        await sender.market(good)
        async with writing(settings) as process:
            await until_stored(stack, tape, 60)
            await eventually(lambda: not process.health.problems)
    assert len(in_tables(stack.database, tape)) == len(good)


async def test_a_batch_that_takes_too_long_is_tried_smaller_and_named_slow(
    stack: Addresses, tape: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table is locked longer than a batch may take; afterwards all is stored, once."""
    monkeypatch.setattr("services.writer.app.STORE_TIMEOUT_S", 0.5)
    settings = await prepared(stack, tape)
    async with Sender(stack.kafka, tape) as sender:
        await sender.market(list(market(3000)))
        with psycopg.connect(stack.database) as other:
            other.execute(f"LOCK TABLE {tape}.market_quote IN SHARE MODE")
            async with writing(settings) as process:
                said = await eventually(lambda: process.health.problems.get("slow"), 15)
                assert "rows took too long" in said
                assert "kafka" not in process.health.problems
                other.rollback()
                await until_stored(stack, tape)
    assert await assert_equal(stack.kafka, stack.database, tape) > 2000


def _quote(symbol: str, ts_ms: int) -> bytes:
    line = '{"type":"quote","symbol":"%s","feed":"f","seq":1,"ts_ms":%d,"bids":[],"asks":[]}'
    return (line % (symbol, ts_ms)).encode()


async def test_repeats_change_nothing_and_contradictions_are_refused(
    stack: Addresses, tape: str
) -> None:
    """A whole run again is harmless; the same (symbol, seq, part) with other content is said."""
    settings = await prepared(stack, tape)
    trades = [classified(m) for m in market(800) if isinstance(m, Trade)]
    other = msgspec.structs.replace(trades[7], price=trades[7].price + 1)
    async with Sender(stack.kafka, tape) as sender, writing(settings):
        for _ in range(2):
            for trade in trades:
                sender.raw("trades-classified", 1, msgspec.json.encode(trade))
            await sender.flush()
            await until_stored(stack, tape)
        assert sum(in_tables(stack.database, tape).values()) == len(trades)
        sender.raw("trades-classified", 1, msgspec.json.encode(other))
        await sender.flush()
        query = f"SELECT key, reason, value FROM {tape}.dead_letters"
        ((key, reason, value),) = await eventually(lambda: rows(stack.database, query), 15)
    assert key == str(other.seq)
    assert reason.startswith("contradiction: ")
    assert msgspec.json.decode(value)["price"] == other.price
    assert sum(in_tables(stack.database, tape).values()) == len(trades)


async def test_dead_letters_of_two_venues_with_one_seq_are_two_rows(
    stack: Addresses, tape: str
) -> None:
    """Each once, however often it is sent; a letter without a venue is a third."""
    settings = await prepared(stack, tape)
    producer = clients.producer(stack.kafka, "test-letters")
    outboxes = Outboxes(producer)
    letters = DeadLetters("ingest", tape, outboxes)
    await producer.start()
    for _ in range(2):
        letters.send("price: -1", b"spot", b"7", venue="BN")
        letters.send("price: -1", b"futures", b"7", venue="BNF")
        letters.send("price: -1", b"unknown", b"7")
    await outboxes.flush()
    await outboxes.stop()
    await producer.stop()
    done = f"SELECT next FROM {tape}.offsets WHERE topic = 'dead-letters'"
    async with writing(settings):
        await eventually(lambda: rows(stack.database, done) == [(6,)], 20)
    query = f"SELECT venue, value, origin FROM {tape}.dead_letters ORDER BY 1"
    found = [(venue, bytes(value), origin) for venue, value, origin in rows(stack.database, query)]
    assert found == [("", b"unknown", {}), ("BN", b"spot", {}), ("BNF", b"futures", {})]
    told = await facts.read(stack.kafka, tape)
    assert told.dead == {"ingest: price: -1": 3}


async def test_two_writers_at_once_store_each_message_once(stack: Addresses, tape: str) -> None:
    settings = await prepared(stack, tape)
    small = settings.model_copy(update={"writer_batch_rows": 200})
    async with Sender(stack.kafka, tape) as sender, writing(small) as one, writing(small) as two:
        for start in range(0, 6000, 500):
            await sender.market(list(market(6000))[start : start + 500])
        await until_stored(stack, tape, 60)
    retries = [
        p.metrics.registry.get_sample_value(
            "vntape_write_retries_total", {"service": "writer", "reason": "another_writer"}
        )
        for p in (one, two)
    ]
    assert any(retries), "the two never met, so this run proved nothing"
    await assert_equal(stack.kafka, stack.database, tape)


@pytest.mark.parametrize(
    "missing",
    [
        "DROP SCHEMA {} CASCADE",
        "DROP TABLE {}.market_gap CASCADE",
        "ALTER TABLE {}.offsets DROP next",
    ],
)
async def test_on_a_tape_without_migrations_it_waits_and_says_so(
    stack: Addresses, tape: str, missing: str
) -> None:
    settings = await prepared(stack, tape)
    with psycopg.connect(stack.database) as connection:
        connection.execute(missing.format(tape))
    async with writing(settings) as process:
        said = await eventually(lambda: process.health.problems.get("database"), 15)
        assert said.endswith(f"run `vntape migrate --tape {tape}`")
        if "SCHEMA" in missing:
            await prepared(stack, tape)
            await eventually(lambda: not process.health.problems and process.health.ready, 20)


async def test_an_offset_outside_the_log_is_refused(stack: Addresses, tape: str) -> None:
    settings = await prepared(stack, tape)
    with psycopg.connect(stack.database) as connection:
        connection.execute(f"INSERT INTO {tape}.offsets VALUES ('market', 3, 17)")
    process = Process("writer", settings, Metrics("writer"))
    writer = Writer(process, stack.kafka, roles.url(settings, roles.WRITER))
    with pytest.raises(OutsideLogError, match=r"market\[3\]: 17 records are stored"):
        await writer.run()
