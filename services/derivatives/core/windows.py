"""What the last minutes say of a basis; pure."""

from math import sqrt
from typing import Any

from schemas.basis import Direction
from services.derivatives.core.state import PARTS, Point
from services.runtime.lookback import Cursor, History

DIRECTION, DIVERGENCE, LONGEST = 60, 300, 900
"""Seconds of trading time; the last is that of the z-score."""
TICK = PARTS // 10
_LAGS = (0, DIRECTION, DIVERGENCE, LONGEST)


def windows(history: History[Point], second: int) -> dict[str, Any]:
    """The fields of `Basis` that are of windows; null until a window is full."""
    cursors = history.at(second, _LAGS, _numbers)
    head = cursors[0]
    now, minute_ago = head.point, cursors[DIRECTION].point
    if now is None:
        return dict.fromkeys(FIELDS)
    return {
        "direction": None if minute_ago is None else direction(minute_ago.basis, now.basis),
        "z_score": z_score(cursors[LONGEST], head),
        **changes(cursors[DIVERGENCE].point, now),
    }


FIELDS = ("direction", "z_score", "future_change_5m", "spot_change_5m", "divergence")


def direction(then: int, now: int) -> Direction:
    """Of the size of the basis, not its sign; less than a tick is none."""
    grown = abs(now) - abs(then)
    if abs(grown) < TICK:
        return "flat"
    return "widening" if grown > 0 else "narrowing"


def z_score(tail: Cursor[Point], head: Cursor[Point]) -> float | None:
    """From exact sums; None when the basis was not known all the time, or did not move."""
    n, x, xx = head.n - tail.n, head.x - tail.x, head.xx - tail.xx
    if head.point is None or n < LONGEST:
        return None
    spread = n * xx - x * x
    return (n * head.point.basis - x) / sqrt(spread) if spread else None


def changes(then: Point | None, now: Point) -> dict[str, float | None]:
    """Of future and spot in points, and how far their changes in % are apart."""
    if then is None or not then.future or not then.spot:
        return {"future_change_5m": None, "spot_change_5m": None, "divergence": None}
    future, spot = now.future - then.future, now.spot - then.spot
    return {
        "future_change_5m": future / PARTS,
        "spot_change_5m": spot / PARTS,
        "divergence": 100 * (future / then.future - spot / then.spot),
    }


def _numbers(point: Point) -> tuple[int, int]:
    return point.basis, 0
