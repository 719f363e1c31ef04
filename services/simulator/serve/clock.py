"""The exchange's clock: it runs `speed` times as fast as the wall's, from a chosen local time."""

from dataclasses import dataclass

from services.simulator.core.day import NS

UNPACED = float("inf")
"""A speed: as fast as messages are made and taken; then the clock shows the newest message."""


@dataclass(slots=True)
class DayClock:
    """
    Attributes:
        started: when it began, seconds of the wall clock that `now` is given.
        start_ns: what it showed then, ns since local midnight.
        speed: its seconds in one of the wall's, or UNPACED.
        newest_ns: arrival of the newest message that went out.
    """

    started: float
    start_ns: int
    speed: float
    newest_ns: int = 0

    def at(self, now: float) -> int:
        """What it shows at `now`, ns since local midnight."""
        if self.speed == UNPACED:
            return max(self.start_ns, self.newest_ns)
        return self.start_ns + int((now - self.started) * self.speed * NS)

    def until(self, day_ns: int, now: float) -> float:
        """Seconds of the wall clock from `now` until `day_ns` is due; not positive when it is."""
        if self.speed == UNPACED:
            return 0.0
        return (day_ns - self.at(now)) / NS / self.speed
