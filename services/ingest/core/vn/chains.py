"""
Is this message the next one? Chains of a Vietnamese symbol, each of one trading day.

SSI numbers nothing, and true prints repeat to the letter, so the day's cumulative figures
tell. A message that fails never moves its chain.
"""

from typing import Literal

import msgspec

from services.ingest.core.quality import AGREEING, PriceGuard

LEAP = 200_000_000
"""A day's volume beyond twice the last plus this is no hole but a damaged number."""

PRICE_RATIO = 3.0
"""Of two prices within a day, either way; the widest band is 40 % (UPCoM, first day)."""

NOTHING_YET = -1
"""`ts_ms` of a chain that has seen no message of its day."""

Verdict = Literal["new", "duplicate", "no_volume", "stale", "leap", "broken"]


class VolumeChain(msgspec.Struct, gc=False):
    """
    The day's volume of a symbol, print after print: total[n] = total[n-1] + volume[n].

    `value` is VND, -1 where unknown; `price` and `volume` are the last print's, 0 before it.
    """

    day: int
    total: int
    value: float
    ts_ms: int
    price: float = 0.0
    volume: int = 0
    suspect: int = 0
    suspects: int = 0

    def judge(self, total: int, price: float, volume: int, ts_ms: int) -> Verdict:
        """
        What a print with the day's volume `total` after it is, of the chain's day.

        A run of `AGREEING` prints that chain with each other and not with this chain is
        believed: cancelled trades lower the day's volume. Where it goes back its prints must
        be later (`ts_ms`) than the chain's last: an auction that is told again, by a second
        connection or a hub that repeats, is a run that chains with itself, too.
        """
        grown = total - self.total
        if grown == 0:
            same = price == self.price and volume == self.volume
            return "duplicate" if same and volume else "no_volume"
        if grown >= volume and total <= 2 * self.total + LEAP:
            return "new"
        if grown < 0 and ts_ms <= self.ts_ms:
            return "stale"
        if self._agreed(total, volume):
            return "new"
        if grown < 0:
            return "stale"
        return "broken" if grown < volume else "leap"

    def accept(self, total: int, value: float, ts_ms: int, price: float, volume: int) -> None:
        """The chain moves to this print."""
        self.total, self.value, self.ts_ms = total, value, ts_ms
        self.price, self.volume = price, volume
        self.suspects = 0

    def _agreed(self, total: int, volume: int) -> bool:
        follows = self.suspects > 0 and total == self.suspect + volume
        self.suspects = self.suspects + 1 if follows else 1
        self.suspect = total
        return self.suspects >= AGREEING


class ForeignChain(msgspec.Struct, gc=False):
    """The day's foreign trading of a symbol; room goes up and down, volumes only up."""

    day: int
    buy: int
    sell: int
    ts_ms: int
    check: int
    suspect: tuple[int, int] = (0, 0)
    suspects: int = 0

    def judge(self, buy: int, sell: int, ts_ms: int, check: int) -> str:
        """
        `new`, `duplicate` (told by `check`, of the content), or `went_back`: believed when
        `AGREEING` in a row that are later than the last agree.
        """
        if buy < self.buy or sell < self.sell:
            if ts_ms <= self.ts_ms:
                return "went_back"
            last = self.suspect
            follows = self.suspects > 0 and buy >= last[0] and sell >= last[1]
            self.suspects = self.suspects + 1 if follows else 1
            self.suspect = (buy, sell)
            return "new" if self.suspects >= AGREEING else "went_back"
        return "duplicate" if check == self.check and ts_ms == self.ts_ms else "new"

    def accept(self, buy: int, sell: int, ts_ms: int, check: int) -> None:
        """The chain moves to this message."""
        self.buy, self.sell, self.ts_ms, self.check = buy, sell, ts_ms, check
        self.suspects = 0


class TimeChain(msgspec.Struct, gc=False):
    """A series in the order of its exchange times, which may repeat: quotes, index values."""

    day: int
    ts_ms: int
    check: int
    suspect: int = 0
    suspects: int = 0
    price: PriceGuard = msgspec.field(default_factory=PriceGuard)
    other: PriceGuard = msgspec.field(default_factory=PriceGuard)

    def judge(self, ts_ms: int, check: int) -> str:
        """`new`, `duplicate` (the last one again), or `stale`."""
        if ts_ms < self.ts_ms:
            follows = self.suspects > 0 and ts_ms >= self.suspect
            self.suspects = self.suspects + 1 if follows else 1
            self.suspect = ts_ms
            return "new" if self.suspects >= AGREEING else "stale"
        return "duplicate" if ts_ms == self.ts_ms and check == self.check else "new"

    def accept(self, ts_ms: int, check: int) -> None:
        """The chain moves to this message."""
        self.ts_ms, self.check, self.suspects = ts_ms, check, 0
