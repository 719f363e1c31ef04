"""How often the inferred side is the vendor's, by instrument, rule and stated confidence."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from schemas.base import Side

BINS = (0.5, 0.7, 0.9, 0.97, 0.99, 1.0)
"""Edges of the calibration's bins; a bin holds its lower edge, the last one also the upper."""


@dataclass(slots=True)
class Tally:
    """Prints and, of them, those whose inferred side was the vendor's."""

    count: int = 0
    right: int = 0
    stated: float = 0.0

    @property
    def accuracy(self) -> float | None:
        """Share that was right; None without prints."""
        return self.right / self.count if self.count else None

    @property
    def confidence(self) -> float | None:
        """Mean of the stated confidences; None without prints."""
        return self.stated / self.count if self.count else None


@dataclass(slots=True)
class InstrumentAccuracy:
    """
    One instrument's prints.

    `judged` are those with both a flag and an inferred side: accuracy is over these.
    """

    trades: int = 0
    flagged: int = 0
    judged: Tally = field(default_factory=Tally)
    rules: dict[str, Tally] = field(default_factory=dict)
    bins: list[Tally] = field(default_factory=lambda: [Tally() for _ in BINS[1:]])


class Accuracy:
    """Feed it every trade once, in any order."""

    def __init__(self) -> None:
        self._instruments: dict[str, InstrumentAccuracy] = {}

    def add(
        self,
        symbol: str,
        vendor_side: Side | None,
        inferred_side: Side | None,
        rule: str | None,
        confidence: float | None,
    ) -> None:
        """Count one trade; the arguments are the fields of `trade_classified`."""
        found = self._instruments.get(symbol)
        if found is None:
            found = self._instruments[symbol] = InstrumentAccuracy()
        found.trades += 1
        if vendor_side is None:
            return
        found.flagged += 1
        if inferred_side is None:
            return
        stated = confidence or 0.0
        by_rule = found.rules.setdefault(rule or "", Tally())
        for tally in (found.judged, by_rule, found.bins[_bin_of(stated)]):
            tally.count += 1
            tally.right += inferred_side == vendor_side
            tally.stated += stated

    def instruments(self) -> Iterator[tuple[str, InstrumentAccuracy]]:
        """By symbol, in alphabetical order."""
        yield from sorted(self._instruments.items())


def _bin_of(confidence: float) -> int:
    for index, upper in enumerate(BINS[1:-1]):
        if confidence < upper:
            return index
    return len(BINS) - 2


def table(accuracy: Accuracy) -> list[str]:
    """
    The whole account as aligned lines of text.

    Per instrument one line, then one for each rule, the most used first, then the
    calibration: what was stated and what was right, by bins of the stated confidence.
    """
    rows = [("instrument", "trades", "flag known", "inferred", "right")]
    for symbol, found in accuracy.instruments():
        judged = found.judged
        counts = (f"{found.trades:,}", f"{found.flagged:,}", f"{judged.count:,}")
        rows.append((symbol, *counts, _percent(judged.accuracy)))
    out = [*_aligned(rows), ""]
    rows = [("instrument", "rule", "prints", "stated", "right")]
    for symbol, found in accuracy.instruments():
        by_use = sorted(found.rules.items(), key=lambda item: (-item[1].count, item[0]))
        rows += [(symbol, rule, *_shares(tally)) for rule, tally in by_use]
    out += [*_aligned(rows), ""]
    rows = [("instrument", "confidence", "prints", "stated", "right")]
    for symbol, found in accuracy.instruments():
        names = [f"{low:.2f} to {high:.2f}" for low, high in pairwise(BINS)]
        pairs = [(n, t) for n, t in zip(names, found.bins, strict=True) if t.count]
        rows += [(symbol, name, *_shares(tally)) for name, tally in pairs]
    return [*out, *_aligned(rows)]


def _shares(tally: Tally) -> tuple[str, str, str]:
    return f"{tally.count:,}", _percent(tally.confidence), _percent(tally.accuracy)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.2f} %"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns side by side: names to the left, numbers to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    left = [not any(row[i][:1].isdigit() for row in rows[1:]) for i in range(len(widths))]
    return [
        "  ".join(
            cell.ljust(width) if to_left else cell.rjust(width)
            for cell, width, to_left in zip(row, widths, left, strict=True)
        ).rstrip()
        for row in rows
    ]
