"""Whether a tape has all that a vendor says was traded, symbol by symbol and day by day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from schemas.keys import venue_of
from schemas.market import Gap
from services.report.held import Held
from services.report.independent import DayKey, SymbolDay
from services.report.official import Official

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Line:
    """
    One symbol-day.

    Attributes:
        unit: what `found`, `missing` and `total` count: shares by the day's volume, or trade ids.
        found: the sum of prints; of ids, all prints, those that are no market trades too.
        missing: of the gaps with known bounds and size.
        total: the vendor's; None when the raw records are gone and no print carries it.
        raw_foreign: bought and sold in the raw R; `foreign` in `market`; `grown` its growth.
        official: the vendor's figures after the close; None where the tape has none.
        notes: sentences on what differs and is no fault of the tape's.
        faults: sentences on what does not add up; empty when all does.
    """

    symbol: str
    day: str
    unit: str
    prints: int
    found: float
    missing: float
    total: float | None
    repeats: int
    gaps: tuple[Gap, ...]
    foreign: Pair | None
    grown: Pair
    raw_foreign: Pair | None
    odd_lots: float | None
    put_through: float | None
    official: Official | None = None
    notes: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()

    @property
    def covered(self) -> float | None:
        """Per cent of the total that the prints are; None where nothing was traded or known."""
        return 100 * self.found / self.total if self.total else None

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "symbol": self.symbol,
            "day": self.day,
            "unit": self.unit,
            "prints": self.prints,
            "found": self.found,
            "missing": self.missing,
            "total": self.total,
            "covered_percent": self.covered,
            "repeats": self.repeats,
            "foreign": self.foreign,
            "foreign_of_deltas": self.grown if self.foreign else None,
            "foreign_raw": self.raw_foreign,
            "odd_lot_volume": self.odd_lots,
            "put_through_volume": self.put_through,
            "gaps": [gap_json(gap) for gap in self.gaps],
            "official": self.official._asdict() if self.official else None,
            "notes": list(self.notes),
            "faults": list(self.faults),
        }


def gap_json(gap: Gap) -> dict[str, Any]:
    """A gap's bounds (ms since the epoch, UTC) and what is missing."""
    return {
        "cause": gap.cause,
        "channel": gap.channel,
        "from_ts_ms": gap.from_ts_ms,
        "to_ts_ms": gap.to_ts_ms,
        "missing_volume": gap.missing_volume,
        "missing_count": gap.missing_count,
    }


def compare(
    raw: Mapping[DayKey, SymbolDay],
    held: Mapping[DayKey, Held],
    official: Mapping[DayKey, Official] | None = None,
) -> list[Line]:
    """
    A line for each symbol-day in which something was traded, or foreigners or odd lots traded.

    `raw` is what plain JSON finds in the raw records; days that are not in it have lost them to
    retention, and their totals are those that the prints carry. Worst first: what does not add
    up, then what is covered least.
    """
    keys = {key for key, day in raw.items() if day.total or day.foreign or day.odd_lots}
    keys |= {key for key, day in held.items() if _says_something(day)}
    told = official or {}
    found = [_line(key, raw.get(key), held.get(key) or Held(), told.get(key)) for key in keys]
    return sorted(found, key=lambda line: (not line.faults, _share(line), line.symbol, line.day))


def covered(lines: Sequence[Line]) -> float | None:
    """Per cent that the prints of all lines are of their totals, of those that have one."""
    known = [line for line in lines if line.total]
    shares = [line.found / line.total for line in known if line.total]
    return 100 * sum(shares) / len(shares) if shares else None


def _says_something(day: Held) -> bool:
    return bool(day.prints or day.gaps or day.foreign or day.odd_lots)


def _share(line: Line) -> float:
    share = line.covered
    return 100.0 if share is None else share


def _line(key: DayKey, raw: SymbolDay | None, held: Held, official: Official | None) -> Line:
    symbol, day = key
    numbered = venue_of(symbol) != "VN"
    others = raw.others if raw else 0
    missing = sum((g.missing_count if numbered else g.missing_volume) or 0 for g in held.gaps)
    line = Line(
        symbol=symbol,
        day=day,
        unit="trade ids" if numbered else "shares",
        prints=held.prints,
        found=held.prints + others if numbered else held.volume,
        missing=missing,
        # Without X-TRADE (trades of another source) the prints' own total is all there is.
        total=raw.total if raw and raw.total else (None if numbered else held.total),
        repeats=raw.repeats if raw else 0,
        gaps=tuple(held.gaps),
        foreign=held.foreign,
        grown=held.grown,
        raw_foreign=raw.foreign if raw else None,
        odd_lots=held.odd_lots,
        put_through=held.put_through,
        official=official,
    )
    return _judged(line, held, raw)


def _judged(line: Line, held: Held, raw: SymbolDay | None) -> Line:
    faults = []
    if line.total is not None and line.found + line.missing != line.total:
        off = line.found + line.missing - line.total
        faults.append(
            f"prints {line.found:,} + gaps {line.missing:,} differ from the vendor's "
            f"{line.total:,} by {off:+,} {line.unit}"
        )
    if raw is not None and (raw.foreign or (0, 0)) != (held.foreign or (0, 0)):
        faults.append(f"foreign bought, sold {held.foreign} differ from R's {raw.foreign}")
    if held.foreign is not None and held.grown != held.foreign:
        faults.append(f"foreign deltas add up to {held.grown}, not to {held.foreign}")
    if raw is not None and (raw.odd_lots or 0) != (held.odd_lots or 0):
        faults.append(f"odd lots {held.odd_lots} differ from OL's {raw.odd_lots}")
    if official := line.official:
        if off := line.found + line.missing - official.matched:
            faults.append(
                f"prints {line.found:,} + gaps {line.missing:,} differ from the official matched "
                f"volume {official.matched:,} by {off:+,} {line.unit}"
            )
        if official.foreign and official.foreign != (line.foreign or (0, 0)):
            note = f"foreign bought, sold {line.foreign}; officially {official.foreign}"
            return replace(line, faults=tuple(faults), notes=(note,))
    return replace(line, faults=tuple(faults))
