"""How `vntape tail` shows the market as a whole: estimates, summaries, leaders."""

from typing import Any

from rich.text import Text

from services.commands._board_style import billions, colour, count

NAMES = {
    "index_estimate": f"{'estimate':>12}{'published':>12}{'error':>10}{'expected':>12}"
    f"{'traded':>9}  weights",
    "market_summary": f"{'up':>6}{'same':>6}{'down':>6}{'none yet':>10}{'volume':>17}"
    f"{'value, bn':>13}{'foreign, bn':>13}{'active, bn':>13}",
    "market_leaders": "net value, bn: foreign buyers and sellers; active buyers and sellers",
}
_SHOWN = 3
"""Of each list: more do not fit a line."""

Message = dict[str, Any]


def estimate(out: Text, m: Message) -> None:
    """An `index_estimate`."""
    paint = colour(m["value"], m["prior"])
    out.append(f"{_points(m['value']):>12}", style=f"bold {paint}".strip())
    out.append(f"{_points(m['published']):>12}", style=colour(m["published"], m["prior"]))
    error = m["error"]
    out.append(f"{'-' if error is None else f'{error:+.4f}':>10}")
    out.append(f"{_points(m['expected_value']):>12}", style="cyan")
    out.append(f"{m['traded']:>6}/{m['members']}", style="dim")
    learned = f", {m['fitted_from']} values" if m["weights_source"] == "fitted" else ""
    out.append(f"  {m['weights_source']}{learned}", style="dim")


def _points(value: float | None) -> str:
    return "-" if value is None else f"{value:,.2f}"


def summary(out: Text, m: Message) -> None:
    """A `market_summary`."""
    breadth = (m["advances"], m["unchanged"], m["declines"])
    for number, style in zip(breadth, ("green", "yellow", "red"), strict=True):
        out.append(f"{count(number):>6}", style=style)
    out.append(f"{count(m['not_traded']):>10}", style="dim")
    out.append(f"{count(m['total_volume']):>17}{billions(m['total_value']):>13}")
    for net in (m["foreign_net_value"], m["buy_value"] - m["sell_value"]):
        out.append(f"{billions(net):>13}", style=colour(net, 0))


def leaders(out: Text, m: Message) -> None:
    """A `market_leaders`."""
    lists = ("foreign_buyers", "foreign_sellers", "active_buyers", "active_sellers")
    for name in lists:
        for one in m[name][:_SHOWN]:
            said = f"{one['symbol']} {billions(one['net_value'])}  "
            out.append(said, style=colour(one["net_value"], 0))
        out.append("; " if name == "foreign_sellers" else "", style="dim")
