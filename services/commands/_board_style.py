"""
Numbers as a Vietnamese price board shows them.

Prices of shares, funds and warrants stand in thousands of VND with two decimals (21750 is
21.75); futures and indices in points; other venues' prices in their quote unit. Colours are the
exchanges' own: ceiling purple, floor cyan, reference yellow, above it green, below it red.
Times are those of the venue: UTC+7 for Vietnam, UTC elsewhere.
"""

from datetime import UTC, datetime, timedelta, timezone

from schemas.keys import routing_key, venue_of

CEILING, FLOOR, REFERENCE, UP, DOWN = "magenta", "cyan", "yellow", "green", "red"

_VIETNAM = timezone(timedelta(hours=7))


def time(ts_ms: int, venue: str) -> str:
    """ms since the epoch as `2026-07-20 09:15:00.000+07`, or with a `Z` where it is UTC."""
    zone, mark = (_VIETNAM, "+07") if venue == "VN" else (UTC, "Z")
    return f"{datetime.fromtimestamp(ts_ms / 1000, zone):%Y-%m-%d %H:%M:%S.%f}"[:-3] + mark


def in_thousands(symbol: str, kind: str | None = None) -> bool:
    """
    Whether the board divides the symbol's prices by 1,000.

    `kind`, where it is known, tells an index, whose code looks like a share's.
    """
    if venue_of(symbol) != "VN" or kind in ("index", "future"):
        return False
    return routing_key(symbol) == symbol  # an index future's is its index


def price(value: float | None, symbol: str, kind: str | None = None) -> str:
    """A price as the board shows it; `-` where there is none."""
    if value is None:
        return "-"
    return f"{value / 1000:,.2f}" if in_thousands(symbol, kind) else f"{value:,.2f}"


def colour(
    value: float | None,
    reference: float | None,
    ceiling: float | None = None,
    floor: float | None = None,
) -> str:
    """The colour of a price of the day; none where the price or the reference is unknown."""
    if value is None:
        return ""
    if value == ceiling:
        return CEILING
    if value == floor:
        return FLOOR
    if reference is None:
        return ""
    if value == reference:
        return REFERENCE
    return UP if value > reference else DOWN


def billions(value: float | None) -> str:
    """VND as thousand millions (`tỷ đồng`), one decimal; `-` where unknown."""
    return "-" if value is None else f"{value / 1e9:,.1f}"


def count(value: float | None) -> str:
    """Shares, contracts or coins; `-` where unknown."""
    return "-" if value is None else f"{value:,.12g}"
