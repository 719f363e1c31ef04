"""
What everybody knows of a simulated day before it begins, in the form of deploy/reference-data:
what no message of the exchange says, and a client of a real one has from elsewhere.
"""

import csv
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from services.simulator.core.plan import Plan
from services.simulator.core.prices import TENTHS, limits

_SOURCE = "the simulated exchange"


def write(plan: Plan, known: Path, out: Path) -> None:
    """
    The folder `known` once more, with the day's instruments and their prices, in `out`.

    Raises:
        OSError: it cannot be read, or written.
    """
    shutil.copytree(known, out, dirs_exist_ok=True)
    day = plan.day.date.isoformat()
    shares = [
        {"effective_date": day, "symbol": each.symbol, "exchange": each.exchange,
         "kind": each.kind, "source": _SOURCE}
        for each in plan.shares()
    ]  # fmt: skip
    prices = []
    for each in plan.instruments:
        unit = TENTHS if each.kind == "future" else 1
        ceiling, floor = limits(each.reference, each.exchange, each.kind, each.band)
        prices.append(
            {"effective_date": day, "symbol": each.symbol, "reference": each.reference / unit,
             "ceiling": ceiling / unit, "floor": floor / unit, "source": _SOURCE}
        )  # fmt: skip
    _add(out / "instruments.csv", shares)
    _add(out / "day-prices.csv", prices)


def _add(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Rows in the order of their days; the day's own win."""
    with path.open(newline="", encoding="utf-8") as file:
        known = csv.DictReader(file)
        columns, old = list(known.fieldnames or ()), list(known)
    new = list(rows)
    told = {(row["effective_date"], row["symbol"]) for row in new}
    every = [row for row in old if (row["effective_date"], row["symbol"]) not in told] + new
    every.sort(key=lambda row: str(row["effective_date"]))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(every)
