"""All of a tape's day against the truth: symbol by symbol, index by index."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from services.report.truth import figures, prints
from services.report.truth.kept import Tables
from services.report.truth.sides import Sides, share
from services.report.truth.told import Truth

ASPECTS = ("prints", "flow", "foreign", "auctions", "board")


@dataclass(frozen=True, slots=True)
class SymbolDay:
    """
    One symbol: counts of the tape and of the truth, its sides, and aspect -> what differs.

    Volumes in shares or contracts, values in VND.
    """

    symbol: str
    prints: tuple[int, int]
    volume: tuple[float, int]
    value: tuple[int, int]
    sides: Sides
    faults: Mapping[str, list[str]]

    def as_json(self) -> dict[str, Any]:
        """For programs; pairs are (tape, truth)."""
        return {
            "symbol": self.symbol,
            "prints": self.prints,
            "volume": self.volume,
            "value": self.value,
            "sides": self.sides.as_json(),
            "faults": {aspect: found for aspect, found in self.faults.items() if found},
        }


@dataclass(frozen=True, slots=True)
class IndexDay:
    """One index: values of the tape and of the truth, and what differs."""

    name: str
    values: tuple[int, int]
    faults: list[str]


@dataclass(slots=True)
class Verdict:
    """Everything; the tape is the truth when there is no fault and the sides agree enough."""

    day: str
    least: float
    symbols: list[SymbolDay] = field(default_factory=list)
    indices: list[IndexDay] = field(default_factory=list)
    sides: Sides = field(default_factory=Sides)
    strangers: list[str] = field(default_factory=list)

    @property
    def agreement(self) -> float:
        """Per cent of the sides in continuous trading that are the true ones."""
        found = share(self.sides.published)
        return 100.0 if found is None else found

    @property
    def wrong(self) -> int:
        """Symbols and indices with a fault."""
        lines: list[SymbolDay | IndexDay] = [*self.symbols, *self.indices]
        return sum(_is_wrong(line) for line in lines) + len(self.strangers)

    @property
    def holds(self) -> bool:
        """Whether the tape is the truth."""
        return not self.wrong and self.agreement >= self.least and not self.sides.elsewhere


def _is_wrong(line: SymbolDay | IndexDay) -> bool:
    found = line.faults
    return any(found.values()) if isinstance(found, Mapping) else bool(found)


def compare(truth: Truth, tables: Tables, least: float) -> Verdict:
    """
    The verdict, symbols by name, those that differ first.

    Args:
        least: per cent of sides in continuous trading that must be the true ones.
    """
    found = Verdict(truth.day, least)
    for symbol in sorted(truth.symbols):
        line = _symbol(symbol, truth, tables)
        found.symbols.append(line)
        found.sides.take(line.sides)
    found.symbols.sort(key=lambda line: (not _is_wrong(line), line.symbol))
    if "MI" in truth.channels:
        for name, true in sorted(truth.indices.items()):
            rows = tables.indices.get(name, {})
            faults = list(figures.faults_of_index(name, true, rows))
            found.indices.append(IndexDay(name, (len(rows), len(true)), faults))
    found.strangers = sorted(set(tables.prints) - set(truth.symbols))
    return found


def _symbol(symbol: str, truth: Truth, tables: Tables) -> SymbolDay:
    sums = truth.symbols[symbol]
    true, kept = truth.prints.get(symbol, []), tables.prints.get(symbol, [])
    multiplier, pairs = sums["multiplier"], prints.paired(true, kept)
    told, expected = (
        {phase: prices for (each, phase), prices in estimates.items() if each == symbol}
        for estimates in (truth.estimates, tables.estimates)
    )
    faults: dict[str, list[str]] = {
        "prints": [
            *prints.faults_of_prints(true, kept, pairs),
            *prints.faults_of_sums(kept, sums, multiplier),
        ],
        "flow": list(prints.faults_of_flow(pairs, sums, multiplier, tables.flow.get(symbol, {}))),
        "auctions": list(prints.faults_of_auctions(pairs, true, told, expected, tables.sampled)),
        "board": list(figures.faults_of_board(sums, truth.channels, tables.board.get(symbol))),
        "foreign": [],
    }
    if "R" in truth.channels:
        row = tables.foreign.get(symbol)
        faults["foreign"] += figures.faults_of_foreign(sums, row, true)
    return SymbolDay(
        symbol,
        (len(kept), len(true)),
        (sum(each.volume for each in kept), sums["total_volume"]),
        (prints.value_of(kept, multiplier), sums["total_value"]),
        prints.sides_of(pairs),
        faults,
    )
