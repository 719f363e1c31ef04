"""What step 1 remembers of one partition of `market`."""

import msgspec

from schemas.base import Phase
from schemas.market import InstrumentKind
from schemas.market_partials import Constituents, Published


class Day(msgspec.Struct, array_like=True):
    """
    One share's day; fields as in `schemas.market_partials.Share`. A new day has a new one.

    Attributes:
        expected_phase: the auction that `expected` is of.
        valued: all of `total_volume` has a value.
        path: exchange time -> last price, of this second, in the order of the trades.
    """

    reference: float | None = None
    ceiling: float | None = None
    floor: float | None = None
    last: float | None = None
    expected: float | None = None
    expected_phase: Phase | None = None
    total_volume: int = 0
    total_value: int = 0
    valued: bool = True
    foreign_buy_volume: int = 0
    foreign_buy_value: int = 0
    foreign_sell_volume: int = 0
    foreign_sell_value: int = 0
    buy_volume: int = 0
    buy_value: int = 0
    sell_volume: int = 0
    sell_value: int = 0
    unknown_volume: int = 0
    path: dict[int, float] = {}


class ShareState(msgspec.Struct, array_like=True):
    """
    Mutable state of one symbol.

    Attributes:
        day: local day of `today`, see `schemas.days`.
        kind, exchange: null before an instrument said them.
    """

    symbol: str
    day: int
    kind: InstrumentKind | None = None
    exchange: str | None = None
    sector: str | None = None
    today: Day = msgspec.field(default_factory=Day)


class PartitionState(msgspec.Struct, array_like=True):
    """
    Mutable state of one venue in one partition of `market`; `step` alone changes it.

    Attributes:
        name: of the unit, `VN.3`.
        phases: exchange -> the phase that was broadcast last.
        changed: symbols that a message has touched since the last clock.
        indices, baskets: those that came since the last clock.
    """

    name: str
    phases: dict[str, Phase] = {}
    shares: dict[str, ShareState] = {}
    changed: dict[str, None] = {}
    indices: list[Published] = []
    baskets: list[Constituents] = []

    @property
    def venue(self) -> str:
        """Whose messages these are."""
        return self.name.partition(".")[0]

    @property
    def number(self) -> int:
        """Of the partition."""
        return int(self.name.partition(".")[2])


def initial(name: str) -> PartitionState:
    """The state before any message, of the unit `name`."""
    return PartitionState(name)
