"""Classified trades and index values for the bars' tests, and a partition that takes them."""

from collections.abc import Iterable
from typing import Any

import msgspec

from schemas.bars import Bar
from schemas.base import BROADCAST
from schemas.market import Clock, Index
from schemas.trades_classified import TradeClassified
from services.orderflow.app import build
from services.orderflow.core.state import SymbolState
from services.orderflow.index_app import build as build_index
from services.runtime.partition import Partition
from services.runtime.service import Service
from services.runtime.settings import Settings

SECOND = 1_000_000
MIDNIGHT_MS = 1_784_480_400_000
"""Of Monday, 20 July 2026, at UTC+7."""
HPG = "HPG"


def at(clock: str) -> int:
    """Local time of the day of MIDNIGHT_MS, `9:15:03.250`, in ms since the epoch."""
    hours, minutes, seconds = (clock + ":0" * (2 - clock.count(":"))).split(":")
    return (
        MIDNIGHT_MS + int(hours) * 3_600_000 + int(minutes) * 60_000 + round(float(seconds) * 1000)
    )


def trade(
    ts_ms: int, price: float, volume: float, side: Any = "buy", **more: Any
) -> TradeClassified:
    """Received 200 ms after its time, unless `seq` says otherwise."""
    fields: dict[str, Any] = {
        "symbol": HPG, "feed": "ssi", "seq": ts_ms * 1000 + 200_001, "ts_ms": ts_ms,
        "price": price, "volume": volume, "side": side, "rule": None, "vendor_side": None,
        "inferred_side": None, "confidence": None, "phase": "continuous", "board": "main",
    }  # fmt: skip
    return TradeClassified(**fields | more)


def value(ts_ms: int, points: float, total: int | None, phase: Any = "continuous") -> Index:
    """A published value of VN30."""
    seq = ts_ms * 1000 + 200_001
    return Index(
        symbol="VN30",
        feed="ssi",
        seq=seq,
        ts_ms=ts_ms,
        value=points,
        total_volume=total,
        phase=phase,
    )


def clock(ts_ms: int, venue: str = "VN") -> Clock:
    """The first clock not before `ts_ms`."""
    seq = -(-ts_ms // 1000) * SECOND
    return Clock(symbol=BROADCAST, feed="ingest", seq=seq, ts_ms=seq // 1000, venue=venue)


class Bars:
    """One input partition, run by the pump's rules; `sent` is all it wrote."""

    def __init__(self, words: str = "1s,1m,5m,1h,1d", index: bool = False) -> None:
        settings = Settings(bars=words)
        self.service: Service[SymbolState] = (build_index if index else build)(settings)
        self.sent: list[bytes] = []
        self.state = self._new()

    def _new(self) -> Partition[SymbolState]:
        return Partition(self.service, {Bar: lambda _, value: self.sent.append(value)}, [])

    def take(self, *messages: Any) -> list[Bar]:
        """Give messages as one record; the bars that came out."""
        before = len(self.sent)
        assert self.state.run(self.state.next_offset, messages) == []
        return decoded(self.sent[before:])

    def restart(self) -> None:
        """Go on from the encoded state."""
        data, offset = self.state.encode(), self.state.next_offset
        self.state = self._new()
        self.state.restore(data, offset)

    def of(self, word: str) -> list[Bar]:
        """The newest message of each bar of an interval, in the order of their beginnings."""
        return [bar for bar in newest(self.sent) if bar.interval == word]


def decoded(values: Iterable[bytes]) -> list[Bar]:
    return [msgspec.json.decode(value, type=Bar) for value in values]


def name(bar: Bar) -> tuple[Any, ...]:
    return bar.symbol, bar.interval, bar.ts_ms, bar.phase, bar.number


def newest(values: Iterable[bytes]) -> list[Bar]:
    """What a table holds in the end."""
    held: dict[tuple[Any, ...], Bar] = {}
    for bar in decoded(values):
        old = held.get(name(bar))
        assert old is None or (bar.seq, bar.part) > (old.seq, old.part)
        held[name(bar)] = bar
    return sorted(held.values(), key=lambda bar: (bar.symbol, bar.ts_ms, bar.number))
