"""
The writer's rows/s, from records in Kafka to committed, as a ratio to a server-side binary COPY.

The COPY is one statement of the same rows, already encoded, into the same table. Run it with
`python -m tests.bench.bench_writer`.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import psycopg
import uvloop

from schemas.market import MarketMessage, Quote, Trade
from services.runtime import logs, roles
from services.runtime.metrics import Metrics
from services.runtime.process import Process
from services.runtime.settings import Settings
from services.stack import Addresses
from services.writer.app import Writer, tune_garbage
from tests.support.eventually import eventually
from tests.support.stack import shared_stack
from tests.support.tapes import forget
from tests.support.writing import Sender, market, prepared

MESSAGES = 300_000


def _only(kind: type[MarketMessage], count: int) -> Iterator[MarketMessage]:
    """So many messages of one kind, of many symbols."""
    found = 0
    for message in market(count * 4, symbols=400):
        if isinstance(message, kind):
            yield message
            found += 1
            if found == count:
                return


@asynccontextmanager
async def writing(settings: Settings) -> AsyncIterator[None]:
    """A writer in this event loop."""
    process = Process("writer", settings, Metrics("writer"))
    writer = Writer(process, str(settings.kafka), roles.url(settings, roles.WRITER))
    task = asyncio.create_task(writer.run())
    try:
        yield
    finally:
        process.stopping.set()
        await task


async def _writer_s(settings: Settings, database: str, table: str, rows: int) -> float:
    query = f"SELECT coalesce(sum(next), 0) FROM {settings.tape}.offsets"
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:

        async def stored() -> int:
            return int((await (await connection.execute(query)).fetchone() or (0,))[0])

        begun = time.perf_counter()
        async with writing(settings):
            ends = await _end(settings)
            await eventually(lambda: _is(stored, ends), 120, every=0.02)
            taken = time.perf_counter() - begun
        count = await connection.execute(f"SELECT count(*) FROM {settings.tape}.{table}")
        assert await count.fetchone() == (rows,)
    return taken


async def _is(stored, ends: int) -> bool:
    return await stored() == ends


async def _end(settings: Settings) -> int:
    from schemas.topics import DEAD_LETTERS, MARKET, TRADES_CLASSIFIED
    from services.runtime import kafka

    client = kafka.consumer(str(settings.kafka), "bench")
    await client.start()
    try:
        topics = [t.on(settings.tape) for t in (MARKET, TRADES_CLASSIFIED, DEAD_LETTERS)]
        return sum([end for t in topics for _, end in (await kafka.bounds(client, t)).values()])
    finally:
        await client.stop()


def _copy_s(database: str, tape: str, table: str) -> float:
    """Seconds of one COPY of the table's rows into the table, emptied before."""
    with psycopg.connect(database) as connection:
        name = f"{tape}.{table}"
        read = f"COPY (SELECT * FROM {name} ORDER BY seq) TO STDOUT (FORMAT BINARY)"
        with connection.cursor().copy(read) as copy:
            rows = b"".join(bytes(part) for part in copy)
        connection.execute(f"TRUNCATE {name}")
        connection.commit()
        begun = time.perf_counter()
        with connection.cursor().copy(f"COPY {name} FROM STDIN (FORMAT BINARY)") as copy:
            for at in range(0, len(rows), 1 << 20):
                copy.write(rows[at : at + (1 << 20)])
        connection.commit()
        return time.perf_counter() - begun


async def measure(addresses: Addresses, kind: type[MarketMessage], table: str) -> dict[str, float]:
    """Rows/s of the writer and of the COPY, and their ratio, for one table."""
    tape = f"b{secrets.token_hex(6)}"
    settings = await prepared(addresses, tape)
    try:
        async with Sender(addresses.kafka, tape) as sender:
            await sender.market(_only(kind, MESSAGES), frame=100)
        writer = MESSAGES / await _writer_s(settings, addresses.database, table, MESSAGES)
        copy = MESSAGES / await asyncio.to_thread(_copy_s, addresses.database, tape, table)
    finally:
        await asyncio.to_thread(forget, tape, addresses)
    return {"writer_rows_per_s": writer, "copy_rows_per_s": copy, "ratio": writer / copy}


def main() -> dict[str, dict[str, float]]:
    """Print a line for each table; returns the figures by table."""
    logs.configure("bench", "warning")
    tune_garbage()
    tables = {"market_quote": Quote, "trades_classified": Trade}
    out = {}
    with shared_stack() as addresses:
        for table, kind in tables.items():
            found = out[table] = uvloop.run(measure(addresses, kind, table))
            print(
                f"writer {table:18} {found['writer_rows_per_s'] / 1e3:6.0f} k rows/s, server-side "
                f"COPY {found['copy_rows_per_s'] / 1e3:6.0f} k rows/s, ratio {found['ratio']:.2f}"
            )
    return out


if __name__ == "__main__":
    main()
