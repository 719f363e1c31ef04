"""The truth of a simulated day, read from the files beside its recording."""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq

MAIN = ("ato", "continuous", "atc", "plo")
"""Phases of the main board, whose prints make a symbol's total volume."""
_VIETNAM = timezone(timedelta(hours=7))
_DAY, _TRADES = "truth-day.json", "truth-trades.parquet"
_AUCTIONS, _INDICES = "truth-auctions.parquet", "truth-indices.parquet"


class NoTruth(ValueError):
    """A folder does not hold the truth of a day; the text says what is missing."""


class Print(NamedTuple):
    """A print of the main board; `total` is the volume of the day with it, prices as quoted."""

    total: int
    price: float
    volume: int
    phase: str
    aggressor: str
    time_ns: int


@dataclass(slots=True)
class Truth:
    """
    One day.

    Attributes:
        day: ISO.
        first_us, end_us: the day at UTC+7, µs since the epoch: seqs of its messages.
        channels: what the exchange told.
        symbols: symbol -> its sums, as truth-day.json has them.
        prints: symbol -> prints of the main board in the order of matching.
        estimates: (symbol, phase) -> the auction's expected prices, each that is not its
            predecessor's.
        indices: index in capitals -> second of the epoch -> its row of truth-indices.parquet.
    """

    day: str
    first_us: int
    end_us: int
    channels: frozenset[str]
    symbols: dict[str, dict[str, Any]]
    prints: dict[str, list[Print]] = field(default_factory=lambda: defaultdict(list))
    estimates: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    indices: dict[str, dict[int, dict[str, Any]]] = field(default_factory=dict)


def read(folder: Path) -> Truth:
    """
    The truth in a folder.

    Raises:
        NoTruth: a file of it is missing or damaged.
    """
    for name in (_DAY, _TRADES, _AUCTIONS, _INDICES):
        if not (folder / name).exists():
            raise NoTruth(
                f"{folder} has no {name}: name the folder of a day that `vntape simulate` wrote "
                "to its end with this version"
            )
    try:
        said = json.loads((folder / _DAY).read_text())
        start = datetime.fromisoformat(said["day"]).replace(tzinfo=_VIETNAM)
        found = Truth(
            said["day"],
            int(start.timestamp()) * 1_000_000,
            int((start + timedelta(days=1)).timestamp()) * 1_000_000,
            frozenset(said["channels"]),
            said["symbols"],
        )
        _read_prints(folder / _TRADES, found)
        _read_estimates(folder / _AUCTIONS, found)
        for row in pq.read_table(folder / _INDICES).to_pylist():
            found.indices.setdefault(row["index"].upper(), {})[row["time_ns"] // 10**9] = row
    # What pyarrow raises of a damaged file is a ValueError too.
    except (ValueError, KeyError, OSError) as e:
        raise NoTruth(f"the truth in {folder} cannot be read: {e!r}: record the day again") from e
    return found


def _read_prints(path: Path, found: Truth) -> None:
    names = ("symbol", "phase", "aggressor", "total_volume", "price", "volume", "time_ns")
    columns = pq.read_table(path, columns=list(names))
    lists = [columns[name].to_pylist() for name in names]
    for symbol, phase, aggressor, total, price, volume, time_ns in zip(*lists, strict=True):
        if phase in MAIN:
            found.prints[symbol].append(Print(total, price, volume, phase, aggressor, time_ns))


def _read_estimates(path: Path, found: Truth) -> None:
    for row in pq.read_table(path).to_pylist():
        prices = found.estimates.setdefault((row["symbol"], row["phase"]), [])
        if not prices or prices[-1] != row["expected_price"]:
            prices.append(row["expected_price"])
