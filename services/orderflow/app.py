"""Order flow on the pump: `trades-classified` in, `bars` out."""

from functools import partial

from schemas.bars import Bar
from schemas.topics import BARS, TRADES_CLASSIFIED
from services.orderflow.core.bars import step
from services.orderflow.core.intervals import Plan, plan
from services.orderflow.core.state import SymbolState, initial, is_open
from services.runtime.service import Service
from services.runtime.settings import Settings, SettingsError

VERSION = 1
"""Of the state's layout and of the results (design §6)."""


def planned(settings: Settings) -> Plan:
    """
    The bars that the settings ask for.

    Raises:
        SettingsError: naming the word that is no bar.
    """
    try:
        return plan(settings.bars)
    except ValueError as e:
        raise SettingsError(f"VNTAPE_BARS: {e}") from None


def build(settings: Settings) -> Service[SymbolState]:
    """
    The service; bars that come into the setting later begin then.

    Raises:
        SettingsError: as `planned`.
    """
    return Service(
        name="orderflow",
        version=VERSION,
        input=TRADES_CLASSIFIED,
        outputs={Bar: BARS},
        state=SymbolState,
        initial=initial,
        step=partial(step, planned(settings)),
        is_open=is_open,
    )
