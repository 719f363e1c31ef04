"""What the market as a whole said at the end of a demo's Vietnamese day."""

from collections import Counter
from collections.abc import Sequence
from itertools import zip_longest

from rich.console import Console
from rich.table import Table

from services.commands._board_style import billions, colour, count, time
from services.report.derived import Derived, Row
from services.report.tables import spread

_LEADERS = {
    "foreign buyers": "foreign_buyers", "foreign sellers": "foreign_sellers",
    "active buyers": "active_buyers", "active sellers": "active_sellers",
}  # fmt: skip
_FUTURES = (
    "contract", "name", "future", "spot", "basis", "%", "fair value", "carry, % a year", "days",
    "open interest",
)  # fmt: skip
_SHOWN = 5


def show(console: Console, derived: Derived) -> None:
    """Leaders by net value, futures beside their index, the index recomputed, alerts."""
    for leaders in derived.leaders.values():
        _show(
            console, "Leaders by net value of the day, bn VND", tuple(_LEADERS), _leaders(leaders)
        )
    traded = (row for _, row in sorted(derived.basis.items()) if row["future"] is not None)
    futures = [_future(row) for row in traded]
    _show(console, "Futures beside their index, points", _FUTURES, futures)
    for name, row in sorted(derived.estimates.items()):
        _estimate(console, name, row)
    _alerts(console, list(derived.alerts.values()))


def _show(
    console: Console, title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]
) -> None:
    if not rows:
        return
    table = Table(title=title, title_justify="left", title_style="bold", show_edge=False)
    for head in heads:
        table.add_column(head, justify="left" if head in ("contract", "name") else "right")
    for row in rows:
        table.add_row(*row)
    spread(console, table)
    console.print()


def _leaders(row: Row) -> list[tuple[str, ...]]:
    lists = (row[name][:_SHOWN] for name in _LEADERS.values())
    return [tuple(map(_leader, line)) for line in zip_longest(*lists)]


def _leader(one: Row | None) -> str:
    if one is None:
        return ""
    return _paint(f"{one['symbol']} {billions(one['net_value']):>7}", one["net_value"], 0)


def _future(row: Row) -> tuple[str, ...]:
    carry = None if row["carry"] is None else 100 * row["carry"]
    return (
        row["alias"] or row["symbol"],
        row["continuous"] or "",
        _points(row["future"]),
        _points(row["spot"]),
        _paint(_points(row["basis"], "+"), row["basis"], 0),
        _points(row["basis_percent"], "+"),
        _points(row["fair_value"]),
        _points(carry, "+"),
        count(row["days_to_expiry"]),
        count(row["open_interest"]),
    )


def _estimate(console: Console, name: str, row: Row) -> None:
    learned = f", learned from {row['fitted_from']} published" if row["fitted_from"] else ""
    error = "-" if row["error"] is None else f"{row['error']:+.4f}"
    console.print(
        f"[bold]{name}[/bold] recomputed from its members {_points(row['value'])}, published "
        f"{_points(row['published'])}, error {error} points (weights: {row['weights_source']}"
        f"{learned})"
    )


def _alerts(console: Console, alerts: Sequence[Row]) -> None:
    rules = Counter(alert["rule"] for alert in alerts)
    said = ", ".join(f"{rule} {n}" for rule, n in rules.most_common()) or "none"
    console.print(f"[bold]{len(alerts)} alerts[/bold]: {said}")
    for alert in sorted(alerts, key=lambda a: (a["seq"], a["rule"]))[-_SHOWN:]:
        at = time(alert["seq"] // 1000, alert["venue"])[11:19]
        console.print(f"  {at} {alert['symbol']:<10} {alert['rule']}: {alert['text_en']}")
    console.print()


def _points(value: float | None, sign: str = "") -> str:
    return "-" if value is None else f"{value:{sign},.2f}"


def _paint(text: str, value: float | None, reference: float) -> str:
    painted = colour(value, reference)
    return f"[{painted}]{text}[/{painted}]" if painted else text
