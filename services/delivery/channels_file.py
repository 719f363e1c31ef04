"""The file of channels (deploy/delivery.yaml): where alerts go, and how they are sent there."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, model_validator

from schemas.alerts import Severity
from services.delivery.core.retry import Backoff
from services.delivery.core.routes import Route
from services.runtime import yaml_file

DAY_S = 86_400
MOST = 10
"""Channels: each has a connection to the database."""
_TELEGRAM = HttpUrl("https://api.telegram.org")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Channel(_Strict):
    """
    What every channel has.

    `severity` and above, of `rules` (all when empty) but for `without`, of `symbols` (all when
    empty). An attempt takes at most `timeout_s`; between attempts it waits `first_s`, twice as
    long each time up to `longest_s`; after `attempts`, or `give_up_s`, an alert is dead.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    severity: Severity = "info"
    rules: list[str] = []
    without: list[str] = []
    symbols: list[str] = []
    per_minute: Annotated[float, Field(gt=0, le=6000)] = 60
    burst: Annotated[int, Field(ge=1, le=1000)] = 10
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 5
    first_s: Annotated[float, Field(gt=0)] = 1
    longest_s: Annotated[float, Field(gt=0)] = 60
    attempts: Annotated[int, Field(ge=1)] = 30
    give_up_s: Annotated[float, Field(gt=0)] = 3600

    @property
    def route(self) -> Route:
        """As far as choosing is concerned."""
        return Route(
            self.name,
            self.severity,
            frozenset(self.rules),
            frozenset(self.without),
            frozenset(self.symbols),
        )

    @property
    def backoff(self) -> Backoff:
        """When it is tried again."""
        return Backoff(self.first_s, self.longest_s, self.attempts)


class Webhook(Channel):
    """POST of JSON, signed."""

    kind: Literal["webhook"]
    url: HttpUrl
    secret_file: Path | None = None
    per_minute: Annotated[float, Field(gt=0, le=6000)] = 600
    burst: Annotated[int, Field(ge=1, le=1000)] = 50


class Telegram(Channel):
    """A message of a bot, in Vietnamese; `link` may have {symbol} and {rule}."""

    kind: Literal["telegram"]
    chat_id: str
    api: HttpUrl = _TELEGRAM
    token_file: Path | None = None
    link: str | None = None
    per_minute: Annotated[float, Field(gt=0, le=6000)] = 20
    burst: Annotated[int, Field(ge=1, le=1000)] = 5


class Console(Channel):
    """A line on standard output."""

    kind: Literal["console"]
    per_minute: Annotated[float, Field(gt=0, le=6000)] = 6000
    burst: Annotated[int, Field(ge=1, le=1000)] = 1000


Any = Annotated[Webhook | Telegram | Console, Field(discriminator="kind")]


class ChannelsFile(_Strict):
    """
    The whole file; what fired more than `max_age_s` before it was read is not sent, and the log
    forgets what was dealt with `keep_days` ago.
    """

    max_age_s: Annotated[float, Field(gt=0)] = 900
    keep_days: Annotated[float, Field(ge=1, le=36_500)] = 90
    channels: Annotated[list[Any], Field(max_length=MOST)]

    @model_validator(mode="after")
    def _known_while_news(self) -> Self:
        if self.max_age_s > self.keep_days * DAY_S:
            raise ValueError("max_age_s must not be beyond keep_days: a repeat would be told again")
        return self

    @model_validator(mode="after")
    def _unique(self) -> Self:
        seen: set[str] = set()
        for channel in self.channels:
            if channel.name in seen:
                raise ValueError(f"two channels have the name {channel.name!r}")
            seen.add(channel.name)
        return self


def read(path: Path) -> ChannelsFile:
    """
    The channels of a file.

    Raises:
        SettingsError: naming line and field of everything that is wrong.
    """
    return yaml_file.read(path, ChannelsFile)
