"""
The prices that an order may have on a day: every step from floor to ceiling.

Prices are integers: VND, and tenths of a point for futures. Rules: HOSE shares 10 VND below
10,000, 50 below 50,000, else 100; its ETFs and warrants 10; HNX and UPCoM 100; futures 0.1.
"""

from dataclasses import dataclass, field

from services.simulator.core.day import Exchange

BANDS_PERCENT: dict[Exchange, int] = {"HOSE": 7, "HNX": 10, "UPCOM": 15, "DERIVATIVES": 7}
TENTHS = 10
"""Units in a point of a future's price."""


def step_at(price: int, exchange: Exchange, kind: str) -> int:
    """The price step at a price."""
    if exchange == "DERIVATIVES":
        return 1
    if exchange != "HOSE":
        return 100
    if kind != "stock":
        return 10
    return 10 if price < 10_000 else 50 if price < 50_000 else 100


@dataclass(frozen=True, slots=True)
class Ladder:
    """
    Attributes:
        prices: ascending, the first is the floor, the last the ceiling.
        texts: as SSI writes them, `24500.0` and `1883.9`.
        reference: index of the step at or below the reference price.
    """

    prices: list[int]
    texts: list[str]
    reference: int = field(default=0)

    def near(self, price: int) -> int:
        """Index of the highest price that is not above `price`, 0 when all are."""
        low, high = 0, len(self.prices)
        while low < high:
            middle = (low + high) // 2
            if self.prices[middle] <= price:
                low = middle + 1
            else:
                high = middle
        return max(low - 1, 0)


def limits(reference: int, exchange: Exchange, kind: str, percent: int = 0) -> tuple[int, int]:
    """
    Ceiling and floor: the band (`percent`, 0 for the exchange's own) rounded into it to a step.
    """
    band = percent or BANDS_PERCENT[exchange]
    top, bottom = reference * (100 + band) // 100, -(-reference * (100 - band) // 100)
    ceiling = top - top % step_at(top, exchange, kind)
    floor = bottom + -bottom % step_at(bottom, exchange, kind)
    step = step_at(reference, exchange, kind)
    return max(ceiling, reference + step), max(min(floor, reference - step), step)


def ladder(reference: int, exchange: Exchange, kind: str, percent: int = 0) -> Ladder:
    """All prices of a day."""
    ceiling, floor = limits(reference, exchange, kind, percent)
    prices = [floor]
    while prices[-1] < ceiling:
        prices.append(prices[-1] + step_at(prices[-1], exchange, kind))
    points = exchange == "DERIVATIVES"
    texts = [written(price, points) for price in prices]
    made = Ladder(prices, texts)
    return Ladder(prices, texts, made.near(reference))


def written(price: int, points: bool) -> str:
    """As a JSON float."""
    return f"{price // TENTHS}.{price % TENTHS}" if points else f"{price}.0"
