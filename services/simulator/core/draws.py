"""
Random integers that are the same on any machine.

Bits come from numpy's PCG64, whose stream is guaranteed for a seed; what is made of them is
integer arithmetic, and the logarithm's table is computed by `decimal`, which rounds exactly.
"""

from decimal import Decimal, localcontext
from functools import cache
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Ints = NDArray[np.int64]

_TABLE_BITS = 10
_SHIFT = 20
_NORMAL_SPREAD = 37837
"""Standard deviation of the sum of four uniform 16-bit numbers."""
_NORMAL_MEAN = 2 * 65535


class Draws:
    """
    A stream of its own for each purpose.

    Args:
        seed: of the day.
        names: what the stream is for, as in ("HPG", "flow").
    """

    def __init__(self, seed: int, *names: str) -> None:
        entropy = [seed, *(crc32(name.encode()) for name in names)]
        self._bits = np.random.PCG64(np.random.SeedSequence(entropy))

    def words(self, count: int) -> Words:
        """So many random 64-bit words, shape (count,)."""
        found: Words = self._bits.random_raw(count)
        return found

    def below(self, bound: int, count: int) -> Ints:
        """Integers of 0 to bound - 1, shape (count,); `bound` is below 2^32."""
        return ((self.words(count) >> np.uint64(32)).astype(np.int64) * bound) >> 32

    def one(self, bound: int) -> int:
        """One integer of 0 to bound - 1."""
        return int(self.below(bound, 1)[0])

    def exponential(self, mean: int, count: int) -> Ints:
        """Waiting times with this mean (below 2^40), shape (count,)."""
        return (_logarithms()[self.below(1 << _TABLE_BITS, count)] * mean) >> _SHIFT

    def normal(self, count: int) -> Ints:
        """Normal numbers in thousandths of a standard deviation, within 3.5, shape (count,)."""
        parts = self.words(count).view(np.uint16).reshape(count, 4)
        total = parts.astype(np.int64).sum(axis=1)
        found: Ints = (total - _NORMAL_MEAN) * 1000 // _NORMAL_SPREAD
        return found

    def pick(self, weights: Ints, count: int) -> Ints:
        """Indices of `weights` (not negative, sum below 2^32), in proportion, shape (count,)."""
        bounds = np.cumsum(weights)
        found: Ints = np.searchsorted(bounds, self.below(int(bounds[-1]), count), side="right")
        return found


@cache
def _logarithms() -> Ints:
    """-ln of the middles of 2^10 equal parts of 0 to 1, times 2^20."""
    parts = 1 << _TABLE_BITS
    with localcontext() as context:
        context.prec = 12
        values = [-(Decimal(2 * k + 1) / (2 * parts)).ln() * (1 << _SHIFT) for k in range(parts)]
    return np.array([int(value) for value in values], dtype=np.int64)
