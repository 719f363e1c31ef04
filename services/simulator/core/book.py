"""
A price-time-priority order book.

An order is one integer, `quantity * 2 + foreign`; what came first stands first in its level's
queue. Prices are indices of a ladder.
"""

from collections import deque
from typing import NamedTuple

Order = int


class Fill(NamedTuple):
    """Part of an order matched at `price` (an index) with a resting one."""

    price: int
    quantity: int
    resting_foreign: int


class Side:
    """
    One side of a book.

    Attributes:
        volume: by price.
        best: of the resting orders; one beyond the ladder when there are none.
        step: the direction from the best price to worse ones, +1 for asks, -1 for bids.
    """

    __slots__ = ("_queues", "best", "end", "step", "volume")

    def __init__(self, prices: int, step: int) -> None:
        self.volume = [0] * prices
        self._queues: list[deque[Order]] = [deque() for _ in range(prices)]
        self.step = step
        self.end = prices if step > 0 else -1
        self.best = self.end

    def add(self, price: int, order: Order) -> None:
        """An order joins the queue of its price."""
        self.volume[price] += order >> 1
        self._queues[price].append(order)
        if (self.best - price) * self.step > 0:
            self.best = price

    def cancel(self, price: int) -> Order:
        """
        The youngest order of a price leaves.

        Raises:
            IndexError: there is none.
        """
        order = self._queues[price].pop()
        self.volume[price] -= order >> 1
        if price == self.best and not self.volume[price]:
            self._settle()
        return order

    def take(self, limit: int, quantity: int) -> list[Fill]:
        """Match up to `quantity` at `limit` or better, best price first, oldest order first."""
        fills = []
        while quantity and (limit - self.best) * self.step >= 0 and self.best != self.end:
            price = self.best
            queue = self._queues[price]
            left = self.volume[price]
            while quantity and left:
                order = queue[0]
                size = order >> 1
                if size > quantity:
                    queue[0] = order - quantity * 2
                    size = quantity
                else:
                    queue.popleft()
                quantity -= size
                left -= size
                fills.append(Fill(price, size, order & 1))
            self.volume[price] = left
            if not left:
                self._settle()
        return fills

    def levels(self, count: int) -> list[int]:
        """The best prices that have orders, best first, at most `count`."""
        found = []
        volume, step, end, price = self.volume, self.step, self.end, self.best
        while price != end:
            if volume[price]:
                found.append(price)
                if len(found) == count:
                    break
            price += step
        return found

    def _settle(self) -> None:
        volume, step, end, price = self.volume, self.step, self.end, self.best
        while price != end and not volume[price]:
            price += step
        self.best = price


class Book:
    """Both sides; in continuous trading they never cross, before an auction they may."""

    __slots__ = ("asks", "bids")

    def __init__(self, prices: int) -> None:
        self.bids = Side(prices, -1)
        self.asks = Side(prices, 1)
