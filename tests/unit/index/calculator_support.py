"""Candles for the calculator's tests, and the owner's algorithm as his document writes it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta

from services.index.core.calculator import Calculation, Candle, Holding
from services.index.core.timepoints import LOCAL, timepoints

FRIDAY, MONDAY = date(2026, 1, 2), date(2026, 1, 5)
"""The weekend between them, and 1 January, have no candles."""
HOLDINGS = [
    Holding("VCB", 5_589_091_262, 0.11),
    Holding("FPT", 1_471_069_183, 0.85),
    Holding("HPG", 6_396_250_200, 0.55),
]


def what(**more: object) -> Calculation:
    return Calculation(**{"start_date": FRIDAY, "end_date": MONDAY, **more})  # type: ignore[arg-type]


def at(day: date, hhmm: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(hhmm), LOCAL)


def days(
    symbols: Sequence[str] = ("VCB", "FPT", "HPG"),
    of: Sequence[date] = (FRIDAY, MONDAY),
    interval: timedelta = timedelta(minutes=5),
) -> list[Candle]:
    """A candle of every member at every timepoint, each with prices of its own."""
    found = []
    for n, symbol in enumerate(symbols):
        for d, day in enumerate(of):
            for k, begin in enumerate(timepoints(interval)):
                close = 20_000.0 * (n + 1) + 50 * ((7 * k + 3 * n + 11 * d) % 13)
                start = datetime.combine(day, begin, LOCAL)
                spread = 50.0 * (k % 4)
                found.append(
                    Candle(
                        symbol, start, close - 50, close + spread, close - 50 - spread, close,
                        100 * (k + n), 100.0 * (k + n) * close,
                    )
                )  # fmt: skip
    return found


def the_owners(
    candles: Iterable[Candle], holdings: Sequence[Holding], points: Sequence[tuple[date, str]]
) -> list[Mapping[str, float]]:
    """`TickVN30IndexCalculator.calculate`, line for line but for where its data comes from."""
    found = {(c.symbol, c.start): c for c in candles}
    result: list[Mapping[str, float]] = []
    base_total: float | None = None
    for day, hhmm in points:
        open_mc, high_mc, low_mc, close_mc = 0.0, 0.0, 0.0, 0.0
        total_volume, total_value = 0, 0.0
        for holding in holdings:
            candle = found[holding.symbol, at(day, hhmm)]
            assert holding.shares is not None
            assert holding.free_float is not None
            effective_shares = holding.shares * holding.free_float
            open_mc += candle.open * effective_shares
            high_mc += candle.high * effective_shares
            low_mc += candle.low * effective_shares
            close_mc += candle.close * effective_shares
            total_volume += candle.volume
            total_value += candle.value
        if base_total is None:
            base_total = close_mc
            row = dict.fromkeys(("open", "high", "low", "close"), 1000.0)
        else:
            row = {
                "open": (open_mc / base_total) * 1000,
                "high": (high_mc / base_total) * 1000,
                "low": (low_mc / base_total) * 1000,
                "close": (close_mc / base_total) * 1000,
            }
        result.append({**row, "volume": total_volume, "value": total_value})
    return result
