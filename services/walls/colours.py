"""
The five colours of a Vietnamese price board, and who is active.

A price has the colour of a limit only where it equals it exactly: limits differ between exchanges
and are rounded to price steps, so no percentage tells them.
"""

from typing import Final

CEILING: Final = "#d65cff"
FLOOR: Final = "#35d0e8"
REFERENCE: Final = "#f4d03f"
UP: Final = "#2ecc71"
DOWN: Final = "#ff4d4f"
NEUTRAL: Final = "#9aa0a6"
"""No reference is known, or nobody was active."""
BUY, SELL = UP, DOWN
LINE: Final = "#5794f2"
SECOND: Final = "#ff9830"
BACKGROUND: Final = "transparent"

ZONES: Final = ((2, CEILING), (1, UP), (0, REFERENCE), (-1, DOWN), (-2, FLOOR))
"""What the database's function `zone` says of a price, and its colour."""


def css(zone: str) -> str:
    """SQL: the style of a cell of that zone (an expression), as Grafana's `styleField` wants it."""
    cases = " ".join(f"""WHEN {number} THEN '{{"color":"{colour}"}}'""" for number, colour in ZONES)
    return f"CASE {zone} {cases} END"


def css_of(price: str, row: str) -> str:
    """The same of a price of `row`, which has a reference, a ceiling and a floor."""
    return css(f'"${{tape}}".zone({price}, {row}.reference, {row}.ceiling, {row}.floor)')
