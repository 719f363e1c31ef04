"""
The call auction at one desk: ATO and ATC orders beside the book's.

They are good at any price and come after the limit orders that can be executed; what the
uncross leaves of them is cancelled. On the board they stand one step before the best limit
order, where a ladder has one.
"""

from typing import NamedTuple

from services.simulator.core.auction import Uncross, uncross
from services.simulator.core.book import Book, Order, Side


class Match(NamedTuple):
    """One print of an uncross; `buyer` and `seller` 1 when foreign."""

    price: int
    quantity: int
    buyer: int
    seller: int


Levels = tuple[list[int], list[int]]
"""Prices, best first, and their volumes."""


class Call:
    """The auction orders of one desk."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._buys: list[Order] = []
        self._sells: list[Order] = []

    def join(self, buys: bool, order: Order) -> None:
        """An ATO or ATC order."""
        (self._buys if buys else self._sells).append(order)

    def estimate(self, reference: int) -> Uncross | None:
        """What the auction would give now; ties go to `reference`."""
        book = self._book
        return uncross(
            book.bids.volume, book.asks.volume, _total(self._buys), _total(self._sells), reference
        )

    def uncross(self, reference: int) -> tuple[list[Match], int]:
        """End the auction: its prints, and the foreign buyers' volume that is cancelled."""
        found = self.estimate(reference)
        matches: list[Match] = []
        buys, sells = self._buys, self._sells
        if found is not None:
            bought = _executed(self._book.bids, buys, found)
            sold = _executed(self._book.asks, sells, found)
            matches = _paired(bought, sold, found.price)
        self._buys, self._sells = [], []
        return matches, _cancelled(buys)

    def shown(self, levels: int, anchor: int) -> tuple[Levels, Levels]:
        """Asks and bids as the board shows them; `anchor` is the price of an empty side."""
        return (
            _shown(self._book.asks, _total(self._sells), levels, anchor),
            _shown(self._book.bids, _total(self._buys), levels, anchor),
        )


def _total(orders: list[Order]) -> int:
    return sum(order >> 1 for order in orders)


def _executed(side: Side, market: list[Order], found: Uncross) -> list[tuple[int, int]]:
    """(quantity, foreign) in the order of priority; takes them out of `side` and `market`."""
    fills = [(fill.quantity, fill.resting_foreign) for fill in side.take(found.price, found.volume)]
    left = found.volume - sum(quantity for quantity, _ in fills)
    while left:
        order = market[0]
        size = min(order >> 1, left)
        fills.append((size, order & 1))
        left -= size
        if size == order >> 1:
            del market[0]
        else:
            market[0] = order - size * 2
    return fills


def _cancelled(buys: list[Order]) -> int:
    return sum(order >> 1 for order in buys if order & 1)


def _paired(bought: list[tuple[int, int]], sold: list[tuple[int, int]], price: int) -> list[Match]:
    matches = []
    sellers = iter(sold)
    left, seller = 0, 0
    for wanted, buyer in bought:
        while wanted:
            if not left:
                left, seller = next(sellers)
            size = min(wanted, left)
            matches.append(Match(price, size, buyer, seller))
            wanted -= size
            left -= size
    return matches


def _shown(side: Side, market: int, count: int, anchor: int) -> Levels:
    at = side.levels(count)
    volumes = [side.volume[price] for price in at]
    if market:
        top = len(side.volume) - 1
        price = min(max(at[0] - side.step, 0), top) if at else anchor
        if at and price == at[0]:
            volumes[0] += market
        else:
            at, volumes = [price, *at][:count], [market, *volumes][:count]
    return at, volumes
