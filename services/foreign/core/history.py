"""A symbol's figures second by second, and sums over windows of them; each step is O(1)."""

import msgspec

MINUTE = 60
WINDOWS: dict[str, int] = {"1m": 60, "5m": 300, "15m": 900}
"""Seconds of trading time."""
LONGEST = 900 + MINUTE
"""How far an acceleration looks back."""
LAGS = (0, *sorted({lag for length in WINDOWS.values() for lag in (length, length + MINUTE)}))
"""How long ago the figures are asked for, s; 60 s ago is the shortest window itself."""
_TRIM = 64
"""Points are dropped so many at a time."""


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


class Cursor:
    """
    A moment that goes forward over points, with sums of all seconds up to it.

    Sums are of net volume x and price y, of the seconds at whose end there was a price. They are
    integers of any size, so the difference of two cursors is exact, wherever both began.
    """

    __slots__ = ("index", "n", "point", "second", "x", "xx", "xy", "y", "yy")

    def __init__(self, first: int) -> None:
        self.index, self.second = 0, first
        self.point: Point | None = None
        self.n = self.x = self.y = self.xx = self.yy = self.xy = 0

    def go(self, points: list[Point], second: int) -> None:
        """Go to the start of `second`; `point` is then what stood there, None before the first."""
        while self.second < second:
            point = self.point = points[self.index]
            until = second
            if self.index + 1 < len(points):
                following = points[self.index + 1].second
                if following <= second:
                    until, self.index = following, self.index + 1
            if point.price is not None:
                self._add(until - self.second, point.buy - point.sell, point.price)
            self.second = until

    def _add(self, seconds: int, x: int, y: int) -> None:
        self.n += seconds
        self.x += seconds * x
        self.y += seconds * y
        self.xx += seconds * x * x
        self.yy += seconds * y * y
        self.xy += seconds * x * y


class History(msgspec.Struct, array_like=True, dict=True):
    """
    Points, ascending by second, each standing until the next: as far back as windows reach.

    The first is where flow is known from; there is none while it is not. Cursors are no part of
    what is encoded: those of a restored state find the same sums.
    """

    points: list[Point] = []

    def __post_init__(self) -> None:
        self._cursors: tuple[Cursor, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.points)

    def begin(self, *points: Point) -> None:
        """Forget everything; flow is known from this point on, if there is one."""
        self.points, self._cursors = list(points), ()

    def keep(self, point: Point) -> None:
        """Remember the figures of a second that is not before the last."""
        points = self.points
        if points[-1].second >= point.second:
            points[-1] = point
            return
        points.append(point)
        if len(points) > _TRIM and points[_TRIM].second < point.second - LONGEST:
            self._trim()

    def at(self, second: int) -> dict[int, Cursor]:
        """Lag of LAGS -> the cursor so long before `second`, which never goes back."""
        if not self._cursors:
            first = self.points[0].second
            self._cursors = tuple(Cursor(first) for _ in LAGS)
        for lag, cursor in zip(LAGS, self._cursors, strict=True):
            cursor.go(self.points, second - lag)
        return dict(zip(LAGS, self._cursors, strict=True))

    def _trim(self) -> None:
        del self.points[:_TRIM]
        if any(cursor.index < _TRIM for cursor in self._cursors):
            self._cursors = ()
        for cursor in self._cursors:
            cursor.index -= _TRIM
