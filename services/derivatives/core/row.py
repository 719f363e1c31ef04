"""The row of one contract, when it says something new."""

from hashlib import blake2b
from typing import Any

import msgspec

from schemas.basis import Basis
from schemas.days import iso
from schemas.keys import venue_of
from services.derivatives.core.contracts import mid, points
from services.derivatives.core.state import (
    PARTS,
    Contract,
    Options,
    UnderlyingState,
    days_until,
)
from services.derivatives.core.windows import FIELDS, windows

YEAR_DAYS = 365
_PERCENT_DECIMALS = 4

_encode = msgspec.msgpack.Encoder().encode


def row_of(contract: Contract, state: UnderlyingState, seq: int, options: Options) -> Basis | None:
    """The row at `seq`, remembered as published; None when the last one says the same."""
    row = _row(contract, state, seq, options)
    said = msgspec.structs.replace(row, seq=0, ts_ms=0, feed="")
    shown = blake2b(_encode(said), digest_size=8).digest()
    if shown == contract.shown:
        return None
    contract.shown = shown
    return row


def _row(contract: Contract, state: UnderlyingState, seq: int, options: Options) -> Basis:
    day = contract.figures
    holder = state.holders.get(contract.continuous or "")
    since = holder.since if holder is not None else None
    settles = days(contract, state) == 0
    return Basis(
        symbol=contract.name,
        feed=contract.feed,
        seq=seq,
        ts_ms=seq // 1000,
        venue=venue_of(contract.name),
        day=iso(state.day),
        underlying=state.name,
        alias=contract.alias,
        continuous=contract.continuous,
        continuous_since=since,
        roll=since == iso(state.day),
        phase=state.derivatives.phase,
        future=points(day.price),
        spot=points(state.spot),
        spot_kind=state.spot_kind,
        last_trading_day=contract.last_trading_day,
        rate=options.rate,
        dividend_yield=options.dividend_yield,
        total_volume=day.total_volume,
        open_interest=day.open_interest,
        open_interest_prior=day.open_interest_prior,
        foreign_net_volume=day.foreign_net,
        settlement_estimate=points(state.settlement.mean()) if settles else None,
        settlement_values=state.settlement.count if settles else None,
        **_against(day.price, state.spot, "basis"),
        **_against(mid(day), state.spot, "mid_basis"),
        **_fair(contract, state, options),
        **_moving(contract, state, seq, options),
    )


def days(contract: Contract, state: UnderlyingState) -> int | None:
    """Calendar days to expiry; None when the last trading day is unknown."""
    last = contract.last_trading_day
    return None if last is None else days_until(state.day, last)


def _against(price: float | None, spot: int | None, name: str) -> dict[str, Any]:
    """A price less the spot, in points and in % of the spot."""
    if price is None or not spot:
        return {name: None, f"{name}_percent": None}
    percent = round(100 * (price - spot) / spot, _PERCENT_DECIMALS)
    return {name: (price - spot) / PARTS, f"{name}_percent": percent}


def _fair(contract: Contract, state: UnderlyingState, options: Options) -> dict[str, Any]:
    left, spot, price = days(contract, state), state.spot, contract.figures.price
    fair = carry = None
    if left is not None and left >= 0 and spot:
        yearly = options.rate - options.dividend_yield
        fair = spot / PARTS * (1 + yearly * left / YEAR_DAYS)
        if left and price is not None:
            carry = (price / spot - 1) * YEAR_DAYS / left
    return {"days_to_expiry": left, "fair_value": fair, "carry": carry}


def _moving(
    contract: Contract, state: UnderlyingState, seq: int, options: Options
) -> dict[str, Any]:
    """What changes as time goes: ages and windows."""
    day, second = contract.figures, state.derivatives.second(seq)
    spot_stale = future_stale = None
    if state.spot is not None:
        spot_stale = state.stocks.second(seq) - state.spot_second > options.stale_spot_s
    if day.told is not None:
        future_stale = second - day.told > options.stale_future_s
    stale = bool(spot_stale or future_stale)
    known = bool(day.history) and not stale
    moved = windows(day.history, second) if known else dict.fromkeys(FIELDS)
    ages = {"spot_stale": spot_stale, "future_stale": future_stale, "stale": stale}
    return ages | moved
