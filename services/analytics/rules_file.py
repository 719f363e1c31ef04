"""The file of rules (deploy/alerts.yaml): what people may write, and the rules that it makes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, model_validator

from services.analytics.core.hours import DAY_S, Family, Hours
from services.analytics.core.rules import Rule
from services.analytics.kinds.base import Strict
from services.analytics.kinds.computed import (
    BasisZScoreRule,
    DivergenceRule,
    ForeignAccelerationRule,
    ForeignBurstRule,
    ForeignCorrelationRule,
    IndexErrorRule,
)
from services.analytics.kinds.expression import ExpressionRule
from services.analytics.kinds.trading import (
    ActiveImbalanceRule,
    FeedGapRule,
    LargeTradeRule,
    LevelRule,
    PriceLimitRule,
    VolumeSurgeRule,
)
from services.runtime import yaml_file

_MINUTES = 60

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


def _span(text: str) -> str:
    """
    Raises:
        ValueError: it is not two times of a day, the earlier first.
    """
    begin, end = seconds(text)
    if not 0 <= begin < end <= DAY_S:
        raise ValueError("a session is as 09:15-11:30, the earlier time first")
    return text


def seconds(span: str) -> tuple[int, int]:
    """
    >>> seconds("09:15-11:30")
    (33300, 41400)
    """
    parts = [part.split(":") for part in span.split("-")]
    try:
        (h1, m1), (h2, m2) = ((int(h), int(m)) for h, m in parts)
    except ValueError as e:
        raise ValueError("a session is as 09:15-11:30") from e
    if max(m1, m2) >= _MINUTES:
        raise ValueError("a session is as 09:15-11:30, minutes below 60")
    return (h1 * 60 + m1) * 60, (h2 * 60 + m2) * 60


Span = Annotated[str, AfterValidator(_span)]


class Quiet(Strict):
    """When rules are silent: outside `sessions` (UTC+7), in the `first_s` seconds of each."""

    first_s: Annotated[int, Field(ge=0, le=3600)] = 60
    sessions: dict[Literal["stock", "future"], list[Span]] = {
        "stock": ["09:00-09:15", "09:15-11:30", "13:00-14:30", "14:30-15:00"],
        "future": ["08:45-09:00", "09:00-11:30", "13:00-14:30", "14:30-14:45"],
    }

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if missing := {"stock", "future"} - self.sessions.keys():
            raise ValueError(f"sessions lack {', '.join(sorted(missing))}")
        return self


class RulesFile(BaseModel):
    """The whole file."""

    model_config = Strict.model_config
    quiet: Quiet = Quiet()
    rules: list[Annotated[Kind, Field(discriminator="kind")]]

    @model_validator(mode="after")
    def _unique(self) -> Self:
        seen: set[str] = set()
        for rule in self.rules:
            if rule.id in seen:
                raise ValueError(f"two rules have the id {rule.id!r}")
            seen.add(rule.id)
        return self

    def compiled(self) -> Iterator[Rule]:
        """The rules that are on, in the order of the file."""
        return (rule.compiled() for rule in self.rules if rule.enabled)

    def hours(self, holidays: frozenset[int]) -> Hours:
        """When they speak; `holidays` counted from 1 January 1970."""
        spans: dict[Family, list[tuple[int, int]]] = {
            name: [seconds(span) for span in found] for name, found in self.quiet.sessions.items()
        }
        return Hours(spans, self.quiet.first_s, holidays)


def read(path: Path) -> RulesFile:
    """
    The rules of a file.

    Raises:
        SettingsError: naming line and field of everything that is wrong.
    """
    return yaml_file.read(path, RulesFile)
