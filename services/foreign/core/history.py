"""A symbol's figures second by second."""

import msgspec

MINUTE = 60
WINDOWS: dict[str, int] = {"1m": 60, "5m": 300, "15m": 900}
"""Seconds of trading time."""
LONGEST = 900 + MINUTE
"""How far an acceleration looks back."""
LAGS = (0, *sorted({lag for length in WINDOWS.values() for lag in (length, length + MINUTE)}))
"""How long ago the figures are asked for, s; 60 s ago is the shortest window itself."""


class Point(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """
    The day's figures as they stood at the end of one second of trading time.

    `value` is net, in VND; `price` in thousandths, None before the first trade.
    """

    second: int
    buy: int
    sell: int
    value: int | None
    price: int | None
    total: int | None

    @property
    def net(self) -> int:
        """Bought less sold."""
        return self.buy - self.sell


def net_and_price(point: Point) -> tuple[int, int] | None:
    """What correlations are of; None before there was a price."""
    return None if point.price is None else (point.buy - point.sell, point.price)
