"""The calculator's input and output as CSV that people and spreadsheets write."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO, TypeVar

from services.index.core.calculator import Candle, Holding, IndexCandle
from services.index.core.ticks import Tick
from services.index.core.timepoints import LOCAL

T = TypeVar("T")
Row = dict[str, str]

BARS = ("symbol", "time", "open", "high", "low", "close", "volume")
TICKS = ("symbol", "time", "price", "volume")
SHARES = ("symbol", "shares")
INDEX = ("time", "open", "high", "low", "close", "volume", "value")


def bars(path: Path) -> Iterator[Candle]:
    """
    Columns `BARS`, perhaps `value`; `time` is ISO, without an offset local (UTC+7).

    Raises:
        ValueError: naming file and line.
    """
    return _read(path, BARS, _bar)


def ticks(path: Path) -> Iterator[Tick]:
    """Columns `TICKS`; see `bars`."""
    return _read(path, TICKS, _tick)


def holdings(path: Path, effective: str | None = None) -> list[Holding]:
    """
    Columns `SHARES`, perhaps `free_float`; an empty field is unknown. See `bars`.

    Args:
        effective: of a file with the column `effective_date` (deploy/reference-data), the lines
            of the newest date up to this one count.
    """
    rows = list(_read(path, SHARES, dict))
    dates = {row["effective_date"] for row in rows if row.get("effective_date")}
    if effective is not None and dates:
        current = max((day for day in dates if day <= effective), default="")
        rows = [row for row in rows if row["effective_date"] == current]
    return [_holding(row) for row in rows]


def write(candles: Iterable[IndexCandle], file: TextIO) -> None:
    """Columns `INDEX`; `time` is UTC, as in 2026-01-02T02:15:00Z."""
    out = csv.writer(file)
    out.writerow(INDEX)
    for candle in candles:
        at = f"{candle.start.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        prices = (candle.open, candle.high, candle.low, candle.close)
        out.writerow([at, *map(repr, prices), candle.volume, candle.value])


def _read(path: Path, columns: Sequence[str], make: Callable[[Row], T]) -> Iterator[T]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file)
        if missing := [name for name in columns if name not in (rows.fieldnames or ())]:
            raise ValueError(f"{path} line 1: lacks the columns {', '.join(missing)}")
        for row in rows:
            try:
                yield make(row)
            except (ValueError, TypeError) as e:  # TypeError: the line is too short
                raise ValueError(f"{path} line {rows.line_num}: {e}") from e


def _bar(row: Row) -> Candle:
    prices = [float(row[name]) for name in ("open", "high", "low", "close")]
    opened, high, low, close = prices
    value = float(row.get("value") or 0)
    at, volume = _time(row["time"]), int(float(row["volume"]))
    return Candle(row["symbol"], at, opened, high, low, close, volume, value)


def _tick(row: Row) -> Tick:
    price, volume = float(row["price"]), int(float(row["volume"]))
    return Tick(row["symbol"], _time(row["time"]), price, volume)


def _holding(row: Row) -> Holding:
    shares, ratio = row["shares"], row.get("free_float")
    return Holding(row["symbol"], int(shares) if shares else None, float(ratio) if ratio else None)


def _time(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo is not None else at.replace(tzinfo=LOCAL)
