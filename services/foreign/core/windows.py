"""Speed, acceleration, share, price change and correlation over windows of trading time; pure."""

from math import sqrt
from typing import Any

from services.foreign.core.history import LAGS, MINUTE, WINDOWS, Point, net_and_price
from services.foreign.core.state import PRICE_PARTS
from services.runtime.lookback import Cursor, History


def windows(history: History[Point], second: int) -> dict[str, Any]:
    """The fields of `ForeignFlow` that are of windows, as of the start of trading second."""
    if not history:
        return dict.fromkeys(FIELDS)
    fields: dict[str, Any] = {}
    cursors = history.at(second, LAGS, net_and_price)
    head, minute_ago = cursors[0], cursors[MINUTE].point
    for name, length in WINDOWS.items():
        tail = cursors[length]
        minutes = length // MINUTE
        volume, value = _grown(tail.point, head.point)
        volume_ago, value_ago = _grown(cursors[length + MINUTE].point, minute_ago)
        change = _less(_price(head.point), _price(tail.point))
        fields |= {
            f"speed_volume_{name}": _ratio(volume, minutes),
            f"speed_value_{name}": _ratio(value, minutes),
            f"acceleration_volume_{name}": _ratio(_less(volume, volume_ago), minutes),
            f"acceleration_value_{name}": _ratio(_less(value, value_ago), minutes),
            f"share_{name}": _share(tail.point, head.point),
            f"price_change_{name}": _ratio(change, PRICE_PARTS),
            f"correlation_{name}": correlation(tail, head, length),
        }
    return fields


FIELDS = tuple(
    f"{what}_{name}"
    for what in (
        "speed_volume",
        "speed_value",
        "acceleration_volume",
        "acceleration_value",
        "share",
        "price_change",
        "correlation",
    )
    for name in WINDOWS
)
"""Null, all of them, while flow is not known."""


def correlation(tail: Cursor[Point], head: Cursor[Point], seconds: int) -> float | None:
    """
    Pearson's, of the `seconds` between two cursors, from exact sums.

    Returns:
        None when figures or a price were not known in all of them, or one did not move.
    """
    n = head.n - tail.n
    if n < seconds:
        return None
    x, y = head.x - tail.x, head.y - tail.y
    of_x = n * (head.xx - tail.xx) - x * x
    of_y = n * (head.yy - tail.yy) - y * y
    if not of_x or not of_y:
        return None
    both = n * (head.xy - tail.xy) - x * y
    return max(-1.0, min(1.0, both / (sqrt(of_x) * sqrt(of_y))))


def _grown(then: Point | None, now: Point | None) -> tuple[int | None, int | None]:
    """Net volume and net value between two moments."""
    if then is None or now is None:
        return None, None
    return now.net - then.net, _less(now.value, then.value)


def _share(then: Point | None, now: Point | None) -> float | None:
    if then is None or now is None or now.total is None:
        return None
    return share(now.buy + now.sell - then.buy - then.sell, now.total - (then.total or 0))


def share(both_sides: int, volume: int) -> float | None:
    """Part of the volume that foreigners bought or sold; each share is bought and sold once."""
    return both_sides / (2 * volume) if volume > 0 else None


def _price(point: Point | None) -> int | None:
    return None if point is None else point.price


def _less(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one - other


def _ratio(number: int | None, by: int) -> float | None:
    return None if number is None else number / by
