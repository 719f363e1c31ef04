"""The price board at the end of a demo's Vietnamese day, as the exchanges colour one."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from services.commands._board_style import colour, count, price
from services.demo.board import BoardLine
from services.report.derived import Row
from services.report.tables import spread

HEAD = (
    "symbol", "reference", "price", "change", "%", "volume", "active buy", "active sell", "phase"
)  # fmt: skip


def show(console: Console, title: str, lines: Sequence[BoardLine], indices: Sequence[Row]) -> None:
    """One line a share, prices in VND / 1,000, then the indices in points."""
    table = Table(title=title, title_justify="left", title_style="bold", show_edge=False)
    for name in HEAD:
        table.add_column(name, justify="left" if name in ("symbol", "phase") else "right")
    for line in lines:
        table.add_row(*_share(line))
    if indices:
        table.add_section()
    for row in indices:
        table.add_row(*_index(row))
    spread(console, table)
    console.print("purple ceiling, cyan floor, yellow reference, green up, red down", style="dim")
    console.print()


def _share(line: BoardLine) -> tuple[str, ...]:
    row, symbol, kind = line.row, line.symbol, line.row["kind"]
    painted = colour(row["last"], row["reference"], row["ceiling"], row["floor"])
    return (
        _paint(symbol, painted),
        _paint(price(row["reference"], symbol, kind), "yellow"),
        _paint(price(row["last"], symbol, kind), painted),
        _paint(_signed(row["change"], symbol, kind), painted),
        _paint(_percent(row["change_percent"]), painted),
        count(row["total_volume"]),
        count(line.active("buy")),
        count(line.active("sell")),
        row["phase"] or "-",
    )


def _index(row: Row) -> tuple[str, ...]:
    value, prior = row["value"], row.get("prior")
    change = None if prior is None else value - prior
    painted = colour(value, prior)
    return (
        _paint(row["symbol"], painted),
        _paint(price(prior, row["symbol"], "index"), "yellow"),
        _paint(price(value, row["symbol"], "index"), painted),
        _paint("-" if change is None else f"{change:+,.2f}", painted),
        _paint(_percent(100 * change / prior if change is not None and prior else None), painted),
        count(row.get("total_volume")),
        "",
        "",
        row.get("phase", "continuous"),
    )


def _signed(change: float | None, symbol: str, kind: str | None) -> str:
    if change is None:
        return "-"
    return ("+" if change > 0 else "") + price(change, symbol, kind)


def _percent(change: float | None) -> str:
    return "-" if change is None else f"{change:+.2f}"


def _paint(text: str, painted: str) -> str:
    return f"[{painted}]{text}[/{painted}]" if painted else text
