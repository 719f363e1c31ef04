"""When the records of one partition were appended, from how its end moved; pure."""

from bisect import bisect_right
from collections import deque
from typing import NamedTuple

POINTS = 720
"""An hour of looks, one each five seconds; what is older is asked of the log itself."""


class Point(NamedTuple):
    """The partition ended at `end` from `first_s` to `last_s`, as far as somebody looked."""

    end: int
    first_s: float
    last_s: float


class Timeline:
    """
    Of one partition. Times are in seconds of one clock, the broker's or one that agrees with it.

    A record that was asked of the log is a fact; of any other the time is interpolated between
    two looks, so it is wrong by no more than the time between them.
    """

    def __init__(self) -> None:
        self._points: deque[Point] = deque(maxlen=POINTS)
        self._facts: dict[int, float] = {}

    def seen(self, end: int, now_s: float) -> None:
        """The partition ends at `end` now; an end that went back is of another log."""
        last = self._points[-1] if self._points else None
        if last is not None and end < last.end:
            self._points.clear()
            self._facts.clear()
            last = None
        if last is not None and end == last.end:
            self._points[-1] = Point(end, last.first_s, now_s)
        else:
            self._points.append(Point(end, now_s, now_s))

    def fact(self, offset: int, appended_s: float) -> None:
        """The record at `offset` says itself when it was appended."""
        self._facts[offset] = appended_s

    def forget(self, before: int) -> None:
        """No record below `before` will be asked for again."""
        self._facts = {offset: at for offset, at in self._facts.items() if offset >= before}

    def appended_s(self, offset: int) -> float | None:
        """When the record at `offset` was appended; None: unknown, or not there yet."""
        if offset in self._facts:
            return self._facts[offset]
        place = bisect_right(self._points, offset, key=lambda point: point.end)
        if place == 0 or place == len(self._points):
            return None
        before, after = self._points[place - 1], self._points[place]
        share = (offset - before.end) / (after.end - before.end)
        return before.last_s + share * (after.first_s - before.last_s)
