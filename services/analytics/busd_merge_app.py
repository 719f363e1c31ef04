"""
The BUSD flow on the pump, step 2: one worker puts the partials of a second together when all
partitions have passed it (design §7).
"""

from functools import partial

from schemas.busd_forecasts import BusdForecast
from schemas.topics import BUSD_FORECASTS, BUSD_PARTIALS
from services.analytics.busd_app import of
from services.analytics.core.busd_merge import MergeState, initial, merge
from services.runtime.service import Service
from services.runtime.settings import Settings

VERSION = 1
"""Of the state's layout and of the results (design §6)."""


def build(settings: Settings) -> Service[MergeState]:
    """The service."""
    return Service(
        name="analytics-busd-merge",
        version=VERSION,
        input=BUSD_PARTIALS,
        outputs={BusdForecast: BUSD_FORECASTS},
        state=MergeState,
        initial=initial,
        step=partial(merge, of(settings)),
        unit="venue",
    )
