"""Tables for people: what a tape holds, how fast it was, how right, and whether it agrees."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from services.classifier.core.accuracy import Accuracy, table
from services.report.delays import percentile
from services.report.facts import Tape
from services.report.reconcile import Check

WIDEST = 300
"""Characters of a table, at most."""

MOST_INSTRUMENTS = 8
"""More of them have one account of the aggressor together."""


def draw(console: Console, title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """An aligned table, the first column left, the others right; never squeezed or cut."""
    drawn = Table(title=title, title_justify="left", title_style="bold", show_edge=False)
    for number, name in enumerate(head):
        drawn.add_column(name, justify="left" if number == 0 else "right")
    for row in rows:
        drawn.add_row(*row)
    spread(console, drawn)
    console.print()


def spread(console: Console, drawn: Table) -> None:
    """Print a table as wide as it is: on a narrow terminal an ellipsis would hide figures."""
    wide = console.options.update(max_width=WIDEST)
    drawn.width = console.measure(drawn, options=wide).maximum
    console.print(drawn)


def messages(console: Console, tape: Tape, rows: Mapping[str, Mapping[str, int]]) -> None:
    """Messages in, records and messages of topics, rows of tables, dead letters."""
    raw = sorted(tape.raw.lines.items())
    draw(
        console,
        "Messages in",
        ("feed", "type", "messages"),
        [(f"{tape.raw.feeds[venue]} {venue}", kind, f"{n:,}") for (venue, kind), n in raw],
    )
    draw(
        console,
        "Topics (a record of market is a frame: where one ends is chance, its messages are not)",
        ("topic", "records"),
        [(topic, f"{count:,}") for topic, count in sorted(tape.records.items())],
    )
    draw(
        console,
        "market",
        ("type", "messages"),
        [(kind, f"{symbols.total():,}") for kind, symbols in sorted(tape.market.items())],
    )
    stored = {name: sum(by_symbol.values()) for name, by_symbol in rows.items()}
    draw(
        console,
        "Tables",
        ("table", "rows"),
        [(name, f"{count:,}") for name, count in sorted(stored.items()) if count],
    )
    dead = sorted(tape.dead.items()) or [("none", 0)]
    draw(
        console, "Dead letters", ("reason", "messages"), [(reason, f"{n:,}") for reason, n in dead]
    )


def speed(console: Console, tape: Tape, stages: Mapping[str, list[float]]) -> None:
    """Throughput of the part played as fast as it goes; latency of the part played at 1x."""
    latency(console, "Latency of trades in the part played at 1x, ms", stages)
    times = sorted(ms for pairs in tape.raw.times.values() for _, ms in pairs)
    busy = busiest_seconds(times)
    console.print(f"Throughput of ingest at max speed: {busy:,.0f} raw messages/s\n")


def latency(console: Console, title: str, stages: Mapping[str, Sequence[float]]) -> None:
    """Percentiles of each stage; `stages` holds sorted milliseconds."""
    rows = [
        (
            name,
            f"{len(values):,}",
            f"{percentile(values, 0.5):.0f}",
            f"{percentile(values, 0.99):.0f}",
            f"{values[-1]:.0f}",
        )
        for name, values in stages.items()
        if values
    ]
    draw(console, title, ("stage", "trades", "p50", "p99", "max"), rows)


def busiest_seconds(times_ms: Sequence[int], window_ms: int = 2000) -> float:
    """Most messages in any two seconds, a second; 0 without messages."""
    best, start = 0, 0
    for end, at in enumerate(times_ms):
        while at - times_ms[start] > window_ms:
            start += 1
        best = max(best, end - start + 1)
    return best * 1000 / window_ms


def accuracy(console: Console, tape: Tape) -> None:
    """The inferred aggressor against the vendor's flag; of a whole market all in one."""
    counted = Accuracy()
    several = len({symbol for symbol, *_ in tape.verdicts}) > MOST_INSTRUMENTS
    for symbol, vendor, inferred, rule, confidence in tape.verdicts:
        counted.add("all" if several else symbol, vendor, inferred, rule, confidence)
    console.print("[bold]Aggressor: inferred without the flag, against the vendor's flag[/bold]")
    for line in table(counted):
        console.print(line, highlight=False)
    console.print()


def checks(console: Console, found: Sequence[Check]) -> bool:
    """The reconciliation; True when all agree."""
    draw(
        console,
        "Reconciliation",
        ("what", ""),
        [(c.what, "[green]agrees[/green]" if c.agrees else "[red]DIFFERS[/red]") for c in found],
    )
    for check in found:
        if not check.agrees:
            console.print(f"[red]{check.what}[/red]\n  left  {check.left}\n  right {check.right}")
    return all(c.agrees for c in found)
