"""
Ingest's raw messages a second, as a ratio to a plain loop: `python -m tests.bench.bench_ingest`.

The plain loop reads the same captures and writes the same raw records with the same batch
builder and sender; it decodes nothing, counts nothing and can resume nowhere. Both are timed by
the broker's append times, from the first raw record to the last; of ingest also to the last of
`market`, which is what it is for.
"""

import asyncio
import gzip
import secrets
import tempfile
from pathlib import Path
from statistics import median

import uvloop

from schemas import keys
from schemas.topics import BINANCE, MARKET
from services.ingest.core.manifest import Manifest
from services.ingest.rawlog import headers
from services.runtime import kafka, topics_admin
from services.runtime.outbox import Outboxes
from services.stack import Addresses
from tests.support.ingest import BINANCE_DATA, THREE_VENUES, make_topics, play
from tests.support.stack import shared_stack
from tests.support.tapes import forget

ROUNDS = 3
YIELD_EVERY = 256


async def plain(bootstrap: str, tape: str) -> None:
    """Read the files one after the other, and send."""
    producer = kafka.producer(bootstrap, "bench")
    await producer.start()
    boxes = Outboxes(producer)
    try:
        for file in Manifest.parse(THREE_VENUES.read_bytes()).files:
            key = f"BTCUSDT.{file.venue}"
            box = boxes.get(BINANCE.on(tape), keys.partition(key, BINANCE.partitions))
            with gzip.open(BINANCE_DATA / file.path) as lines:
                for number, line in enumerate(lines):
                    ns, value = line.rstrip(b"\n").split(b" ", 1)
                    heads = headers(int(ns) // 1000, file.feed, "spot.bookTicker")
                    box.append(key.encode(), value, heads)
                    if number % YIELD_EVERY == 0:
                        await box.relieved()
                        await asyncio.sleep(0)
        await boxes.stop()
    finally:
        await producer.stop()


async def span(bootstrap: str, tape: str) -> tuple[int, float, float]:
    """Raw records; seconds from the first of them to the last, and to the last of `market`."""
    raw = [r.timestamp async for r in kafka.read_all(bootstrap, BINANCE.on(tape))]
    market = [r.timestamp async for r in kafka.read_all(bootstrap, MARKET.on(tape))]
    first = min(raw)
    return len(raw), (max(raw) - first) / 1000, (max(market, default=first) - first) / 1000


def one_round(addresses: Addresses, folder: Path) -> tuple[float, float]:
    """Raw records a second of ingest, until they are in `market` too, and of the plain loop."""
    tapes = [f"b{secrets.token_hex(5)}" for _ in range(2)]
    try:
        make_topics(addresses.kafka, tapes[0])
        play(tapes[0], THREE_VENUES, addresses.kafka, folder)
        count, raw_s, market_s = uvloop.run(span(addresses.kafka, tapes[0]))
        uvloop.run(topics_admin.apply(addresses.kafka, tapes[1]))
        uvloop.run(plain(addresses.kafka, tapes[1]))
        bare, bare_s, _ = uvloop.run(span(addresses.kafka, tapes[1]))
        assert bare == count, f"the plain loop wrote {bare} records, ingest {count}"
    finally:
        for tape in tapes:
            forget(tape, addresses)
    return count / max(raw_s, market_s), count / bare_s


def main() -> None:
    """Print medians of some rounds, taken in turn."""
    with shared_stack() as addresses, tempfile.TemporaryDirectory() as folder:
        found = [one_round(addresses, Path(folder)) for _ in range(ROUNDS)]
    ours, bare = (median(column) for column in zip(*found, strict=True))
    ratio = median(a / b for a, b in found)
    print(
        f"raw messages to raw topics and market {ours / 1e3:5.1f} k/s, plain loop to raw topics "
        f"{bare / 1e3:5.1f} k/s, ratio {ratio:.2f} (median of {ROUNDS})"
    )


if __name__ == "__main__":
    main()
