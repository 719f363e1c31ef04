"""The states of a live connection, and how long it waits before the next attempt. Pure."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

State = Literal["connecting", "live", "silent", "backing_off", "refused"]

STATES: tuple[State, ...] = ("connecting", "live", "silent", "backing_off", "refused")

_NEXT: dict[State, frozenset[State]] = {
    "connecting": frozenset({"live", "backing_off", "refused"}),
    "live": frozenset({"silent", "backing_off", "refused"}),
    "silent": frozenset({"connecting"}),
    "backing_off": frozenset({"connecting"}),
    "refused": frozenset({"connecting"}),
}


@dataclass(slots=True)
class Machine:
    """
    Where a connection stands; it begins by connecting.

    Attributes:
        since_s: when it came there, by the caller's clock.
        why: the reason, as a person reads it; empty while all is well.
        entered: state -> how often it was entered, the first included.
    """

    since_s: float
    state: State = "connecting"
    why: str = ""
    entered: Counter[State] = field(default_factory=lambda: Counter[State]({"connecting": 1}))

    def to(self, state: State, now_s: float, why: str = "") -> None:
        """
        Go on to `state`.

        Raises:
            ValueError: no connection goes there from here.
        """
        if state not in _NEXT[self.state]:
            raise ValueError(f"a connection does not go from {self.state} to {state}")
        self.state, self.since_s, self.why = state, now_s, why
        self.entered[state] += 1


@dataclass(slots=True)
class Backoff:
    """
    Waits that double up to `most_s`, each between half of itself and itself.

    `draw` gives numbers from 0 to 1: without them all clients of a restarted exchange would
    come back in the same instant, again and again.
    """

    first_s: float
    most_s: float
    draw: Callable[[], float]
    _tries: int = 0

    def next_s(self) -> float:
        """How long to wait now."""
        # 2**20 first waits are beyond any `most_s`; a power without bounds becomes no float.
        whole_s = min(self.most_s, self.first_s * 2.0 ** min(self._tries, 20))
        self._tries += 1
        return whole_s / 2 * (1 + self.draw())

    def reset(self) -> None:
        """It went well: the next wait is the first one again."""
        self._tries = 0
