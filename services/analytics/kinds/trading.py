"""Rules over what is traded: prints, limits, volumes, flow, levels, and gaps of the feed."""

from math import inf
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.alerts import Severity
from schemas.market import GapCause
from services.analytics.core.flows import ActiveImbalance, FeedGap, PriceLevel, VolumeLevel
from services.analytics.core.hours import Family
from services.analytics.core.prints import AtLimit, LargeTrade, VolumeSurge
from services.analytics.core.rules import Measure, Trigger
from services.analytics.kinds.base import Base, Positive, Price, Symbol


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
