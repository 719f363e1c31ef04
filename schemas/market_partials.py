"""
`market-partials`: what one partition of `market` has to say of one second, for the merge.

Step 1 of the index service writes one at every clock of the Vietnamese venue and for every
partition, an empty one too: that is how the merge knows that the partition has passed the
second. `seq` is the clock's: it holds all messages before it. One partition, so that one worker
sees all of them; their order there between partitions of `market` is of no account.
"""

import msgspec

from schemas.base import Derived, Phase, Venue


class Share(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """
    The whole day so far of one share, when a message of that second was of it.

    Attributes:
        sector: null where nobody knows.
        reference, ceiling, floor: of the day; null before they are known.
        last: of the last trade of the main board today; null: none yet.
        expected: of the auction that is on, else null.
        total_volume, total_value: matched today, of the vendor's totals; VND.
        unvalued: it has a volume whose value nobody knows.
        foreign_*: foreign investors' trading today; VND.
        buy_*, sell_*: of prints outside auctions whose aggressor the vendor named; VND.
        unknown_volume: of prints outside auctions whose aggressor it did not name.
        path: `[ts_ms, price]`, ascending in time: the last price at each exchange time at which
            the share traded in this second.
    """

    symbol: str
    exchange: str
    sector: str | None = None
    reference: float | None = None
    ceiling: float | None = None
    floor: float | None = None
    last: float | None = None
    expected: float | None = None
    total_volume: int = 0
    total_value: int = 0
    unvalued: bool = False
    foreign_buy_volume: int = 0
    foreign_buy_value: int = 0
    foreign_sell_volume: int = 0
    foreign_sell_value: int = 0
    buy_volume: int = 0
    buy_value: int = 0
    sell_volume: int = 0
    sell_value: int = 0
    unknown_volume: int = 0
    path: list[tuple[int, float]] = []


class Published(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A value of an index as it was published, in points; `ts_ms` is the exchange's time."""

    symbol: str
    ts_ms: int
    value: float
    prior: float | None = None
    expected: float | None = None
    phase: Phase = "continuous"


class Constituent(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A member of an index; null what the dated file does not say."""

    symbol: str
    shares: int | None = None
    free_float: float | None = None
    cap: float | None = None


class Constituents(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """All members of an index (`symbol` is its id), as its basket said."""

    symbol: str
    effective_date: str
    members: list[Constituent] = []


class MarketPartial(Derived, frozen=True, kw_only=True, gc=False, tag="market_partial"):
    """
    One second of one partition.

    Attributes:
        symbol: the stream: venue and partition, as `VN.3`.
        seq: of the clock that ended the second; it may end a minute, where clocks are rare.
        partition: of `market`.
        shares: by symbol; kind `stock` only.
        indices: in the order in which they came.
        baskets: those that came; the last of an index counts.
    """

    venue: Venue
    partition: int
    shares: list[Share] = []
    indices: list[Published] = []
    baskets: list[Constituents] = []
