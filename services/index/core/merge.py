"""Step 2: the partials of all partitions in; the market at each second out."""

import msgspec

from schemas.days import day_of, iso
from schemas.index_estimates import IndexEstimate
from schemas.market_partials import MarketPartial
from schemas.market_summary import MarketLeaders, MarketSummary
from schemas.topics import MARKET
from services.index.core import estimate, leaders, summary
from services.index.core.figures import Market
from services.index.core.reduce import VENUE

Output = IndexEstimate | MarketSummary | MarketLeaders

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(MarketPartial).decode


class MergeState(msgspec.Struct, array_like=True):
    """
    Mutable state of the merge; `merge` alone changes it.

    Attributes:
        passed: the seq up to which each partition of `market` is known; -1: nothing yet.
        waiting: seq -> partials with something in them, encoded: after an outage one partition
            may be hours ahead of another, and bytes cost a snapshot nothing.
        market: as it stood at the last second that all had passed.
    """

    passed: list[int]
    waiting: dict[int, list[bytes]] = {}
    market: Market = msgspec.field(default_factory=Market)


def initial(_venue: str) -> MergeState:
    """The state before any partial."""
    return MergeState([-1] * MARKET.partitions)


def merge(state: MergeState, message: object) -> list[Output]:
    """
    Take one partial; the seconds that all partitions have passed with it come out, in order.

    What comes out is a function of the partials alone, not of which came last: of a second they
    are taken by the number of their partition. A gap (an accepted loss) changes nothing: a
    partition has passed a second when anything later of it is there.
    """
    if not isinstance(message, MarketPartial):
        return []
    state.passed[message.partition] = message.seq
    there = state.waiting.setdefault(message.seq, [])
    if message.shares or message.indices or message.baskets:
        there.append(_encode(message))
    floor = min(state.passed)
    if floor < message.seq and floor not in state.waiting:
        return []
    outputs: list[Output] = []
    for seq in sorted(seq for seq in state.waiting if seq <= floor):
        partials = [_decode(each) for each in state.waiting.pop(seq)]
        outputs += _second(state.market, seq, sorted(partials, key=lambda p: p.partition))
    return outputs


def _second(market: Market, seq: int, partials: list[MarketPartial]) -> list[Output]:
    """All that came before the clock `seq` and after the one before it."""
    day = day_of(seq - 1, VENUE)
    if day != market.day:
        market.day = day
        summary.begin_day(market)
        estimate.begin_day(market)
        leaders.begin_day(market)
    for partial in partials:
        for share in partial.shares:
            leaders.take(market, market.shares.get(share.symbol), share)
            summary.take(market, share)
            estimate.take_share(market, share)
    for partial in partials:
        for basket in partial.baskets:
            summary.take_basket(market, basket)
            estimate.take_basket(market, basket)
        for published in partial.indices:
            estimate.take_published(market, published)
    outputs: list[Output] = list(estimate.close(market, seq, iso(day)))
    outputs += summary.close(market, seq, iso(day))
    outputs += leaders.close(market, seq, iso(day))
    return outputs
