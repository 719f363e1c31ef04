"""What a scripted symbol is, and what its vendor has summed up of it."""

from dataclasses import dataclass, field
from typing import NamedTuple


class Listing(NamedTuple):
    """A symbol and its prices of the day; `multiplier`: VND a point of a future."""

    symbol: str
    exchange: str
    reference: float
    ceiling: float
    floor: float
    multiplier: int = 1
    kind: str = "stock"


@dataclass
class Sums:
    """What the vendor has summed up of one symbol since the day began."""

    volume: int = 0
    value: float = 0.0
    price: float = 0.0
    last: int = 0
    highest: float = 0.0
    lowest: float = 0.0
    foreign: list[float] = field(default_factory=lambda: [0.0] * 4)
    odd_volume: int = 0
    odd_value: float = 0.0
