"""Derivatives on the pump: `market` in, `basis` out."""

from functools import partial

from schemas.basis import Basis
from schemas.topics import BASIS, MARKET
from services.derivatives.core.basis import is_open, step
from services.derivatives.core.state import Options, UnderlyingState, initial
from services.runtime.service import Service
from services.runtime.settings import Settings, SettingsError

VERSION = 1
"""Of the state's layout and of the results (design §6)."""


def build(settings: Settings) -> Service[UnderlyingState]:
    """
    The service with an operator's rates.

    Raises:
        SettingsError: a rate is not set: no fair value rests on a number that nobody chose.
    """
    rate, dividends = settings.derivatives_rate, settings.derivatives_dividend_yield
    if rate is None:
        raise SettingsError(
            "VNTAPE_DERIVATIVES_RATE is not set: fair values of futures rest on a financing rate "
            "a year, a ratio as 0.045 (services/derivatives/README.md says where to look)"
        )
    if dividends is None:
        raise SettingsError(
            "VNTAPE_DERIVATIVES_DIVIDEND_YIELD is not set: fair values of futures rest on the "
            "index's dividends a year, a ratio as 0.015 (services/derivatives/README.md says where "
            "to look)"
        )
    options = Options(
        rate=rate,
        dividend_yield=dividends,
        stale_spot_s=settings.derivatives_stale_spot_s,
        stale_future_s=settings.derivatives_stale_future_s,
    )
    return Service(
        name="derivatives",
        version=VERSION,
        input=MARKET,
        outputs={Basis: BASIS},
        state=UnderlyingState,
        initial=initial,
        step=partial(step, options),
        unit="routing_key",
        is_open=is_open,
    )
