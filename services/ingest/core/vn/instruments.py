"""
What a Vietnamese instrument is by its code, and the prices at which it may trade.

Sources: reference of market rules after KRX; checked against the steps, ceilings and floors
of the captures. What is general knowledge only is marked [gk].
"""

import re
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import NamedTuple

from schemas.market import InstrumentKind
from services.ingest.core.vn.futures import parse_code
from services.ingest.core.vn.schedule import Exchange

Steps = tuple[tuple[float, float], ...]
"""`(from_price, step)`, ascending; a step holds from its price on."""

INDEX_MULTIPLIER = 100_000
"""VND a point of an index future, VN30 and VN100."""
BOND_MULTIPLIER = 10_000
"""Bonds of 100,000 VND in a contract of GB05 and GB10: 1 billion VND (HNX's specification)."""

FUTURE_STEPS: Steps = ((0, 0.1),)
_HOSE_STEPS: Steps = ((0, 10), (10_000, 50), (50_000, 100))  # the 10 is [gk]
_HOSE_FUND_STEPS: Steps = ((0, 10),)  # [gk]
_HNX_STEPS: Steps = ((0, 100),)

_LIMITS: dict[Exchange, Decimal] = {
    "HOSE": Decimal("0.07"),
    "HNX": Decimal("0.10"),
    "UPCOM": Decimal("0.15"),
    "DERIVATIVES": Decimal("0.07"),
}
_FIRST_DAY_LIMITS: dict[Exchange, Decimal] = {
    "HOSE": Decimal("0.20"),  # [gk]
    "HNX": Decimal("0.30"),
    "UPCOM": Decimal("0.40"),
    "DERIVATIVES": Decimal("0.07"),
}
_BOARD_LOT = 100

_KINDS: tuple[tuple[re.Pattern[str], InstrumentKind], ...] = (
    (
        re.compile(
            r"VNINDEX|VN30|VN100|VNALL|VNMID|VNSML|VNX50|VNXALL|VNXALLSHARE|VNDIAMOND|VNFINLEAD"
            r"|VNFINSELECT|VNSI|HNXINDEX|HNX30|HNX30INDEX|HNXUPCOMINDEX|UPCOMINDEX"
        ),
        "index",
    ),
    (re.compile(r"E1VFVN30|FUE[A-Z0-9]{5}"), "etf"),
    (re.compile(r"FUC[A-Z0-9]{5}"), "fund"),
    (re.compile(r"C[A-Z0-9]{3}\d{4}"), "cw"),
    (re.compile(r"[A-Z0-9]{3}\d{6}"), "bond"),
    (re.compile(r"(?=.*[A-Z])[A-Z0-9]{3}"), "stock"),
)


class Limits(NamedTuple):
    """The day's highest and lowest price, in the instrument's quote unit."""

    ceiling: float
    floor: float


def kind_of(code: str) -> InstrumentKind | None:
    """
    The kind that the form of a code says, None when it says none (a spread `42…`, a name).

    Forms but futures' are [gk]: three characters a stock, E1VFVN30 and FUE + 5 an ETF, FUC + 5
    a closed fund, C + stock + 4 digits a covered warrant, stock + 6 digits a bond.
    """
    if parse_code(code) is not None:
        return "future"
    return next((kind for form, kind in _KINDS if form.fullmatch(code)), None)


def price_steps(exchange: Exchange, kind: InstrumentKind) -> Steps:
    """The steps of a price; empty for what has none known (an index, a bond)."""
    if kind == "future":
        return FUTURE_STEPS
    if kind not in ("stock", "etf", "cw", "fund"):
        return ()
    if exchange == "HOSE":
        return _HOSE_STEPS if kind in ("stock", "fund") else _HOSE_FUND_STEPS
    return _HNX_STEPS


def step_at(steps: Steps, price: float) -> float:
    """
    The step that holds at `price`.

    Raises:
        ValueError: when there are no steps, or the price is below the first.
    """
    for start, step in reversed(steps):
        if price >= start:
            return step
    raise ValueError(f"no price step holds at {price}")


def is_on_step(steps: Steps, price: float) -> bool:
    """Whether an order may have this price."""
    return _exact(price) % _exact(step_at(steps, price)) == 0


def price_limits(
    reference: float, exchange: Exchange, kind: InstrumentKind, first_day: bool = False
) -> Limits | None:
    """
    Ceiling and floor of a day: the reference and its band, rounded into it to a step.

    Where that leaves no room, one step each way; a floor is never 0 or less [gk]. The step is
    that of the price being rounded.

    Args:
        first_day: the first day of trading, or the one after 25 days without.

    Returns:
        None where the sources have no rule: a covered warrant's band is its underlying's, an
        index and a bond have none.

    Raises:
        ValueError: when the reference is not a positive price.
    """
    if not 0 < reference < float("inf"):
        raise ValueError(f"a reference price must be positive, was {reference}")
    steps = price_steps(exchange, kind)
    if kind == "cw" or not steps:
        return None
    price = _exact(reference)
    band = price * (_FIRST_DAY_LIMITS if first_day else _LIMITS)[exchange]
    ceiling, floor = _down(price + band, steps), _up(price - band, steps)
    if ceiling <= price:
        ceiling = price + _exact(step_at(steps, reference))
        ceiling = _down(ceiling, steps)
    if floor >= price:
        below = _down(price - _exact(step_at(steps, reference)), steps)
        floor = below if below > 0 else price
    return Limits(float(ceiling), float(floor))


def lot(kind: InstrumentKind) -> int:
    """The unit of an order on the main board: shares 100, contracts 1, an index 1."""
    return _BOARD_LOT if kind in ("stock", "etf", "cw", "fund") else 1


def _exact(number: float) -> Decimal:
    # By its shortest decimal form: a price is written, so 1719.5 and 0.1 mean just that.
    return Decimal(repr(float(number)))


def _down(price: Decimal, steps: Steps) -> Decimal:
    step = _exact(step_at(steps, float(price)))
    return (price / step).to_integral_value(ROUND_FLOOR) * step


def _up(price: Decimal, steps: Steps) -> Decimal:
    step = _exact(step_at(steps, float(price)))
    return (price / step).to_integral_value(ROUND_CEILING) * step
