"""Messages for a partition, and one whose outputs are in a list."""

import dataclasses

import msgspec

from schemas.base import BROADCAST
from schemas.market import Clock, Gap, MarketMessage, Trade
from schemas.trades_classified import TradeClassified
from services.runtime.partition import Partition
from tests.support.counting import Counted, service
from tests.support.load import Output

T0 = 1_700_000_000_000_000


def trade(symbol: str, seq: int, volume: int = 100, price: float = 10.0) -> Trade:
    return Trade(symbol=symbol, feed="t", seq=seq, ts_ms=seq // 1000, price=price, volume=volume)


def clock(venue: str, second: int) -> Clock:
    at = T0 + second * 1_000_000
    return Clock(symbol=BROADCAST, feed="t", seq=at, ts_ms=at // 1000, venue=venue)


def gap(venue: str, seq: int) -> Gap:
    return Gap(
        symbol=BROADCAST, feed="t", seq=seq, ts_ms=seq // 1000, venue=venue, channel="x",
        cause="disconnect", from_ts_ms=0, to_ts_ms=1,
    )  # fmt: skip


class Bench:
    """A partition with its outputs in a list."""

    def __init__(self, strikes: frozenset[tuple[int, int]] = frozenset(), **changes: object):
        self.out: list[Output] = []
        kind = dataclasses.replace(service(), **changes)
        self.partition: Partition[Counted] = Partition(
            kind, {TradeClassified: self._sink}, [self._sink], strikes
        )

    def _sink(self, key: bytes, value: bytes) -> None:
        self.out.append((key, value))

    def run(self, *messages: MarketMessage, offset: int | None = None) -> list[object]:
        at = self.partition.next_offset if offset is None else offset
        return list(self.partition.run(at, messages))

    @property
    def said(self) -> list[tuple[str, str, int, int]]:
        """(type or rule, symbol, seq, part) of each output."""
        heads = [msgspec.json.decode(value) for _, value in self.out]
        return [(h.get("rule", h["type"]), h["symbol"], h["seq"], h.get("part", 0)) for h in heads]
