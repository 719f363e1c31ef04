"""
The BUSD flow on the pump, step 1: `market` in; patterns, and a partial a second of each
partition, out. Step 2 is `busd_merge_app`.
"""

from functools import partial

from schemas.busd_partials import BusdPartial
from schemas.busd_patterns import BusdPattern
from schemas.topics import BUSD_PARTIALS, BUSD_PATTERNS, MARKET
from services.analytics.core.busd_reduce import PartitionState, initial, is_open, step
from services.analytics.core.busd_rules import Rules, rules
from services.runtime.service import Service
from services.runtime.settings import Settings

VERSION = 1
"""Of the state's layout and of the results (design §6)."""


def of(settings: Settings) -> Rules:
    """What counts, by the settings."""
    return rules(
        settings.busd_min_volume,
        settings.busd_window_seconds,
        settings.busd_min_occurrences,
        settings.busd_cutoff,
    )


def build(settings: Settings) -> Service[PartitionState]:
    """The service; other settings mean other results, so a new tape or the day boundary."""
    return Service(
        name="analytics-busd",
        version=VERSION,
        input=MARKET,
        outputs={BusdPattern: BUSD_PATTERNS, BusdPartial: BUSD_PARTIALS},
        state=PartitionState,
        initial=initial,
        step=partial(step, of(settings)),
        unit="partition",
        is_open=is_open,
    )
