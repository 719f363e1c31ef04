"""When a recorded message is due. Pure: the caller gives the clock."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Pace:
    """
    Due times of recorded messages.

    Attributes:
        speed: recorded seconds in one second; None: as fast as they are taken.
        paced_from_ns: from this receive time on they play at 1x, whatever `speed` is.
    """

    speed: float | None
    paced_from_ns: int | None = None
    paced: bool = False
    _anchor: tuple[int, float] | None = field(default=None)

    def wait_s(self, ns: int, now_s: float) -> float:
        """
        Seconds until the message received at `ns` is due; 0 when it is, or is late.

        Ask in the order of the recording. `now_s` is any monotonic clock; the first asked
        message is due at once.
        """
        if self.paced_from_ns is not None and ns >= self.paced_from_ns and not self.paced:
            self.paced, self.speed, self._anchor = True, 1.0, None
        if self.speed is None:
            return 0.0
        if self._anchor is None:
            self._anchor = (ns, now_s)
        since_ns, since_s = self._anchor
        return max(0.0, since_s + (ns - since_ns) / 1e9 / self.speed - now_s)
