"""What every kind of rule has, and must say of itself."""

from abc import ABC, abstractmethod
from math import inf
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from schemas.alerts import Severity
from services.analytics.core.hours import Family
from services.analytics.core.rules import Measure, Rule, Trigger

Symbol = Annotated[str, Field(pattern=r"^(\*|[A-Z0-9][A-Z0-9_.]{0,39})$")]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Price = Annotated[float, Field(allow_inf_nan=False)]
_SECOND_US = 1_000_000


class Strict(BaseModel):
    """Unknown fields are errors: a misspelt one would silently be no condition at all."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Base(Strict, ABC):
    """What every rule has."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")]
    enabled: bool = True
    severity: Severity = "warning"
    cooldown_s: Annotated[float, Field(ge=0, le=86_400)] = 300
    symbols: list[Symbol] = []
    without: list[Symbol] = []
    families: Annotated[list[Family], Field(min_length=1)] = ["stock", "future", "crypto"]
    anytime: bool = False

    @abstractmethod
    def topic(self) -> str:
        """The one topic that it reads."""

    @abstractmethod
    def measure(self) -> Measure:
        """What it looks at."""

    @abstractmethod
    def trigger(self) -> Trigger:
        """When that is an alert."""

    def compiled(self) -> Rule:
        """As the engine takes it."""
        return Rule(
            id=self.id,
            kind=str(getattr(self, "kind")),  # noqa: B009  each subclass has its own literal
            topic=self.topic(),
            severity=self.severity,
            measure=self.measure(),
            trigger=self.trigger(),
            symbols=frozenset(self.symbols),
            without=frozenset(self.without),
            families=frozenset(self.families),
            anytime=self.anytime,
        )

    def _event(self, above: float) -> Trigger:
        """At or above is an event: told each time, but for the cooldown."""
        return Trigger(above, None, -inf, inf, self._cooldown_us(), event=True)

    def _both(self, threshold: float, rearm: float) -> Trigger:
        """Beyond plus or minus the threshold, until within plus or minus `rearm`."""
        return Trigger(threshold, -threshold, rearm, -rearm, self._cooldown_us())

    def _cooldown_us(self) -> int:
        return round(self.cooldown_s * _SECOND_US)
