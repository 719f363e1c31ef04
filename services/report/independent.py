"""
Counts and sums straight from a recording's files: plain JSON, none of our decoders.

One side of the reconciliation; it shares no code with ingest on purpose.
"""

import gzip
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

SCALE = 10**8
"""Volumes of coins are summed as integers, eight decimals (design §4)."""


def digest(value: bytes) -> int:
    """64 bits of a value; sums of them compare two sets of records whatever their order."""
    return int.from_bytes(hashlib.blake2b(value, digest_size=8).digest(), "big")


@dataclass(slots=True)
class Trades:
    """Trades of one symbol: count, volume x 10⁸, and how many the vendor calls buys."""

    count: int = 0
    volume_e8: int = 0
    buys: int = 0

    def add(self, volume: str, buy: bool) -> None:
        """One trade."""
        self.count += 1
        self.volume_e8 += int(Decimal(volume) * SCALE)
        self.buys += buy

    def figures(self) -> tuple[int, int, int]:
        """For a comparison."""
        return self.count, self.volume_e8, self.buys


@dataclass(slots=True)
class Recording:
    """
    What the files hold.

    Attributes:
        lines: (venue, kind) -> vendor messages, as in `("BN", "bookTicker")`.
        digests: venue -> sum of the digests of all messages, modulo 2⁶⁴.
        trades: symbol -> distinct market trades.
        quotes, deltas: symbol -> best-quote changes and depth updates, repeats left out.
    """

    lines: Counter[tuple[str, str]] = field(default_factory=Counter)
    digests: Counter[str] = field(default_factory=Counter)
    trades: dict[str, Trades] = field(default_factory=lambda: defaultdict(Trades))
    quotes: Counter[str] = field(default_factory=Counter)
    deltas: Counter[str] = field(default_factory=Counter)
    _seen: set[tuple[str, int]] = field(default_factory=set)
    _snapshots: dict[str, int] = field(default_factory=dict)
    _last: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, venue: str, value: bytes) -> None:
        """One vendor message of a venue."""
        self.digests[venue] = (self.digests[venue] + digest(value)) % 2**64
        message: dict[str, Any] = json.loads(value)
        if "lastUpdateId" in message:
            self._snapshot(venue, message["lastUpdateId"])
            return
        kind = message["stream"].split("@")[1]
        self.lines[venue, kind] += 1
        data = message["data"]
        symbol = f"{data['s']}.{venue}"
        if kind == "trade":
            self._trade(symbol, data)
        elif kind == "bookTicker" and self._newer(symbol, kind, data["u"]):
            self.quotes[symbol] += 1
        elif kind == "depth" and not self._before_snapshot(venue, data["u"]):
            self.deltas[symbol] += self._newer(symbol, kind, data["u"])

    def _snapshot(self, venue: str, number: int) -> None:
        """A REST reply of the whole book; it names no symbol, a capture has one a venue."""
        self.lines[venue, "depthSnapshot"] += 1
        self._snapshots[venue] = number

    def _before_snapshot(self, venue: str, number: int) -> bool:
        """Binance: after a snapshot drop u <= its id (spot), u < its id (futures)."""
        at = self._snapshots.get(venue, -1)
        return number < at or (venue == "BN" and number == at)

    def _trade(self, symbol: str, data: dict[str, Any]) -> None:
        if data.get("X", "MARKET") == "MARKET" and (symbol, data["t"]) not in self._seen:
            self._seen.add((symbol, data["t"]))
            self.trades[symbol].add(data["q"], not data["m"])

    def settle(self) -> None:
        """At the end: a venue's snapshot is one more book delta of its symbol."""
        for symbol in self.deltas:
            self.deltas[symbol] += symbol.rpartition(".")[2] in self._snapshots

    def _newer(self, symbol: str, kind: str, number: int) -> bool:
        if number <= self._last.get((symbol, kind), -1):
            return False
        self._last[symbol, kind] = number
        return True


def lines(path: Path) -> Iterator[bytes]:
    """The vendor messages of one file of `<receive ns> <raw JSON>` lines."""
    with gzip.open(path) as file:
        for line in file:
            yield line.rstrip(b"\n").partition(b" ")[2]


def count(manifest: Path) -> Recording:
    """Everything in the files that a manifest names."""
    recording = Recording()
    for entry in json.loads(manifest.read_text())["files"]:
        for value in lines(manifest.parent / entry["path"]):
            recording.add(entry["venue"], value)
    recording.settle()
    return recording
