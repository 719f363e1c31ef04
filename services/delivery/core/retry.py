"""When a delivery is tried again, and how often anything is sent."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """
    Exponential, with full jitter: many that fail together do not come back together.

    Attributes:
        first_s, longest_s: the bound of the first wait, and of any.
        attempts: after so many an alert is dead.
    """

    first_s: float
    longest_s: float
    attempts: int

    def wait_s(self, failures: int, draw: float) -> float:
        """
        Seconds to wait after the n-th failure in a row, n >= 1; `draw` is from 0 to 1.

        >>> Backoff(1, 60, 10).wait_s(3, 1.0), Backoff(1, 60, 10).wait_s(30, 0.5)
        (4.0, 45.0)
        """
        bound = min(self.longest_s, self.first_s * 2.0 ** min(failures - 1, 30))
        # At least half of it: a wait of nearly nothing would be no back-off.
        return bound * (0.5 + draw / 2)


class Rate:
    """
    At most `per_minute` in any minute: a bucket of that many, filled evenly.

    `now` is in seconds, of any monotonic clock.
    """

    def __init__(self, per_minute: float, burst: int, now: float) -> None:
        self._per_s, self._burst = per_minute / 60, float(burst)
        self._left, self._at = float(burst), now

    def wait_s(self, now: float) -> float:
        """Take a place, or say in how many seconds there will be one (none is taken then)."""
        self._left = min(self._burst, self._left + (now - self._at) * self._per_s)
        self._at = now
        # One part in 10⁹: what was said to be enough must be, whatever floats make of it.
        if self._left >= 1 - 1e-9:
            self._left -= 1
            return 0.0
        return (1 - self._left) / self._per_s
