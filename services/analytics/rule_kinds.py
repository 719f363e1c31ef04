"""The kinds of rules, one model each: their fields with bounds, and the measure that they mean."""

from math import inf
from typing import Annotated, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.alerts import Severity
from schemas.market import GapCause
from schemas.topic import Topic
from schemas.topics import ALERT_INPUTS, MARKET
from services.analytics.core.flows import ActiveImbalance, FeedGap, PriceLevel, VolumeLevel
from services.analytics.core.futures import BasisZScore, Divergence
from services.analytics.core.hours import Family
from services.analytics.core.markets import (
    EstimateError,
    ForeignAcceleration,
    ForeignBurst,
    ForeignCorrelation,
    Window,
)
from services.analytics.core.prints import AtLimit, LargeTrade, VolumeSurge
from services.analytics.core.rules import Measure, Rule, Trigger
from services.analytics.core.texts import places
from services.analytics.expressions import Expression, Holds

Symbol = Annotated[str, Field(pattern=r"^(\*|[A-Z0-9][A-Z0-9_.]{0,39})$")]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Price = Annotated[float, Field(allow_inf_nan=False)]
_SECOND_US = 1_000_000


class Strict(BaseModel):
    """Unknown fields are errors: a misspelt one would silently be no condition at all."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Base(Strict):
    """What every rule has."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")]
    enabled: bool = True
    severity: Severity = "warning"
    cooldown_s: Annotated[float, Field(ge=0, le=86_400)] = 300
    symbols: list[Symbol] = []
    without: list[Symbol] = []
    families: Annotated[list[Family], Field(min_length=1)] = ["stock", "future", "crypto"]
    anytime: bool = False

    def topic(self) -> str:
        """The one topic that it reads."""
        raise NotImplementedError

    def measure(self) -> Measure:
        """What it looks at."""
        raise NotImplementedError

    def trigger(self) -> Trigger:
        """When that is an alert."""
        raise NotImplementedError

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


class LargeTradeRule(Base):
    """One print of at least this value, or volume."""

    kind: Literal["large_trade"]
    min_value: Positive | None = None
    min_volume: Positive | None = None
    families: Annotated[list[Family], Field(min_length=1)] = ["stock"]

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.min_value is None) is (self.min_volume is None):
            raise ValueError("give min_value or min_volume, one of them")
        if self.min_value is not None and "future" in self.families:
            raise ValueError("a future's price is in points: give min_volume, in contracts")
        return self

    def topic(self) -> str:
        return "trades-classified"

    def measure(self) -> Measure:
        return LargeTrade(of_volume=self.min_volume is not None)

    def trigger(self) -> Trigger:
        return self._event(self.min_value or self.min_volume or 0)


class PriceLimitRule(Base):
    """A print at the ceiling or the floor."""

    kind: Literal["price_limit"]
    rearm_percent: Annotated[float, Field(gt=0, lt=50)] = 0.5

    def topic(self) -> str:
        return "trades-classified"

    def measure(self) -> Measure:
        return AtLimit(self.rearm_percent)

    def trigger(self) -> Trigger:
        return self._both(1.0, 0.5)


class VolumeSurgeRule(Base):
    """The volume of a minute against the same minute of earlier days."""

    kind: Literal["volume_surge"]
    ratio: Annotated[float, Field(gt=1)] = 5
    days: Annotated[int, Field(ge=1, le=30)] = 5
    min_days: Annotated[int, Field(ge=1, le=30)] = 3
    min_volume: Positive

    @model_validator(mode="after")
    def _enough(self) -> Self:
        if self.min_days > self.days:
            raise ValueError(f"min_days {self.min_days} is more than days {self.days}")
        return self

    def topic(self) -> str:
        return "trades-classified"

    def measure(self) -> Measure:
        return VolumeSurge(self.days, self.min_days, self.min_volume / self.ratio)

    def trigger(self) -> Trigger:
        # Armed again by a minute that is not beyond: no margin, each minute begins at 0.
        return Trigger(self.ratio, None, self.ratio, inf, self._cooldown_us())


class ActiveImbalanceRule(Base):
    """Active buying less selling, over both, in a window."""

    kind: Literal["active_imbalance"]
    window_s: Annotated[int, Field(ge=30, le=3600)] = 300
    ratio: Annotated[float, Field(gt=0, le=1)] = 0.7
    rearm_ratio: Annotated[float, Field(ge=0, le=1)] = 0.4
    min_value: Positive

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.rearm_ratio >= self.ratio:
            raise ValueError("rearm_ratio must be below ratio")
        return self

    def topic(self) -> str:
        return "session-flow"

    def measure(self) -> Measure:
        return ActiveImbalance(self.window_s, self.min_value)

    def trigger(self) -> Trigger:
        return self._both(self.ratio, self.rearm_ratio)


class LevelRule(Base):
    """A price, an index value or the day's volume at a level, of some symbols or aliases."""

    kind: Literal["level"]
    symbols: Annotated[list[Symbol], Field(min_length=1)]
    price_above: Price | None = None
    price_below: Price | None = None
    volume_above: Positive | None = None
    rearm_percent: Annotated[float, Field(ge=0, lt=50)] = 0.1

    @model_validator(mode="after")
    def _one(self) -> Self:
        prices = (self.price_above, self.price_below) != (None, None)
        if prices is (self.volume_above is not None):
            raise ValueError("give price_above, price_below or both, or else volume_above")
        if None not in (self.price_above, self.price_below):
            assert self.price_above is not None
            assert self.price_below is not None
            if self.price_below >= self.price_above:
                raise ValueError("price_below must be below price_above")
        return self

    def topic(self) -> str:
        return "market"

    def measure(self) -> Measure:
        if self.volume_above is not None:
            return VolumeLevel(self.volume_above)
        return PriceLevel(self.price_above, self.price_below)

    def trigger(self) -> Trigger:
        if self.volume_above is not None:
            return Trigger(self.volume_above, None, -inf, inf, self._cooldown_us())
        away = self.rearm_percent / 100
        above, below = self.price_above, self.price_below
        return Trigger(
            above,
            below,
            -inf if above is None else above - abs(above) * away,
            inf if below is None else below + abs(below) * away,
            self._cooldown_us(),
        )


class FeedGapRule(Base):
    """A gap of a feed that lasted; by default not the small ones that only one symbol has."""

    kind: Literal["feed_gap"]
    severity: Severity = "critical"
    cooldown_s: Annotated[float, Field(ge=0, le=86_400)] = 60
    min_seconds: Annotated[float, Field(ge=0)] = 5
    causes: Annotated[list[GapCause], Field(min_length=1)] = [
        "disconnect", "silence", "restart", "source_change", "spool_full", "accepted_loss",
    ]  # fmt: skip

    def topic(self) -> str:
        return "market"

    def measure(self) -> Measure:
        return FeedGap(frozenset(self.causes))

    def trigger(self) -> Trigger:
        return self._event(self.min_seconds)


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


class ExpressionRule(Base):
    """An expression over the fields of a derived topic; the name `topic` is the file's."""

    kind: Literal["expression"]
    of: Annotated[str, Field(alias="topic")]
    when: str
    text_vi: Annotated[str, Field(max_length=300)] | None = None
    text_en: Annotated[str, Field(max_length=300)] | None = None

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if self.of not in DERIVED:
            raise ValueError(f"topic must be one of {', '.join(DERIVED)}, was {self.of!r}")
        expression = Expression(self.when, DERIVED[self.of])
        asked = places(self.text_vi or "") | places(self.text_en or "")
        if missing := asked - set(expression.names):
            names = ", ".join(sorted(missing))
            raise ValueError(f"the text names {names}, which the expression does not use")
        return self

    def topic(self) -> str:
        return self.of

    def measure(self) -> Measure:
        kind = DERIVED[self.of]
        held = Expression(self.when, kind)
        return Holds(held, (kind,), self.id, self.text_vi, self.text_en)

    def trigger(self) -> Trigger:
        return Trigger(1.0, None, 1.0, inf, self._cooldown_us())


def _own(topic: Topic) -> type:
    """The type of a topic's own messages, not of what is forwarded into it."""
    found: type = (get_args(topic.value) or (topic.value,))[0]
    return found


DERIVED: dict[str, type] = {t.name: _own(t) for t in ALERT_INPUTS if t is not MARKET}

Kind = (
    LargeTradeRule
    | PriceLimitRule
    | VolumeSurgeRule
    | ActiveImbalanceRule
    | LevelRule
    | FeedGapRule
    | ForeignBurstRule
    | ForeignAccelerationRule
    | ForeignCorrelationRule
    | BasisZScoreRule
    | DivergenceRule
    | IndexErrorRule
    | ExpressionRule
)
