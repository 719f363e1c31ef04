"""What is counted of a recording."""

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache

SCALE = 10**8
"""Volumes of coins are summed as integers, eight decimals (design §4)."""

DayKey = tuple[str, str]
"""Symbol and trading day (ISO): the day on which it was received, in the venue's time."""

_EPOCH = date(1970, 1, 1).toordinal()
_VIETNAM_S = 7 * 3600
_DAY_S = 86_400


def day_key(symbol: str, venue: str, received_us: int) -> DayKey:
    """The key of what was received at `received_us`, µs since the epoch."""
    local_s = received_us // 1_000_000 + (_VIETNAM_S if venue == "VN" else 0)
    return symbol, _iso(local_s // _DAY_S)


@lru_cache(maxsize=1024)
def _iso(day: int) -> str:
    return date.fromordinal(_EPOCH + day).isoformat()


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
class SymbolDay:
    """
    One symbol on one day, as the vendor tells it.

    `total` is the vendor's own: the day's last volume in shares; where prints are numbered
    (crypto), how many ids passed. `volume_e8` is the sum of market trades x 10⁸; `others` are
    numbered prints that are no market trades.
    """

    total: int = 0
    volume_e8: int = 0
    repeats: int = 0
    others: int = 0
    price: float | None = None
    foreign: tuple[int, int] | None = None
    odd_lots: int | None = None


@dataclass(slots=True)
class Recording:
    """
    What the files hold.

    Attributes:
        lines: (venue, kind) -> vendor messages, as in `("BN", "bookTicker")`.
        digests: venue -> sum of the digests of all messages, modulo 2⁶⁴.
        trades: symbol -> distinct market trades.
        quotes, deltas, foreign, indices: symbol -> messages, repeats and stale ones left out.
        index_values: index -> its last value.
        days: each symbol-day at the end.
    """

    lines: Counter[tuple[str, str]] = field(default_factory=Counter)
    digests: Counter[str] = field(default_factory=Counter)
    trades: dict[str, Trades] = field(default_factory=lambda: defaultdict(Trades))
    quotes: Counter[str] = field(default_factory=Counter)
    deltas: Counter[str] = field(default_factory=Counter)
    foreign: Counter[str] = field(default_factory=Counter)
    indices: Counter[str] = field(default_factory=Counter)
    index_values: dict[str, float] = field(default_factory=dict)
    days: dict[DayKey, SymbolDay] = field(default_factory=lambda: defaultdict(SymbolDay))

    def day(self, symbol: str, venue: str, received_us: int) -> SymbolDay:
        """The symbol's day of a message, to be changed."""
        return self.days[day_key(symbol, venue, received_us)]

    def add_trade(
        self, symbol: str, venue: str, received_us: int, volume: str, *, buy: bool
    ) -> None:
        """One market trade."""
        trades = self.trades[symbol]
        before = trades.volume_e8
        trades.add(volume, buy)
        self.day(symbol, venue, received_us).volume_e8 += trades.volume_e8 - before
