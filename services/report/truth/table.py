"""The verdict on a tape, for people and for programs."""

from typing import Any

from rich.console import Console

from services.report.tables import draw
from services.report.truth.compare import ASPECTS, SymbolDay, Verdict
from services.report.truth.sides import SIDES, Sides, share

_MOST_FAULTS = 40
HEAD = (
    "symbol", "prints", "true", "volume", "value off", "sides right %", "without flag %", *ASPECTS,
)  # fmt: skip


def as_json(found: Verdict) -> dict[str, Any]:
    """For programs."""
    return {
        "day": found.day,
        "holds": found.holds,
        "summary": summary(found),
        "sides": found.sides.as_json(),
        "symbols": [line.as_json() for line in found.symbols],
        "indices": [
            {"index": line.name, "values": line.values, "faults": line.faults}
            for line in found.indices
        ],
        "strangers": found.strangers,
    }


def show(console: Console, found: Verdict) -> None:
    """A line a symbol, the sides by rule, the indices, what differs, and the verdict."""
    draw(console, f"Truth of {found.day}", HEAD, [_row(line) for line in found.symbols])
    _show_sides(console, found.sides)
    if found.indices:
        rows = [
            (line.name, f"{line.values[0]:,}", f"{line.values[1]:,}", _mark(not line.faults))
            for line in found.indices
        ]
        draw(console, "Indices", ("index", "values", "true", ""), rows)
    faults = [
        f"{line.symbol}: {fault}"
        for line in found.symbols
        for each in line.faults.values()
        for fault in each
    ]
    faults += [f"{line.name}: {fault}" for line in found.indices for fault in line.faults]
    faults += [f"{symbol}: was never listed that day" for symbol in found.strangers]
    for fault in faults[:_MOST_FAULTS]:
        console.print(f"[red]{fault}[/red]", highlight=False)
    if more := len(faults) - _MOST_FAULTS:
        console.print(f"… and {more:,} more (--json has all)") if more > 0 else None
    console.print(summary(found), highlight=False)


def summary(found: Verdict) -> str:
    """
    One line: `truth of 2026-11-20: EXACT: 104 symbols, 24,512 prints, 4 indices; sides 99.95 %
    right (at least 99 %)`.
    """
    prints = sum(line.prints[0] for line in found.symbols)
    true = sum(line.prints[1] for line in found.symbols)
    counts = f"{prints:,}" if prints == true else f"{prints:,} of {true:,}"
    said = (
        f"{len(found.symbols)} symbols, {counts} prints, {len(found.indices)} indices; "
        f"sides {_percent(share(found.sides.published))} % right (at least {found.least:g} %)"
    )
    if found.sides.elsewhere:
        said += f", {found.sides.elsewhere:,} prints of auctions not neutral"
    if found.wrong:
        said += f"; {found.wrong} symbols and indices differ"
    return f"truth of {found.day}: {'EXACT' if found.holds else 'DIFFERS'}: {said}"


def _row(line: SymbolDay) -> tuple[str, ...]:
    return (
        line.symbol,
        f"{line.prints[0]:,}",
        f"{line.prints[1]:,}",
        f"{line.volume[0]:,.12g}",
        f"{line.value[0] - line.value[1]:+,}" if line.value[0] != line.value[1] else "0",
        _percent(share(line.sides.published)),
        _percent(share(line.sides.inferred)),
        *(_mark(not line.faults[aspect]) for aspect in ASPECTS),
    )


def _show_sides(console: Console, sides: Sides) -> None:
    rows = [
        (
            rule,
            f"{counted.total():,}",
            f"{counted[True]:,}",
            _percent(100 * counted[True] / counted.total()),
        )
        for rule, counted in sorted(sides.rules.items(), key=lambda item: -item[1].total())
    ]
    title = "Aggressor without the vendor's flag, by rule, in the continuous session"
    draw(console, title, ("rule", "prints", "right", "right %"), rows)
    given = [*SIDES, "unknown"]
    confusion = [
        (
            true,
            *(f"{sides.published[true, each]:,}" for each in given),
            *(f"{sides.inferred[true, each if each != 'unknown' else None]:,}" for each in given),
        )
        for true in SIDES
    ]
    head = ("true", *given, *(f"inferred {each}" for each in given))
    draw(console, "True side against the published, and against the inferred", head, confusion)


def _mark(good: bool) -> str:
    return "[green]exact[/green]" if good else "[red]DIFFERS[/red]"


def _percent(value: float | None) -> str:
    """Two decimals, never rounded up to 100."""
    if value is None:
        return "-"
    return f"{value:.2f}" if value >= 100 else f"{int(value * 100) / 100:.2f}"
