"""What `session-flow` remembers of a symbol's day: exact sums of volume, money and prints."""

from collections.abc import Collection
from typing import Final

import msgspec

from schemas.base import Phase, Volume

UNITS: Final = 10**8
"""Volumes are summed in integers of 1e-8 (design §4)."""

MOST: Final = 2**53
"""A volume beyond is damage and counts as this: a snapshot has integers of 64 bits."""


class Sum(msgspec.Struct, array_like=True, gc=False):
    """
    Volume, money and number of some prints.

    Whole shares or coins and parts (of 1e-8) are apart: a day of a coin of little worth is
    10^13 of them, which is beyond 64 bits in units.
    """

    whole: int = 0
    parts: int = 0
    value: float = 0.0
    count: int = 0

    def add(self, volume: Volume) -> None:
        """Add a volume, to the nearest 1e-8."""
        if type(volume) is int:
            self.whole += volume
        else:
            whole = int(volume)
            self.whole += whole
            self.parts += round((volume - whole) * UNITS)

    def add_units(self, units: int) -> None:
        """Add a volume given in units."""
        whole, parts = divmod(units, UNITS)
        self.whole += whole
        self.parts += parts

    @property
    def units(self) -> int:
        """The volume in units of 1e-8."""
        return self.whole * UNITS + self.parts

    @property
    def volume(self) -> Volume:
        """The volume as it goes on the wire."""
        return volume(self.units) if self.parts else self.whole

    def take(self, other: "Sum") -> None:
        """Add another sum."""
        self.whole += other.whole
        self.parts += other.parts
        self.value += other.value
        self.count += other.count


class PhaseFlow(msgspec.Struct, array_like=True):
    """
    One phase of the day.

    Attributes:
        missed: what no print covers.
        valued: of no print the multiplier was unknown.
        complete: of nothing that was missed the value is unknown.
        changed: since it was published.
    """

    buy: Sum = msgspec.field(default_factory=Sum)
    sell: Sum = msgspec.field(default_factory=Sum)
    neutral: Sum = msgspec.field(default_factory=Sum)
    unknown: Sum = msgspec.field(default_factory=Sum)
    missed: Sum = msgspec.field(default_factory=Sum)
    valued: bool = True
    complete: bool = True
    changed: bool = False

    @property
    def told(self) -> int:
        """Volume of the prints whose side is told, in units."""
        return self.buy.units + self.sell.units + self.neutral.units

    @property
    def prints(self) -> int:
        """Volume of all prints, in units."""
        return self.told + self.unknown.units


class DayFlow(msgspec.Struct, array_like=True):
    """
    One trading day.

    Attributes:
        day: days since the epoch at the venue; -1 before the first message.
        phases: those with prints, in the order in which they came.
        last: phase of the last print, empty before the first.
        total, total_value: the vendor's, of the last print; None where it gives none.
        announced: volume that gaps have said is missing, where a print has come since.
        missing, missing_value: what gaps have said since the last print.
        rank, settles_us, settled: how far the exchange is (flow.py), when that is sure, how
            far it surely is.
        feed: of the last print.
        changed: since its row was published.
    """

    day: int = -1
    phases: dict[Phase, PhaseFlow] = {}
    last: str = ""
    total: Volume | None = None
    total_value: float | None = None
    announced: Sum = msgspec.field(default_factory=Sum)
    missing: Volume = 0
    missing_value: float | None = 0.0
    rank: int = 0
    settles_us: int = 0
    settled: int = 0
    feed: str = ""
    changed: bool = False

    @property
    def counted(self) -> int:
        """Volume of all prints and of all that gaps announced, in units."""
        return sum(row.prints for row in self.phases.values()) + self.announced.units


def merged(phases: Collection[PhaseFlow]) -> PhaseFlow:
    """The sums of some phases; of one that one itself. Not to be changed."""
    if len(phases) == 1:
        (one,) = phases
        return one
    whole = PhaseFlow()
    for row in phases:
        whole.buy.take(row.buy)
        whole.sell.take(row.sell)
        whole.neutral.take(row.neutral)
        whole.unknown.take(row.unknown)
        whole.missed.take(row.missed)
        whole.valued &= row.valued
        whole.complete &= row.complete
    return whole


def units(volume: Volume) -> int:
    """A volume in units of 1e-8."""
    one = Sum()
    one.add(volume)
    return one.units


def volume(units: int) -> Volume:
    """A sum of units as it goes on the wire: an integer where it is one."""
    whole, parts = divmod(units, UNITS)
    return units / UNITS if parts else whole


def bounded(volume: Volume) -> Volume:
    """A volume that a state can hold."""
    return max(-MOST, min(MOST, volume))
