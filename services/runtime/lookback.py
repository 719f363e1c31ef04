"""
What was known second by second, and sums over the last so many seconds of it; pure.

Each step is O(1), whatever a window holds, and sums are integers of any size: exact, so they do not
depend on where a state was cut and restored.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, Protocol, TypeVar

import msgspec

_TRIM = 64
"""Points are dropped so many at a time."""


class Moment(Protocol):
    """What stands from the end of `second` on."""

    @property
    def second(self) -> int:
        """Seconds of any clock that never goes back."""


P = TypeVar("P", bound=Moment)

Numbers = tuple[int, int] | None
"""Two numbers of a point that are summed; None: the point is in no sum."""


class Cursor(Generic[P]):
    """
    A moment that goes forward over points, with sums of all seconds up to it.

    The difference of two cursors of one history is the sum of the seconds between them.
    """

    __slots__ = ("index", "n", "point", "second", "x", "xx", "xy", "y", "yy")

    def __init__(self, first: int) -> None:
        self.index, self.second = 0, first
        self.point: P | None = None
        self.n = self.x = self.y = self.xx = self.yy = self.xy = 0

    def go(self, points: Sequence[P], second: int, numbers: Callable[[P], Numbers]) -> None:
        """Go to the start of `second`; `point` is then what stood there, None before the first."""
        while self.second < second:
            point = self.point = points[self.index]
            until = second
            if self.index + 1 < len(points):
                following = points[self.index + 1].second
                if following <= second:
                    until, self.index = following, self.index + 1
            both = numbers(point)
            if both is not None:
                self._add(until - self.second, *both)
            self.second = until

    def _add(self, seconds: int, x: int, y: int) -> None:
        self.n += seconds
        self.x += seconds * x
        self.y += seconds * y
        self.xx += seconds * x * x
        self.yy += seconds * y * y
        self.xy += seconds * x * y


class History(msgspec.Struct, Generic[P], array_like=True, dict=True):
    """
    Points, ascending by second, each standing until the next: as far back as anybody looks.

    Empty: nothing is known. Cursors are no part of what is encoded: those of a restored state
    find the same sums.
    """

    points: list[P] = []

    def __post_init__(self) -> None:
        self._cursors: dict[int, Cursor[P]] = {}

    def __bool__(self) -> bool:
        return bool(self.points)

    def begin(self, *points: P) -> None:
        """Forget everything; known from this point on, if there is one."""
        self.points, self._cursors = list(points), {}

    def keep(self, point: P, longest: int) -> None:
        """Remember a point not before the last; nobody looks back more than `longest` seconds."""
        points = self.points
        if points[-1].second >= point.second:
            points[-1] = point
            return
        points.append(point)
        if len(points) > _TRIM and points[_TRIM].second < point.second - longest:
            self._trim()

    def at(
        self, second: int, lags: Sequence[int], numbers: Callable[[P], Numbers]
    ) -> Mapping[int, Cursor[P]]:
        """
        Lag -> the cursor so long before `second`, which never goes back.

        Lags and numbers are the same in every call. There must be a point.
        """
        if not self._cursors:
            first = self.points[0].second
            self._cursors = {lag: Cursor(first) for lag in lags}
        for lag, cursor in self._cursors.items():
            cursor.go(self.points, second - lag, numbers)
        return self._cursors

    def _trim(self) -> None:
        del self.points[:_TRIM]
        if any(cursor.index < _TRIM for cursor in self._cursors.values()):
            self._cursors = {}
        for cursor in self._cursors.values():
            cursor.index -= _TRIM
