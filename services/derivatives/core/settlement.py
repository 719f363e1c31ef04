"""
The final settlement price of a future, estimated while its last day ends.

Rule: mean of the index over the last 30 minutes (14:15 to 14:45: the last 15 of continuous
trading, and the closing auction), after dropping the 3 highest and 3 lowest values of the
continuous part. Older pages of brokers name the closing value instead.
"""

from bisect import insort

import msgspec

_SECOND_MS = 1000
_DAY_MS, _EAST_MS = 86_400 * _SECOND_MS, 7 * 3600 * _SECOND_MS
_BEGIN_MS = (14 * 60 + 15) * 60 * _SECOND_MS
_AUCTION_MS = (14 * 60 + 30) * 60 * _SECOND_MS
_END_MS = (14 * 60 + 45) * 60 * _SECOND_MS
DROPPED = 3
"""At either end of the continuous part."""


class Settlement(msgspec.Struct, array_like=True):
    """
    Values of the index so far, in integers of any unit; mutable, O(1) a value.

    Attributes:
        count, total: of all values; continuous: how many of them are of the continuous part.
        lowest, highest: the extremes of that part, ascending, at most DROPPED each.
    """

    count: int = 0
    total: int = 0
    continuous: int = 0
    lowest: list[int] = []
    highest: list[int] = []

    def take(self, value: int, ts_ms: int) -> None:
        """
        A published value with its exchange time; those of other hours are ignored.

        A value stamped 14:15:00 is of the minute before; one stamped in the second of 14:30:00 ends
        the continuous part, one in that of 14:45:00 the auction.
        """
        at = (ts_ms + _EAST_MS) % _DAY_MS
        if not _BEGIN_MS < at < _END_MS + _SECOND_MS:
            return
        self.count += 1
        self.total += value
        if at < _AUCTION_MS + _SECOND_MS:
            self.continuous += 1
            insort(self.lowest, value)
            insort(self.highest, value)
            del self.lowest[DROPPED:], self.highest[:-DROPPED]

    def mean(self) -> float | None:
        """None until more values came than are dropped, those that are dropped all continuous."""
        left = self.count - 2 * DROPPED
        if self.continuous < 2 * DROPPED or left <= 0:
            return None
        return (self.total - sum(self.lowest) - sum(self.highest)) / left
