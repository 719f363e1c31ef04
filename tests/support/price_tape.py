"""Synthetic input for the board: whole symbols of two exchanges, an index, clocks and statuses."""

import random
from collections.abc import Iterator
from typing import Any

from schemas.base import BROADCAST, Phase
from schemas.market import (
    Auction,
    Basket,
    Clock,
    Day,
    Foreign,
    Index,
    Instrument,
    MarketMessage,
    Member,
    Quote,
    Status,
    Trade,
)

START = 1_784_512_800_000_001
"""Just after 09:00 at UTC+7 on Monday, 20 July 2026."""
SECOND = 1_000_000
PHASES: tuple[Phase, ...] = ("ato", "continuous", "break", "continuous", "atc", "plo", "closed")
PHASE_US = 3 * SECOND


def price_messages(symbols: int, seed: int, step_us: int = 97) -> Iterator[MarketMessage]:
    """
    Without end: the day's image, then quotes, trades and their like, `step_us` apart.

    A clock at each whole second, a status of both exchanges each 3 s, an index value each
    second.
    """
    rng = random.Random(seed)
    names = [f"S{n:04d}" for n in range(symbols)]
    totals = dict.fromkeys(names, 0)
    seq = START
    for name in names:
        yield _instrument(name, seq)
        seq += 1
    yield Basket(
        **_head("VN30", seq),
        members=[Member(name) for name in names[:30]],
        effective_date="2026-02-02",
        source="test",
    )
    while True:
        before, seq = seq, seq + step_us
        seq += seq % SECOND == 0
        if seq // SECOND > before // SECOND:
            at = seq // SECOND * SECOND
            yield Clock(**_head(BROADCAST, at), venue="VN")
            for message in _each_second(at, rng):
                seq = max(seq, message.seq + 1)
                yield message
        yield _any(rng, rng.choice(names), seq, totals)


def _head(symbol: str, seq: int) -> dict[str, Any]:
    return {"symbol": symbol, "feed": "test", "seq": seq, "ts_ms": seq // 1000}


def _exchange(name: str) -> str:
    return "HNX" if name.endswith(("7", "8", "9")) else "HOSE"


def _instrument(name: str, seq: int) -> Instrument:
    prices = {"reference": 30350.0, "ceiling": 32450.0, "floor": 28250.0}
    about = {"venue": "VN", "exchange": _exchange(name), "kind": "stock"}
    return Instrument(**_head(name, seq), **about, **prices)


def _each_second(at: int, rng: random.Random) -> Iterator[MarketMessage]:
    yield Index(**_head("VN30", at + 1), value=round(1876 + rng.random(), 2), prior=1876.5)
    if at // SECOND % (PHASE_US // SECOND) == 0:
        phase = PHASES[at // PHASE_US % len(PHASES)]
        for number, exchange in enumerate(("HOSE", "HNX")):
            head = _head(BROADCAST, at + 2 + number)
            yield Status(**head, venue="VN", exchange=exchange, phase=phase)


def _any(rng: random.Random, name: str, seq: int, totals: dict[str, int]) -> MarketMessage:
    head, kind = _head(name, seq), rng.random()
    price = 28250.0 + 50 * rng.randrange(84)
    if kind < 0.5:
        bids = [(price - 50 * n, rng.randrange(1, 900) * 100) for n in range(3)]
        asks = [(price + 50 * (n + 1), rng.randrange(1, 900) * 100) for n in range(3)]
        return Quote(**head, bids=bids, asks=asks)
    if kind < 0.9:
        volume = rng.randrange(1, 100) * 100
        totals[name] += volume
        total = totals[name]
        return Trade(
            **head,
            price=price,
            volume=volume,
            total_volume=total,
            total_value=30000.0 * total,
            vendor_side=(None, "buy", "sell")[volume // 100 % 3],
        )
    if kind < 0.94:
        return Foreign(**head, buy_volume=totals[name] // 3, sell_volume=0, current_room=10**6)
    if kind < 0.97:
        return Day(**head, high=price, low=28250.0, total_volume=totals[name])
    if kind < 0.99:
        phase: Phase = rng.choice(("ato", "atc"))
        return Auction(**head, phase=phase, expected_price=price, expected_volume=100)
    halted: Phase = rng.choice(("halted", "continuous"))
    return Status(**head, venue="VN", exchange=_exchange(name), phase=halted, trading_status="H")
