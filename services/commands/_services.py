"""The services on the pump, by name."""

import importlib
from typing import Any

from schemas.topics import ALERTS
from services.runtime.service import Service
from services.runtime.settings import Settings

COMPUTING = (
    "classifier",
    "board",
    "foreign",
    "orderflow",
    "orderflow-index",
    "index",
    "index-merge",
    "derivatives",
    *ALERTS.producers,
    "analytics-busd",
    "analytics-busd-merge",
)
"""
Each is `services.<name>.app`: `SERVICE`, or `build(settings)` where settings decide its step.

The second app of a service is `<service>-<name>`, in `services.<service>.<name>_app`; of the
analytics `analytics-<topic>` are the rules over that topic.
"""


def declared(name: str, config: Settings) -> Service[Any]:
    """
    What a service of `COMPUTING` declares, with these settings.

    Raises:
        SettingsError: naming what the service needs and nobody has set.
    """
    folder, _, second = name.partition("-")
    if name in ALERTS.producers:
        from services.analytics.app import build

        return build(config, second)
    module = f"{second.replace('-', '_')}_app" if second else "app"
    app = importlib.import_module(f"services.{folder}.{module}")
    service: Service[Any] = app.build(config) if hasattr(app, "build") else app.SERVICE
    return service
