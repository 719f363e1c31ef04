"""`trades-classified`: every trade of `market` exactly once, with its aggressor."""

from typing import Literal

from schemas.base import Board, Derived, Phase, Side, Volume
from schemas.market import Clock, Gap, Status

Aggressor = Literal["buy", "sell", "neutral", "unknown"]
"""neutral: an auction, put-through or odd-lot print has no aggressor. unknown: nobody can say."""


class TradeClassified(Derived, frozen=True, kw_only=True, gc=False, tag="trade_classified"):
    """
    A trade and who crossed the spread.

    `side` is `vendor_side` where the vendor gives one, else `inferred_side`; neutral where
    an aggressor is undefined. `inferred_side` never looks at the flag. `rule` names what
    decided `inferred_side`; `confidence` is the probability (0..1) that it is right, from a
    fixed table; both null when `inferred_side` is. `seq` is the trade's.
    """

    price: float
    volume: Volume
    side: Aggressor
    rule: str | None
    vendor_side: Side | None
    inferred_side: Side | None
    confidence: float | None
    phase: Phase
    board: Board
    trade_id: str | None = None
    total_volume: Volume | None = None
    reference: float | None = None
    ceiling: float | None = None
    floor: float | None = None


TradesClassifiedMessage = TradeClassified | Clock | Gap | Status
