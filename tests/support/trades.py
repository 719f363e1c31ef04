"""Synthetic input for the pump: trades of many symbols in frames, with clocks."""

import random
from collections import defaultdict
from collections.abc import Iterator

from schemas.base import BROADCAST
from schemas.frames import encode_frame
from schemas.keys import partition, routing_key
from schemas.market import Clock, MarketMessage, Trade

START = 1_700_000_000_000_000


def messages(count: int, symbols: int, seed: int, start: int = START) -> Iterator[MarketMessage]:
    """`count` trades over `symbols` symbols of VN, 97 µs apart, and the clocks between them."""
    rng = random.Random(seed)
    seq = start
    for _ in range(count):
        before = seq
        seq += 97
        if seq % 1_000_000 == 0:
            seq += 1
        if seq // 1_000_000 > before // 1_000_000:
            at = seq // 1_000_000 * 1_000_000
            yield Clock(symbol=BROADCAST, feed="ingest", seq=at, ts_ms=at // 1000, venue="VN")
        yield Trade(
            symbol=f"S{rng.randrange(symbols):04d}",
            feed="test",
            seq=seq,
            ts_ms=seq // 1000,
            price=float(rng.randrange(10_000, 90_000)),
            volume=rng.randrange(1, 1000) * 100,
            vendor_side=rng.choice(("buy", "sell")),
        )


def framed(
    source: Iterator[MarketMessage], partitions: int, frame: int
) -> Iterator[tuple[int, bytes]]:
    """(partition, record) in an order that keeps each partition's; broadcasts go to all."""
    waiting: dict[int, list[MarketMessage]] = defaultdict(list)
    for message in source:
        if message.symbol == BROADCAST:
            targets = list(range(partitions))
        else:
            targets = [partition(routing_key(message.symbol), partitions)]
        for target in targets:
            waiting[target].append(message)
            if len(waiting[target]) >= frame:
                yield target, encode_frame(waiting.pop(target))
    for target, rest in sorted(waiting.items()):
        yield target, encode_frame(rest)
