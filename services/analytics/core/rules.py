"""A rule as the engine takes it: what it measures, and when that is an alert."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from schemas.alerts import AlertSide, Severity
from services.analytics.core.hours import Family
from services.analytics.core.memory import Memory

Numbers = Mapping[str, int | float]
Text = tuple[str, str]
"""Vietnamese, English."""


class Measure(Protocol):
    """
    What a rule looks at in a message. Pure: the same message and memory, the same value.

    Attributes:
        types: of the messages that it reads.
        remembers: None, or the name of its memory, which changes with all that gives the memory
            its meaning; thresholds are not in it, so they may change and the memory stays.
    """

    @property
    def types(self) -> tuple[type[Any], ...]: ...
    @property
    def remembers(self) -> str | None: ...

    def value(self, message: Any, memory: Memory | None) -> float | None:
        """The value to judge, None where it is unknown; may change the memory it is given."""

    def numbers(self, message: Any, value: float, memory: Memory) -> Numbers:
        """The figures behind a value that fired."""

    def text(self, message: Any, side: AlertSide, numbers: Numbers) -> Text:
        """One sentence in both languages."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """
    When a value is an alert.

    `above` and `below`: at or beyond it is (None: never). After an alert of a side nothing more
    of it until the value was on the other side of its `rearm_…`, and `cooldown_us` have passed;
    an event has no hysteresis, only the cooldown.
    """

    above: float | None
    below: float | None
    rearm_above: float
    rearm_below: float
    cooldown_us: int
    event: bool = False

    def side_of(self, value: float) -> AlertSide | None:
        """The side on which a value is beyond its threshold."""
        if self.above is not None and value >= self.above:
            return "up"
        return "down" if self.below is not None and value <= self.below else None

    def judge(self, memory: Memory, value: float, seq: int) -> AlertSide | None:
        """The side of which to tell now; arms what is back. `told` is said when it was told."""
        if value < self.rearm_above:
            memory.up = False
        if value > self.rearm_below:
            memory.down = False
        side = self.side_of(value)
        if side == "up":
            told, since = memory.up, memory.up_seq
        elif side == "down":
            told, since = memory.down, memory.down_seq
        else:
            return None
        if told and not self.event:
            return None
        # Still beyond when the cooldown ends: then it is told.
        return side if not since or seq - since >= self.cooldown_us else None


@dataclass(frozen=True, slots=True)
class Rule:
    """
    One rule of the file.

    Attributes:
        symbols: only these, symbols or aliases (aliases: where the topic has instruments, or a
            field `alias`); empty: all. `families`: only of these; `without`: not these.
        anytime: also outside sessions.
    """

    id: str
    kind: str
    topic: str
    severity: Severity
    measure: Measure
    trigger: Trigger
    symbols: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()
    families: frozenset[Family] = frozenset(("stock", "future", "crypto"))
    anytime: bool = False

    @property
    def key(self) -> str:
        """Names its memory in a state."""
        return f"{self.id}/{self.measure.remembers or ''}"
