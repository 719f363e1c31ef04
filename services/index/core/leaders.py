"""Who is bought and sold most, on balance."""

from collections.abc import Callable, Iterable
from heapq import nsmallest

from schemas.market_partials import Share
from schemas.market_summary import Leader, MarketLeaders
from services.index.core.figures import Market
from services.index.core.reduce import FEED, VENUE

COUNT = 10
_PART = 1
"""Behind the venue's summary of the same second."""


def begin_day(market: Market) -> None:
    """Nobody leads."""
    market.stale = [True, True]


def take(market: Market, before: Share | None, share: Share) -> None:
    """A share's day in place of `before`: do lists change by it?"""
    for which, net in enumerate(_NETS):
        now = net(share)
        if now == (net(before) if before is not None else (0, 0)) or market.stale[which]:
            continue
        buyers, sellers = market.leading[2 * which : 2 * which + 2]
        market.stale[which] = (
            (len(buyers) < COUNT or now[0] >= buyers[-1].net_value)
            or (len(sellers) < COUNT or now[0] <= sellers[-1].net_value)
            or any(one.symbol == share.symbol for one in (*buyers, *sellers))
        )


def close(market: Market, seq: int, day: str) -> list[MarketLeaders]:
    """The four lists, when one of them has changed."""
    lists = [*market.leading]
    for which, net in enumerate(_NETS):
        if market.stale[which]:
            lists[2 * which : 2 * which + 2] = _both(market.shares.values(), net)
    market.stale = [False, False]
    if lists == market.leading:
        return []
    market.leading = lists
    return [
        MarketLeaders(
            symbol=VENUE,
            feed=FEED,
            seq=seq,
            ts_ms=seq // 1000,
            part=_PART,
            venue=VENUE,
            day=day,
            foreign_buyers=lists[0],
            foreign_sellers=lists[1],
            active_buyers=lists[2],
            active_sellers=lists[3],
        )
    ]


def _foreign(share: Share) -> tuple[int, int]:
    return (
        share.foreign_buy_value - share.foreign_sell_value,
        share.foreign_buy_volume - share.foreign_sell_volume,
    )


def _active(share: Share) -> tuple[int, int]:
    return share.buy_value - share.sell_value, share.buy_volume - share.sell_volume


_NETS = (_foreign, _active)
"""What is bought less what is sold: value, then volume."""


def _both(
    shares: Iterable[Share], net: Callable[[Share], tuple[int, int]]
) -> tuple[list[Leader], list[Leader]]:
    """Those above 0 and those below, the largest first."""
    nets = [(*net(share), share.symbol) for share in shares]
    buyers = nsmallest(COUNT, ((-n[0], n[2], n[1]) for n in nets if n[0] > 0))
    sellers = nsmallest(COUNT, ((n[0], n[2], n[1]) for n in nets if n[0] < 0))
    return (
        [Leader(symbol, volume, -value) for value, symbol, volume in buyers],
        [Leader(symbol, volume, value) for value, symbol, volume in sellers],
    )
