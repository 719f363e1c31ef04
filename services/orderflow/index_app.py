"""Bars of indices on the pump: the index values of `market` in, `bars` out."""

from functools import partial

from schemas.bars import Bar
from schemas.topics import BARS, MARKET
from services.orderflow.app import planned
from services.orderflow.core.index_bars import step
from services.orderflow.core.intervals import Plan
from services.orderflow.core.state import SymbolState, initial, is_open
from services.runtime.service import Service
from services.runtime.settings import Settings

VERSION = 1
"""Of the state's layout and of the results (design §6)."""


def build(settings: Settings) -> Service[SymbolState]:
    """
    The service: of the setting's bars those of time, for nothing of an index is a trade.

    Raises:
        SettingsError: the setting names no bars.
    """
    return Service(
        name="orderflow-index",
        version=VERSION,
        input=MARKET,
        outputs={Bar: BARS},
        state=SymbolState,
        initial=initial,
        step=partial(step, Plan(planned(settings).times, ())),
        is_open=is_open,
    )
