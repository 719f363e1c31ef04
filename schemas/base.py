"""What every message of every typed topic shares."""

from typing import Annotated, Literal

import msgspec

Seq = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
"""
Order within a venue, also its receive time in µs since the epoch (design §2). Bounded so that
it is exact in JavaScript and fits a bigint: a message beyond is bad data.
"""

Volume = int | float
"""Shares, contracts or coins. Integers on Vietnamese venues, fractions on crypto ones."""

Level = tuple[float, Volume]
"""One price level of a book: price in the quote unit, resting volume."""

Side = Literal["buy", "sell"]
"""The aggressor: who crossed the spread."""

Board = Literal["main", "odd_lot", "put_through"]

Phase = Literal[
    "pre_open",
    "ato",
    "continuous",
    "break",
    "atc",
    "plo",
    "periodic",
    "put_through",
    "closed",
    "halted",
]
"""The phases of a trading day. ato and atc are the opening and closing auctions, plo is
post-close trading at the closing price, periodic is repeated call auctions."""

Venue = Literal["VN", "BN", "BNF", "BNC"]
"""VN: HOSE, HNX, UPCoM and derivatives. BN, BNF, BNC: Binance spot, USD-M, COIN-M."""

BROADCAST = "*"
"""The symbol of a message that concerns a venue or an exchange, not one instrument."""


class Message(
    msgspec.Struct, tag_field="type", frozen=True, kw_only=True, omit_defaults=True, gc=False
):
    """
    Head of every message of `market`; a wire message is a tagged subclass.

    Fields equal to their default are left out on the wire; unknown fields are ignored.
    `seq` orders a venue (design §2) and is the receive time in µs since the epoch, or
    up to some µs more. `ts_ms` is the exchange's time in ms since the epoch, UTC; where
    the vendor gives none it is `seq // 1000` and `ts_source` says "receive".
    """

    symbol: str
    feed: str
    seq: Seq
    ts_ms: int
    ts_source: Literal["exchange", "receive"] = "exchange"


class Derived(msgspec.Struct, tag_field="type", frozen=True, kw_only=True, gc=False):
    """
    Head of every message of a derived topic; every field is written, null where unknown.

    `part` numbers the outputs that one input gave for one stream, from 0;
    `(seq, part)` strictly increases within a stream.
    """

    symbol: str
    feed: str
    seq: Seq
    ts_ms: int
    part: int = 0
