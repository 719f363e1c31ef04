"""
The uncross of a call auction.

The price is the one at which most can be executed; of several, the one that leaves least on
one side; of several, the nearest to the reference; of two, the higher.
"""

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple


class Uncross(NamedTuple):
    """`price` is an index of the ladder, `volume` what is executed there, more than 0."""

    price: int
    volume: int


def uncross(
    bids: Sequence[int],
    asks: Sequence[int],
    market_bids: int,
    market_asks: int,
    reference: int,
) -> Uncross | None:
    """
    What an auction would give now; None when nothing can be executed.

    Args:
        bids, asks: volumes of limit orders by price, ascending.
        market_bids, market_asks: volumes of ATO or ATC orders, good at any price.
        reference: index of the price that ties go to.
    """
    demand = list(accumulate(reversed(bids), initial=market_bids))[:0:-1]
    supply = list(accumulate(asks, initial=market_asks))[1:]
    volumes = list(map(min, demand, supply))
    most = max(volumes)
    if not most:
        return None
    price = min(
        (price for price, volume in enumerate(volumes) if volume == most),
        key=lambda p: (abs(demand[p] - supply[p]), abs(p - reference), -p),
    )
    return Uncross(price, most)
