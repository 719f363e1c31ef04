"""The rule that people write themselves: an expression over the fields of a derived topic."""

from math import inf
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator

from schemas.topic import Topic
from schemas.topics import ALERT_INPUTS, MARKET
from services.analytics.core.rules import Measure, Trigger
from services.analytics.core.texts import places
from services.analytics.expressions import Expression, Holds
from services.analytics.kinds.base import Base


def _own(topic: Topic) -> type:
    """The type of a topic's own messages, not of what is forwarded into it."""
    found: type = (get_args(topic.value) or (topic.value,))[0]
    return found


DERIVED: dict[str, type] = {t.name: _own(t) for t in ALERT_INPUTS if t is not MARKET}


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
