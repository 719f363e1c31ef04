"""Is this process well? Tells a stalled worker from an idle one."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

State = Literal["ok", "idle", "starting", "degraded", "stalled"]

STALLED_AFTER_S = 15.0
"""Waiting input and no progress for so long is a stall; a rebalance takes up to 10 s."""


@dataclass(slots=True)
class Health:
    """
    What `/health` answers.

    A shell calls `progress()` when it finished some input and sets `waiting` to how many
    records of input are not yet done, as far as it knows. `problems` are degradations by
    name (a word each) with a sentence.
    """

    now: Callable[[], float] = time.monotonic
    ready: bool = False
    problems: dict[str, str] = field(default_factory=dict)
    details: dict[str, object] = field(default_factory=dict)
    _last: float = field(default_factory=time.monotonic)
    _waiting: int = 0
    _waiting_since: float = 0.0

    @property
    def waiting(self) -> int:
        """Records of input not yet done, as far as the shell knows."""
        return self._waiting

    @waiting.setter
    def waiting(self, count: int) -> None:
        if count and not self._waiting:
            self._waiting_since = self.now()
        self._waiting = count

    def progress(self) -> None:
        """Some input was finished, or there was none to do."""
        self._last = self.now()

    def idle_for_s(self) -> float:
        """Seconds since the last progress."""
        return self.now() - self._last

    def state(self) -> State:
        """`stalled` is the only one that should restart a process."""
        waited_s = self.now() - max(self._last, self._waiting_since)
        if self.waiting > 0 and waited_s > STALLED_AFTER_S:
            return "stalled"
        if not self.ready:
            return "starting"
        if self.problems:
            return "degraded"
        return "ok" if self.waiting or self.idle_for_s() < STALLED_AFTER_S else "idle"

    def report(self) -> dict[str, object]:
        """The body of `/health`."""
        return {
            "state": self.state(),
            "waiting_records": self.waiting,
            "last_progress_s_ago": round(self.idle_for_s(), 1),
            "problems": dict(self.problems),
            **self.details,
        }
