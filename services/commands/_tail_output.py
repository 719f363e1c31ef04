"""How `vntape tail` shows messages: aligned columns, or the JSON itself."""

import math
import sys
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.text import Text

from schemas.keys import venue_of
from services.commands import _tail_market
from services.commands._board_style import billions, colour, count, price, time

Show = Callable[[dict[str, Any], str], None]
Message = dict[str, Any]

_SIDES = {"buy": ("B", "green"), "sell": ("S", "red"), "neutral": ("=", "yellow")}
_SEVERITIES = {"info": "blue", "warning": "bold yellow", "critical": "bold red"}
_HEAD = frozenset({"type", "symbol", "seq", "ts_ms", "part", "feed", "ts_source"})


def json_lines(message: Message, text: str) -> None:
    """One JSON object a line, as in the topic."""
    del message  # the text is the message
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def columns(colours: bool, kind: str | None) -> Show:
    """
    Time, symbol, type and what the type has to say, in columns; colours when asked.

    Prints their names at once: those of messages of `kind`; None: of various.
    """
    console = Console(
        highlight=False,
        soft_wrap=True,
        no_color=not colours,
        color_system="auto" if colours else None,
    )

    console.print(head(kind), style="dim")

    def show(message: Message, text: str) -> None:
        console.print(line(message, text))

    return show


def head(kind: str | None) -> str:
    """Names of the columns, for messages of `kind`."""
    names = _NAMES.get(kind or "", f"{'type':<14} fields")
    return f"{'time':<28}{'symbol':<17}{names}"


def percent(share: float) -> str:
    """A share with one decimal, cut, not rounded: only 1 is 100.0 %."""
    return f"{math.floor(round(share * 1000, 6)) / 10:.1f} %"


def line(message: Message, text: str) -> Text:
    """The columns of one message."""
    kind = message["type"]
    if kind == "unreadable":
        return Text(f"unreadable: {text[:200]}", style="bold red")
    symbol = message["symbol"]
    venue = message.get("venue") or venue_of(symbol)
    out = Text()
    out.append(f"{time(message['ts_ms'], venue):<28}", style="dim")
    out.append(f"{symbol:<16} ", style="bold")
    _SHOW.get(kind, _fields)(out, message)
    return out


def _trade(out: Text, m: Message) -> None:
    side = m.get("side") or m.get("vendor_side")
    letter, style = _SIDES.get(str(side), ("·", "dim"))
    out.append(f"{letter} ", style=f"bold {style}")
    paint = colour(m["price"], m.get("reference"), m.get("ceiling"), m.get("floor")) or style
    out.append(f"{price(m['price'], m['symbol']):>14} ", style=paint)
    out.append(f"{count(m['volume']):>16}")
    if "rule" in m:
        sure = m["confidence"]
        out.append(f"  {m['phase']:<11}{m['rule'] or '-':<18}", style="dim")
        out.append("" if sure is None else f"{percent(sure):>7}", style="dim")
    if m.get("vendor_side"):
        out.append(f"  vendor {m['vendor_side']}", style="dim")


def _quote(out: Text, m: Message) -> None:
    for levels, style in ((m["bids"], "green"), (m["asks"], "red")):
        if not levels:
            out.append(f"{'-':>31} ", style="dim")
            continue
        best, volume = levels[0]
        out.append(f"{price(best, m['symbol']):>14} ", style=style)
        out.append(f"x {count(volume):<14} ")


def _board(out: Text, m: Message) -> None:
    limits = (m["reference"], m["ceiling"], m["floor"])
    symbol, kind = m["symbol"], m["kind"]
    paint = colour(m["last"], *limits)
    out.append(f"{price(m['reference'], symbol, kind):>11}", style="yellow")
    out.append(f"{price(m['last'], symbol, kind):>12}", style=f"bold {paint}".strip())
    change, share = m["change"], m["change_percent"]
    moved = "-" if change is None else f"{change / 1000 if _thousands(m) else change:+,.2f}"
    out.append(f"{moved:>9}{'-' if share is None else f'{share:+.2f} %':>10}", style=paint)
    out.append(f"{count(m['total_volume']):>15}")
    for levels in (m["bids"], m["asks"]):
        best = levels[0][0] if levels else None
        out.append(f"{price(best, symbol, kind):>12}", style=colour(best, *limits))
    for extreme in (m["high"], m["low"]):
        out.append(f"{price(extreme, symbol, kind):>12}", style=colour(extreme, *limits))
    out.append(f"  {m['phase'] or '-'}", style="dim")


def _thousands(m: Message) -> bool:
    return price(1000.0, m["symbol"], m["kind"]) == "1.00"


def _flow(out: Text, m: Message) -> None:
    out.append(f"{m['phase']:<11}", style="cyan")
    out.append(f"{count(m['buy_volume']):>14}", style="green")
    out.append(f"{count(m['sell_volume']):>14}", style="red")
    out.append(f"{count(m['neutral_volume']):>14}", style="yellow")
    out.append(f"{count(m['unknown_volume']):>14}", style="dim")
    out.append(f"{count(m['total_volume']):>15}")


def _bar(out: Text, m: Message) -> None:
    symbol = m["symbol"]
    out.append(f"{m['interval']:<8}{m['phase']:<11}", style="cyan")
    paint = colour(m["close"], m["open"])
    for field in ("open", "high", "low", "close"):
        out.append(f"{price(m[field], symbol):>12}", style=paint if field == "close" else "")
    out.append(f"{count(m['volume']):>15}{count(m['trades']):>8}")
    delta = m["delta"]
    out.append(f"{count(delta):>14}", style="" if delta is None else colour(delta, 0))
    over = f"revised {m['revision']}" if m["revision"] else "final"
    out.append(f"  {over if m['final'] else ''}", style="dim")


def _pattern(out: Text, m: Message) -> None:
    side, style = ("bu", "green") if m["side"] == "buy" else ("sd", "red")
    out.append(f"{side:<4}", style=f"bold {style}")
    out.append(f"{price(m['price'], m['symbol']):>12}{count(m['volume']):>12}")
    out.append(f"{m['occurrences']:>7}", style="cyan")
    for name in ("bu", "sd", "busd"):
        out.append(f"{m[name]:>11,.3f}")


def _busd(out: Text, m: Message) -> None:
    for name, style in (("bu", "green"), ("sd", "red"), ("busd", "bold")):
        out.append(f"{m[f'{name}_current']:>11,.3f}", style=style)
        for figure in (m[f"{name}_rate"], m[f"{name}_pred_15min"], m[f"{name}_error"]):
            out.append(f"{'-' if figure is None else f'{figure:,.3f}':>10}", style="dim")


def _foreign(out: Text, m: Message) -> None:
    buy, sell = m.get("buy_volume"), m.get("sell_volume")
    out.append(f"{count(buy):>14}", style="green")
    out.append(f"{count(sell):>14}", style="red")
    net = None if buy is None or sell is None else buy - sell
    out.append(f"{count(net):>14}", style="" if net is None else colour(net, 0))
    values = (m.get("buy_value"), m.get("sell_value"))
    worth = None if None in values else values[0] - values[1]  # type: ignore[operator]
    out.append(f"{billions(worth):>13}{count(m.get('current_room')):>17}")


def _foreign_flow(out: Text, m: Message) -> None:
    net = m["net_volume"]
    out.append(f"{count(net):>14}", style="" if net is None else colour(net, 0))
    out.append(f"{billions(m['net_value']):>13}")
    for window in ("1m", "5m", "15m"):
        speed = m[f"speed_value_{window}"]
        out.append(f"{billions(speed):>13}", style="" if speed is None else colour(speed, 0))
    share, related = m["share"], m["correlation_15m"]
    out.append(f"{'-' if share is None else percent(share):>10}")
    out.append(f"{'-' if related is None else f'{related:+.2f}':>8}")
    out.append(f"{count(m['room']):>17}", style="dim")


def _basis(out: Text, m: Message) -> None:
    out.append(f"{m['continuous'] or m['alias'] or '-':<11}", style="cyan")
    out.append(f"{_points(m['future'], 1):>10}{_points(m['spot'], 2):>11}", style="bold")
    basis = m["basis"]
    paint = "" if basis is None else colour(basis, 0)
    out.append(
        f"{_points(basis, 2, '+'):>9}{_points(m['basis_percent'], 3, '+'):>8} %", style=paint
    )
    out.append(f"{_points(m['mid_basis'], 2, '+'):>9}{_points(m['fair_value'], 2):>11}")
    out.append(f"{_points(m['z_score'], 1, '+'):>7}{count(m['days_to_expiry']):>6}")
    out.append(f"{count(m['open_interest']):>9}")
    marks = [m["direction"], "stale" if m["stale"] else None, "roll" if m["roll"] else None]
    marks.append(None if m["spot_kind"] == "published" else f"spot {m['spot_kind']}")
    out.append(f"  {' '.join(mark for mark in marks if mark)}", style="dim")


def _points(value: float | None, decimals: int, sign: str = "") -> str:
    return "-" if value is None else f"{value:{sign},.{decimals}f}"


def _index(out: Text, m: Message) -> None:
    value, prior = m["value"], m.get("prior")
    paint = colour(value, prior)
    out.append(f"{value:>12,.2f}", style=f"bold {paint}".strip())
    moved = "-" if prior is None else f"{value - prior:+,.2f}"
    share = "-" if not prior else f"{(value / prior - 1) * 100:+.2f} %"
    out.append(f"{moved:>9}{share:>10}", style=paint)
    out.append(f"{count(m.get('total_volume')):>17}{billions(m.get('total_value')):>13}")
    breadth = (m.get("advances"), m.get("unchanged"), m.get("declines"))
    for number, style in zip(breadth, ("green", "yellow", "red"), strict=True):
        out.append(f"{count(number):>6}", style=style)


def _auction(out: Text, m: Message) -> None:
    out.append(f"{m['phase']:<11}", style="cyan")
    out.append(f"{price(m.get('expected_price'), m['symbol']):>12}", style="bold")
    out.append(f"{count(m.get('expected_volume')):>15}")


def _alert(out: Text, m: Message) -> None:
    out.append(f"{m['severity']:<10}", style=_SEVERITIES.get(m["severity"], ""))
    out.append(f"{m['rule']:<24} ", style="cyan")
    out.append(m["text_vi"])


def _fields(out: Text, m: Message) -> None:
    out.append(f"{m['type']:<14} ", style="yellow" if m["type"] == "gap" else "cyan")
    rest = {k: v for k, v in m.items() if k not in _HEAD and v is not None}
    out.append(" ".join(f"{k}={_short(v)}" for k, v in rest.items()))


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."


_PRINT = f"side {'price':>11} {'volume':>16}"
_NAMES = {
    "trade": _PRINT,
    "trade_classified": f"{_PRINT}  {'phase':<11}{'rule':<18}confidence",
    "quote": f"{'bid':>14} x {'volume':<14} {'ask':>14} x volume",
    "board": f"{'reference':>11}{'last':>12}{'change':>9}{'':>10}{'volume':>15}{'bid':>12}"
    f"{'ask':>12}{'high':>12}{'low':>12}  phase",
    "session_flow": f"{'phase':<11}{'buy':>14}{'sell':>14}{'neutral':>14}{'unknown':>14}"
    f"{'total':>15}",
    "busd_pattern": f"{'side':<4}{'price':>12}{'volume':>12}{'times':>7}"
    f"{'bu, bn':>11}{'sd, bn':>11}{'busd, bn':>11}",
    "busd_forecast": "".join(
        f"{name:>11}{'a min':>10}{'in 15':>10}{'error':>10}" for name in ("bu", "sd", "busd")
    ),
    "bar": f"{'bar':<8}{'phase':<11}{'open':>12}{'high':>12}{'low':>12}{'close':>12}"
    f"{'volume':>15}{'trades':>8}{'delta':>14}",
    "foreign": f"{'bought':>14}{'sold':>14}{'net':>14}{'net, bn':>13}{'room left':>17}",
    "basis": f"{'name':<11}{'future':>10}{'spot':>11}{'basis':>9}{'':>10}{'mid':>9}{'fair':>11}"
    f"{'z':>7}{'days':>6}{'open':>9}  notes",
    "foreign_flow": f"{'net':>14}{'net, bn':>13}{'bn/min 1m':>13}{'5m':>13}{'15m':>13}{'share':>10}"
    f"{'corr.':>8}{'room left':>17}",
    "index": f"{'value':>12}{'change':>9}{'':>10}{'volume':>17}{'value, bn':>13}"
    f"{'up':>6}{'same':>6}{'down':>6}",
    "auction": f"{'phase':<11}{'expected':>12}{'volume':>15}",
    "alert": f"{'severity':<10}{'rule':<24} alert",
    **_tail_market.NAMES,
}
_SHOW: dict[str, Callable[[Text, Message], None]] = {
    "trade": _trade,
    "trade_classified": _trade,
    "quote": _quote,
    "board": _board,
    "session_flow": _flow,
    "busd_pattern": _pattern,
    "busd_forecast": _busd,
    "bar": _bar,
    "foreign": _foreign,
    "foreign_flow": _foreign_flow,
    "basis": _basis,
    "index": _index,
    "auction": _auction,
    "alert": _alert,
    "index_estimate": _tail_market.estimate,
    "market_summary": _tail_market.summary,
    "market_leaders": _tail_market.leaders,
}
