"""The exchange's clock: it runs `speed` times as fast as the wall's, from a chosen local time."""

from dataclasses import dataclass

from services.simulator.core.day import NS


@dataclass(frozen=True, slots=True)
class DayClock:
    """
    Attributes:
        started: when it began, seconds of the wall clock that `now` is given.
        start_ns: what it showed then, ns since local midnight.
        speed: its seconds in one of the wall's.
    """

    started: float
    start_ns: int
    speed: float

    def at(self, now: float) -> int:
        """What it shows at `now`, ns since local midnight."""
        return self.start_ns + int((now - self.started) * self.speed * NS)

    def until(self, day_ns: int, now: float) -> float:
        """Seconds of the wall clock from `now` until it shows `day_ns`; negative when it has."""
        return (day_ns - self.at(now)) / NS / self.speed
