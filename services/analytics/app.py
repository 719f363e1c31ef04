"""The analytics on the pump: an app for each topic that rules read, all of them into `alerts`."""

import csv
from datetime import date
from pathlib import Path

from schemas.alerts import Alert
from schemas.topics import ALERT_INPUTS, ALERTS, BY_NAME
from services.analytics import rules_file
from services.analytics.core.alerts import Engine
from services.analytics.core.memory import VenueState, initial
from services.runtime.service import Service
from services.runtime.settings import Settings, SettingsError

VERSION = 1
"""Of the state's layout and of what measures mean (design §6); the rules are no part of it."""

_EPOCH = date(1970, 1, 1).toordinal()


def build(settings: Settings, topic: str) -> Service[VenueState]:
    """
    The rules over one topic as a service, by the settings' file of rules.

    Raises:
        SettingsError: the file, or the list of holidays, cannot be used.
    """
    names = [source.name for source in ALERT_INPUTS]
    if topic not in names:
        raise SettingsError(f"no rules over {topic!r}; topics are {', '.join(names)}")
    return service(topic, engine(settings, topic))


def engine(settings: Settings, topic: str) -> Engine:
    """
    The rules over a topic.

    Raises:
        SettingsError: as `build`.
    """
    found = rules_file.read(rules_path(settings))
    return Engine(topic, tuple(found.compiled()), found.hours(_holidays(settings)))


def topics_with_rules(settings: Settings) -> list[str]:
    """
    Names of the topics that an enabled rule reads.

    Raises:
        SettingsError: as `build`.
    """
    used = {rule.topic for rule in rules_file.read(rules_path(settings)).compiled()}
    return [source.name for source in ALERT_INPUTS if source.name in used]


def service(topic: str, rules: Engine) -> Service[VenueState]:
    """Rules over a topic as the pump runs them."""
    return Service(
        name=f"analytics-{topic}",
        version=VERSION,
        input=BY_NAME[topic],
        outputs={Alert: ALERTS},
        state=VenueState,
        initial=initial,
        step=rules.step,
        # Not the symbol: a gap of a venue is one alert, and an alias is said of another symbol.
        unit="venue",
    )


def rules_path(settings: Settings) -> Path:
    """
    Where the rules are.

    Raises:
        SettingsError: nobody said.
    """
    if settings.alert_rules is None:
        raise SettingsError("no rules: set VNTAPE_ALERT_RULES to a file as deploy/alerts.yaml")
    return settings.alert_rules


def _holidays(settings: Settings) -> frozenset[int]:
    """Days counted from 1 January 1970."""
    if settings.reference_data is None:
        return frozenset()
    path = settings.reference_data / "holidays.csv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            days = [row["effective_date"] for row in csv.DictReader(file)]
            return frozenset(date.fromisoformat(day).toordinal() - _EPOCH for day in days)
    except (OSError, KeyError, ValueError, UnicodeDecodeError) as e:
        raise SettingsError(f"cannot read the holidays of {path}: {e}") from e
