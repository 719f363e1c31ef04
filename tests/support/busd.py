"""A HOSE whose trades repeat: as messages of `market`, and as iBoard's recorded lines."""

import random
from collections.abc import Iterator

from schemas.base import BROADCAST
from schemas.keys import partition, routing_key
from schemas.market import Clock, Instrument, MarketMessage, Trade
from schemas.topic import PARTITIONS

SECOND = 1_000_000
OPENING = 1_784_513_700 * SECOND
"""09:15 at UTC+7 on Monday, 20 July 2026."""
VOLUMES = (100, 200, 200, 500, 500, 1000, 2000)


def busd_messages(symbols: int, seed: int, step_us: int = 200_003) -> Iterator[MarketMessage]:
    """Without end: instruments, then trades with sides, `step_us` apart, and the clocks between."""
    rng = random.Random(seed)
    names = [f"S{n:03d}" for n in range(symbols)]
    seq = OPENING - 5 * SECOND + 1
    for name in names:
        head = {"symbol": name, "feed": "iboard", "seq": seq, "ts_ms": seq // 1000}
        yield Instrument(**head, venue="VN", exchange="HOSE", kind="stock")  # type: ignore[arg-type]
        seq += 1
    while True:
        before, seq = seq, seq + step_us
        seq += seq % SECOND == 0
        for at in range((before // SECOND + 1) * SECOND, seq, SECOND):
            yield Clock(symbol=BROADCAST, feed="ingest", seq=at, ts_ms=at // 1000, venue="VN")
        yield Trade(
            symbol=rng.choice(names),
            feed="iboard",
            seq=seq,
            ts_ms=seq // 1000,
            price=20_000.0 + 50 * rng.randrange(20),
            volume=rng.choice(VOLUMES),
            vendor_side=rng.choice(("buy", "buy", "sell")),
        )


def real_line(trade: Trade) -> bytes:
    """As iBoard's socket sends it."""
    side = "bu" if trade.vendor_side == "buy" else "sd"
    fields = (
        f"MAIN|L#{trade.symbol}|{trade.price:.0f}|{trade.volume}|668900|09:15:00|30350|{side}"
        f"|200|0.66|U|MAIN|{trade.ts_ms}\n"
    )
    return fields.encode()


def document_line(trade: Trade) -> bytes:
    """In the form of the owner's document."""
    side = "bu" if trade.vendor_side == "buy" else "sd"
    payload = (
        f"MAIN|L#{trade.symbol}|{trade.price / 1000:.2f}|{trade.volume}|0|0|0|{side}"
        f"|0|1|0|5|{trade.ts_ms}"
    )
    line = (
        '{"channel":"X:HOSE:BUSD","data":{"response":{"payloadData":"' + payload + '",'
        f'"messageType":"BUSD","timestamp":{trade.ts_ms}}}}}\n'
    )
    return line.encode()


def lanes(messages: list[MarketMessage]) -> list[list[MarketMessage]]:
    """The partitions of `market`: broadcasts are in all."""
    found: list[list[MarketMessage]] = [[] for _ in range(PARTITIONS)]
    for message in messages:
        wide = message.symbol == BROADCAST
        where = range(PARTITIONS) if wide else [partition(routing_key(message.symbol), PARTITIONS)]
        for number in where:
            found[number].append(message)
    return found
