"""
Numbers of Vietnamese feeds, which come as floats, with float noise, as strings, or not at all.

Types for structs: bounds refuse infinities, negative numbers and what JSON could not carry on.
"""

from typing import Annotated

from msgspec import Meta

from services.ingest.core.feed import BadFrame

Price = Annotated[float, Meta(ge=0, lt=1e12)] | None
Quantity = Annotated[float, Meta(ge=0, lt=2**53)] | None
Value = Annotated[float, Meta(ge=0, lt=1e18)] | None
Room = Annotated[float, Meta(gt=-(2**53), lt=2**53)] | None
"""Foreign room may be overdrawn, so it may be negative."""

_NOISE = 1e-3


def whole(quantity: float, what: str) -> int:
    """
    A count of shares or contracts without its float noise.

    Raises:
        BadFrame: `bad_number` when it is no whole number.
    """
    number = int(quantity)
    if number == quantity:
        return number
    number = round(quantity)
    if abs(quantity - number) > _NOISE:
        raise BadFrame("bad_number", f"{what} must be whole, was {quantity}")
    return number


def whole_or_none(quantity: float | None, what: str) -> int | None:
    """The same of what may be absent."""
    return None if quantity is None else whole(quantity, what)


def money(value: float | None) -> float | None:
    """VND without float noise (185028289999.99728 is 185028290000); None where absent."""
    return None if value is None else float(round(value))
