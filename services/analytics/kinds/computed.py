"""Rules over what services compute: foreign flow, basis, index estimates."""

from typing import Annotated, Literal

from pydantic import Field

from services.analytics.core.futures import BasisZScore, Divergence
from services.analytics.core.markets import (
    EstimateError,
    ForeignAcceleration,
    ForeignBurst,
    ForeignCorrelation,
    Window,
)
from services.analytics.core.rules import Measure, Trigger
from services.analytics.kinds.base import Base, Positive


class ForeignRule(Base):
    """What rules over `foreign-flow` share; half of the threshold arms again."""

    window: Window = "5m"

    def topic(self) -> str:
        return "foreign-flow"


class ForeignBurstRule(ForeignRule):
    """Foreigners bought or sold net this much within the window, VND."""

    kind: Literal["foreign_burst"]
    min_value: Positive

    def measure(self) -> Measure:
        return ForeignBurst(self.window)

    def trigger(self) -> Trigger:
        return self._both(self.min_value, self.min_value / 2)


class ForeignAccelerationRule(ForeignRule):
    """Their net buying a minute grew, or shrank, by this much a minute, VND."""

    kind: Literal["foreign_acceleration"]
    min_value: Positive

    def measure(self) -> Measure:
        return ForeignAcceleration(self.window)

    def trigger(self) -> Trigger:
        return self._both(self.min_value, self.min_value / 2)


class ForeignCorrelationRule(ForeignRule):
    """The price moves with their net, or against it, while that is of some size."""

    kind: Literal["foreign_correlation"]
    window: Window = "15m"
    min_correlation: Annotated[float, Field(gt=0, le=1)] = 0.9
    min_net_value: Positive

    def measure(self) -> Measure:
        return ForeignCorrelation(self.window, self.min_net_value)

    def trigger(self) -> Trigger:
        return self._both(self.min_correlation, self.min_correlation * 0.8)


class BasisZScoreRule(Base):
    """The basis is this many standard deviations from its mean."""

    kind: Literal["basis_zscore"]
    min_z: Positive = 3

    def topic(self) -> str:
        return "basis"

    def measure(self) -> Measure:
        return BasisZScore()

    def trigger(self) -> Trigger:
        return self._both(self.min_z, self.min_z / 2)


class DivergenceRule(Base):
    """Over five minutes the future moved this many % points more, or less, than its index."""

    kind: Literal["divergence"]
    min_percent: Positive

    def topic(self) -> str:
        return "basis"

    def measure(self) -> Measure:
        return Divergence()

    def trigger(self) -> Trigger:
        return self._both(self.min_percent, self.min_percent / 2)


class IndexErrorRule(Base):
    """The estimate of an index and its published value are this far apart."""

    kind: Literal["index_error"]
    min_bps: Positive = 10

    def topic(self) -> str:
        return "index-estimates"

    def measure(self) -> Measure:
        return EstimateError()

    def trigger(self) -> Trigger:
        return self._both(self.min_bps, self.min_bps / 2)
