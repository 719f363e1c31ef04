"""The truth of one instrument's day: every print as it was, and what it sums up to."""

from array import array
from dataclasses import dataclass, field
from typing import Literal

PHASES = ("ato", "continuous", "atc", "plo", "put_through", "odd_lot")
Aggressor = Literal["buy", "sell", "neutral"]
AGGRESSORS: tuple[Aggressor, ...] = ("buy", "sell", "neutral")
BUY, SELL, NEUTRAL = range(3)
MAIN = ("ato", "continuous", "atc", "plo")
"""Phases whose prints are the main board's and make the vendor's total volume."""


@dataclass(slots=True)
class Flows:
    """Volume in units, value in VND."""

    volume: int = 0
    value: int = 0
    count: int = 0


@dataclass(slots=True)
class Foreign:
    """Foreign trading of the day, main board, put-through and odd lots; values in VND."""

    room: int = 0
    total_room: int = 0
    buy_volume: int = 0
    sell_volume: int = 0
    buy_value: int = 0
    sell_value: int = 0


@dataclass(slots=True)
class Ledger:
    """
    Prints in the order in which they were matched, one array a column.

    Attributes:
        quotes: how many quotes of the instrument stood before the print.
        flags: phase * 12 + aggressor * 4 + foreign buyer * 2 + foreign seller.
        flows: (phase, aggressor) -> sums.
        estimates: (time, phase, price, volume) of each auction estimate that was told.
    """

    times: "array[int]" = field(default_factory=lambda: array("q"))
    prices: "array[int]" = field(default_factory=lambda: array("q"))
    volumes: "array[int]" = field(default_factory=lambda: array("q"))
    quotes: "array[int]" = field(default_factory=lambda: array("q"))
    flags: "array[int]" = field(default_factory=lambda: array("b"))
    flows: dict[tuple[int, int], Flows] = field(default_factory=dict)
    foreign: Foreign = field(default_factory=Foreign)
    estimates: list[tuple[int, int, int, int]] = field(default_factory=list)

    def note(
        self, time: int, price: int, volume: int, value: int, quotes: int, phase: int,
        aggressor: int, buyer: int, seller: int,
    ) -> None:  # fmt: skip
        """One print; `value` in VND, `buyer` and `seller` 1 when foreign."""
        self.times.append(time)
        self.prices.append(price)
        self.volumes.append(volume)
        self.quotes.append(quotes)
        self.flags.append(phase * 12 + aggressor * 4 + buyer * 2 + seller)
        flows = self.flows.get((phase, aggressor))
        if flows is None:
            flows = self.flows[phase, aggressor] = Flows()
        flows.volume += volume
        flows.value += value
        flows.count += 1
        foreign = self.foreign
        if buyer:
            foreign.buy_volume += volume
            foreign.buy_value += value
        if seller:
            foreign.sell_volume += volume
            foreign.sell_value += value
            foreign.room += volume
