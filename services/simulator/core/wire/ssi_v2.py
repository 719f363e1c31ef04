"""
SSI FastConnect v2's messages, as the hub broadcasts them. Times are whole seconds, numbers are
floats, prices are indices of the instrument's ladder.
"""

from collections.abc import Sequence
from typing import NamedTuple

from services.simulator.core.book import Side
from services.simulator.core.day import Day
from services.simulator.core.prices import TENTHS, Ladder
from services.simulator.core.universe import Instrument
from services.simulator.core.wire.ssi_v2_forms import HOSE_LEVELS, LEVELS, NOTHING, forms

CHANNELS = ("F", "X-TRADE", "X-QUOTE", "X", "R", "MI", "B", "OL")


class Last(NamedTuple):
    """
    A symbol's trading so far, after its newest print; prices None before the first.

    `value` is in VND; `expected` is an auction's estimate, None without one.
    """

    open: int | None = None
    high: int | None = None
    low: int | None = None
    price: int | None = None
    volume: int = 0
    total_volume: int = 0
    value: int = 0
    expected: int | None = None


class Writer:
    """Writes the messages of one instrument; `levels` is how many of a book it shows."""

    def __init__(self, instrument: Instrument, ladder: Ladder, day: Day) -> None:
        self.levels = HOSE_LEVELS if instrument.exchange == "HOSE" else LEVELS
        self._forms = forms(instrument, day, self.levels)
        self._texts, self._prices = ladder.texts, ladder.prices
        self._future = instrument.kind == "future"
        self._reference = instrument.reference
        self._changes: dict[int, tuple[str, str]] = {}

    def half(self, name: str, side: Side) -> str:
        """The best levels of one side, as a part of `quote` and `both`; `name` is Ask or Bid."""
        at = side.levels(self.levels)
        volume = side.volume
        return self.half_of(name, at, [volume[price] for price in at])

    def half_of(self, name: str, at: Sequence[int], volumes: Sequence[int]) -> str:
        """The same of prices and their volumes, best first, at most `levels`."""
        form = self._forms.asks if name == "Ask" else self._forms.bids
        texts, missing = self._texts, self.levels - len(at)
        if not missing:
            return form % (*[texts[price] for price in at], *volumes)
        rest = [NOTHING] * missing
        return form % (*[texts[price] for price in at], *rest, *volumes, *[0] * missing)

    def quote(self, time: str, session: str, asks: str, bids: str) -> str:
        """X-QUOTE; `asks` and `bids` as of `half`."""
        return self._forms.quote % (time, asks, bids, session)

    def trade(self, time: str, session: str, status: str, last: Last, side: str) -> str:
        """X-TRADE; `side` is BU, SD or empty."""
        high, low = self._price(last.high), self._price(last.low)
        figures = self._figures(time, session, status, last)
        return self._forms.trade % (*figures, high, low, _side(side))

    def both(
        self, time: str, session: str, status: str, last: Last, side: str, asks: str, bids: str
    ) -> str:
        """X: the figures and the book in one."""
        prices = (last.open, last.high, last.low, last.price)
        figures = self._figures(time, session, status, last)
        return self._forms.both % (*figures, _side(side), asks, bids, *map(self._price, prices))

    def bar(self, time: str, price: int, volume: int) -> str:
        """B: one fill."""
        return self._forms.bar % (time, *[self._texts[price]] * 4, volume)

    def foreign(self, time: str, numbers: tuple[int, int, int, int, int, int]) -> str:
        """R: total and current room, volumes bought and sold, values bought and sold."""
        return self._forms.foreign % (time, *numbers)

    def status(self, time: str, session: str, status: str) -> str:
        """F."""
        return self._forms.status % (time, session, status)

    def odd_lot(
        self, time: str, session: str, status: str, last: Last, asks: Sequence[tuple[int, int]],
        bids: Sequence[tuple[int, int]],
    ) -> str:  # fmt: skip
        """OL of a board that has traded; asks and bids are prices in VND and volumes."""
        levels = ",".join(
            f'"{name}{what}{n + 1}":{found[n][field] if n < len(found) else 0}'
            for name, found in (("Bid", bids), ("Ask", asks))
            for field, what in enumerate(("Price", "Vol"))
            for n in range(HOSE_LEVELS)
        )
        opened, high, low, price = (
            0 if at is None else self._prices[at]
            for at in (last.open, last.high, last.low, last.price)
        )
        change = price - self._reference
        return self._forms.odd_lot % (
            time, opened, high, low, price, last.volume, last.value, last.total_volume, levels,
            session, status, change, round(change / self._reference * 100, 2),
        )  # fmt: skip

    def _figures(self, time: str, session: str, status: str, last: Last) -> tuple[object, ...]:
        volume, price = last.total_volume, last.price
        average = NOTHING
        if volume:
            # A future's is VND a contract, in the middle of points: SSI's quirk.
            each = last.value / volume
            average = repr(each if self._future else round(each, 3))
        text, change, ratio = NOTHING, NOTHING, NOTHING
        if price is not None:
            text = self._texts[price]
            change, ratio = self._changes.get(price) or self._change(price)
        return (
            time, average, text, last.volume, last.value, volume, session, status, change, ratio,
            self._price(last.expected),
        )  # fmt: skip

    def _change(self, price: int) -> tuple[str, str]:
        now, before = float(self._prices[price]), float(self._reference)
        if self._future:
            now, before = now / TENTHS, before / TENTHS
        found = repr(now - before), repr(round((now - before) / before * 100, 2))
        self._changes[price] = found
        return found

    def _price(self, price: int | None) -> str:
        return NOTHING if price is None else self._texts[price]


def _side(side: str) -> str:
    return f'\\"{side}\\"' if side else "null"
