"""The services on the pump, by name."""

import importlib
from typing import Any

from services.runtime.service import Service
from services.runtime.settings import Settings

COMPUTING = ("classifier", "board")
"""Each is `services.<name>.app`: `SERVICE`, or `build(settings)` where settings decide its step."""


def declared(name: str, config: Settings) -> Service[Any]:
    """
    What a service of `COMPUTING` declares, with these settings.

    Raises:
        SettingsError: naming what the service needs and nobody has set.
    """
    app = importlib.import_module(f"services.{name}.app")
    service: Service[Any] = app.build(config) if hasattr(app, "build") else app.SERVICE
    return service
