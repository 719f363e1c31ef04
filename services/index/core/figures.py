"""What step 2 remembers of the market, and the sums it keeps of each scope."""

import msgspec

from schemas.base import Phase
from schemas.market_partials import Share
from schemas.market_summary import Leader, Scope
from services.index.core.fit import Fit

(
    MEMBERS, ADVANCES, DECLINES, UNCHANGED, CEILINGS, FLOORS, NOT_TRADED, UNPRICED,
    TOTAL_VOLUME, TOTAL_VALUE, UNVALUED,
    FOREIGN_BUY_VOLUME, FOREIGN_BUY_VALUE, FOREIGN_SELL_VOLUME, FOREIGN_SELL_VALUE,
    BUY_VOLUME, BUY_VALUE, SELL_VOLUME, SELL_VALUE, UNKNOWN_VOLUME,
) = range(20)  # fmt: skip
COLUMNS = 20
"""Of the sums: whole numbers, so what was added is taken off again exactly."""


def figures(share: Share) -> list[int]:
    """What one share adds to each of its scopes."""
    last, reference = share.last, share.reference
    traded, priced = last is not None, last is not None and reference is not None
    return [
        1,
        int(priced and last > reference),  # type: ignore[operator]  # priced: both are there
        int(priced and last < reference),  # type: ignore[operator]
        int(priced and last == reference),
        int(priced and last == share.ceiling),
        int(priced and last == share.floor),
        int(not traded),
        int(traded and not priced),
        share.total_volume, share.total_value, int(share.unvalued),
        share.foreign_buy_volume, share.foreign_buy_value,
        share.foreign_sell_volume, share.foreign_sell_value,
        share.buy_volume, share.buy_value, share.sell_volume, share.sell_value,
        share.unknown_volume,
    ]  # fmt: skip


class ScopeState(msgspec.Struct, array_like=True):
    """`shown`: the sums that were published last."""

    scope: Scope
    sums: list[int]
    shown: list[int] | None = None


class IndexState(msgspec.Struct, array_like=True):
    """
    One index that has a basket.

    Attributes:
        members: in the basket's order, which is that of all lists beside it.
        fractions: shares x free float x cap of each member, null unless the file says all.
        fit: the weights as learned so far; always, also beside the file's.
        prior, published, published_ts_ms, published_expected, phase: of today.
        unsettled: `(ts_ms, value)` of published values whose late prints may still come.
        error, error_ts_ms: of the last that settled.
        changed: something was said since the last second was closed.
        shown: digest of the estimate published last.
    """

    symbol: str
    effective_date: str
    members: list[str]
    fractions: list[float] | None
    fit: Fit
    prior: float | None = None
    published: float | None = None
    published_ts_ms: int | None = None
    published_expected: float | None = None
    phase: Phase | None = None
    unsettled: list[tuple[int, float]] = []
    error: float | None = None
    error_percent: float | None = None
    error_ts_ms: int | None = None
    changed: bool = True
    shown: bytes = b""


class Market(msgspec.Struct, array_like=True):
    """
    The market at a second.

    Attributes:
        day: local day, see `schemas.days`; -1 before the first.
        shares: those of today, by symbol.
        scopes: by name, in the order in which they came.
        paths: of members of indices, `[ts_ms, price]` ascending: the last before what is not
            settled yet, and all since.
        leading: the four lists of leaders: foreign buyers and sellers, active ones.
        stale: of the foreign and the active ones: whether they must be made anew.
    """

    day: int = -1
    shares: dict[str, Share] = {}
    scopes: dict[str, ScopeState] = {}
    indices: dict[str, IndexState] = {}
    paths: dict[str, list[tuple[int, float]]] = {}
    leading: list[list[Leader]] = msgspec.field(default_factory=lambda: [[], [], [], []])
    stale: list[bool] = msgspec.field(default_factory=lambda: [False, False])
