"""The completeness of a tape, for people."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from rich.console import Console

from schemas.keys import venue_of
from schemas.market import Gap
from services.report.completeness import Line, Pair, covered
from services.report.official import Official
from services.report.tables import draw

HEAD = (
    "symbol",
    "day",
    "prints",
    "sum of prints",
    "in gaps",
    "vendor's total",
    "covered %",
    "gaps",
    "repeats",
    "",
)
APART = (
    "symbol",
    "day",
    "foreign bought / sold",
    "R",
    "of deltas",
    "odd lots",
    "put-through",
)
OFFICIAL = (
    "symbol",
    "day",
    "prints + gaps",
    "matched",
    "traded",
    "foreign bought / sold",
    "of R",
    "",
)
_VIETNAM = timedelta(hours=7)


def show(console: Console, lines: Sequence[Line], venue_gaps: Sequence[Gap]) -> None:
    """Tables of symbol-days, of gaps with their bounds, of what does not add up, and a summary."""
    draw(console, "Completeness", HEAD, [_row(line) for line in lines])
    if apart := [_apart(line) for line in lines if _has_more(line)]:
        draw(console, "Beside the main board's prints", APART, apart)
    if official := [_official(line, line.official) for line in lines if line.official]:
        draw(console, "The vendor's official figures (DailyStockPrice)", OFFICIAL, official)
    gaps = [gap for line in lines for gap in line.gaps] + list(venue_gaps)
    if gaps:
        draw(
            console,
            "Gaps (times of the venue)",
            ("symbol", "cause", "channel", "from", "to", "missing"),
            [_gap_row(gap) for gap in sorted(gaps, key=lambda gap: gap.seq)],
        )
    for line in lines:
        for note in line.notes:
            console.print(f"[yellow]{line.symbol} {line.day}: {note}[/yellow]", highlight=False)
        for fault in line.faults:
            console.print(f"[red]{line.symbol} {line.day}: {fault}[/red]", highlight=False)
    console.print(summary(lines), highlight=False)


def summary(lines: Sequence[Line]) -> str:
    """One line: `completeness 100.00 % (30 symbols)`, and how many symbol-days do not add up."""
    share = covered(lines)
    symbols = len({line.symbol for line in lines})
    said = "unknown" if share is None else f"{_percent(share)} %"
    text = f"completeness {said} ({symbols} symbol{'s' if symbols != 1 else ''})"
    if wrong := sum(bool(line.faults) for line in lines):
        text += f", {wrong} of {len(lines)} symbol-days do not add up"
    if unknown := sum(line.total is None for line in lines):
        text += f", {unknown} without the vendor's total (their raw records are gone)"
    return text


def _percent(share: float) -> str:
    """Two decimals, never rounded up to 100."""
    return f"{share:.2f}" if share >= 100 else f"{int(share * 100) / 100:.2f}"


def _row(line: Line) -> tuple[str, ...]:
    return (
        line.symbol,
        line.day,
        f"{line.prints:,}",
        f"{line.found:,}",
        f"{line.missing:,}",
        _number(line.total),
        "-" if line.covered is None else _percent(line.covered),
        str(len(line.gaps)),
        f"{line.repeats:,}",
        "[red]DIFFERS[/red]" if line.faults else "[green]adds up[/green]",
    )


def _has_more(line: Line) -> bool:
    return any((line.foreign, line.raw_foreign, line.odd_lots, line.put_through))


def _apart(line: Line) -> tuple[str, ...]:
    return (
        line.symbol,
        line.day,
        _pair(line.foreign),
        _pair(line.raw_foreign),
        _pair(line.grown) if line.foreign else "-",
        _number(line.odd_lots),
        _number(line.put_through),
    )


def _official(line: Line, official: Official) -> tuple[str, ...]:
    same = line.found + line.missing == official.matched and not line.notes
    return (
        line.symbol,
        line.day,
        _number(line.found + line.missing),
        _number(official.matched),
        _number(official.traded),
        _pair(official.foreign),
        _pair(line.foreign),
        "[green]same[/green]" if same else "[red]DIFFERS[/red]",
    )


def _gap_row(gap: Gap) -> tuple[str, ...]:
    missing = gap.missing_volume if gap.missing_count is None else gap.missing_count
    unit = "" if missing is None else (" ids" if gap.missing_count is not None else " shares")
    return (
        gap.symbol if gap.symbol != "*" else f"all of {gap.venue}",
        gap.cause,
        gap.channel,
        _time(gap.from_ts_ms, gap.symbol),
        _time(gap.to_ts_ms, gap.symbol),
        "unknown" if missing is None else f"{missing:,}{unit}",
    )


def _time(ts_ms: int, symbol: str) -> str:
    at = datetime.fromtimestamp(ts_ms / 1000, UTC)
    return f"{at + _VIETNAM if venue_of(symbol) == 'VN' else at:%Y-%m-%d %H:%M:%S}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.12g}"


def _pair(pair: Pair | None) -> str:
    return "-" if pair is None else f"{pair[0]:,} / {pair[1]:,}"
