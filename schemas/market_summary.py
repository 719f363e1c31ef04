"""`market-summary`: the whole market at one second: breadth, sums, and who leads."""

from typing import Literal

import msgspec

from schemas.base import Derived, Venue

Scope = Literal["market", "exchange", "index", "sector"]


class MarketSummary(Derived, frozen=True, kw_only=True, gc=False, tag="market_summary"):
    """
    Breadth and sums of some shares (kind `stock`) today; at most one a second, when it changed.

    advances + declines + unchanged + not_traded + unpriced = members, always.

    Attributes:
        symbol: the scope's name: `VN` (all), an exchange (HOSE), an index (VN30) or a sector in
            small letters (banks; `unknown`: nobody has told the share's).
        seq: of the venue's clock that closed the second: it holds all messages before it.
        ts_ms: `seq // 1000`: not the exchange's time.
        day: trading day, ISO, UTC+7.
        members: shares that the tape has named today.
        advances, declines, unchanged: by the last trade of the main board against the reference.
        ceilings, floors: of them (counted there too), those at a limit.
        not_traded: no trade of the main board yet today.
        unpriced: traded, but nobody has said the reference.
        total_volume, total_value: matched on the main board, as the vendor gives them; VND.
        unvalued: members with a volume whose value nobody knows; it is not in `total_value`.
        foreign_*: foreign investors' trading, VND; net is bought less sold.
        buy_*, sell_*: of prints outside auctions by the aggressor that the vendor named, VND.
        unknown_volume: of prints outside auctions without a named aggressor.
    """

    venue: Venue
    scope: Scope
    day: str
    members: int
    advances: int
    declines: int
    unchanged: int
    ceilings: int
    floors: int
    not_traded: int
    unpriced: int
    total_volume: int
    total_value: int
    unvalued: int
    foreign_buy_volume: int
    foreign_buy_value: int
    foreign_sell_volume: int
    foreign_sell_value: int
    foreign_net_volume: int
    foreign_net_value: int
    buy_volume: int
    buy_value: int
    sell_volume: int
    sell_value: int
    unknown_volume: int


class Leader(msgspec.Struct, frozen=True, gc=False):
    """A share in a list of leaders: net volume and net value (VND), bought less sold."""

    symbol: str
    net_volume: int
    net_value: int


class MarketLeaders(Derived, frozen=True, kw_only=True, gc=False, tag="market_leaders"):
    """
    The shares with the largest net values today, at most ten a list, the largest first; among
    equals by symbol. At most one a second, when it changed.

    Attributes:
        symbol: the venue, `VN`. `part` is 1: the venue's summary of the same second has 0.
        foreign_buyers, foreign_sellers: by foreign net value, above and below 0.
        active_buyers, active_sellers: by the value that buyers took of the book less that which
            sellers did, as the vendor named the aggressor.
    """

    venue: Venue
    day: str
    foreign_buyers: list[Leader]
    foreign_sellers: list[Leader]
    active_buyers: list[Leader]
    active_sellers: list[Leader]


MarketSummaryMessage = MarketSummary | MarketLeaders
