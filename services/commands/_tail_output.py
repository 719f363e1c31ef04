"""How `vntape tail` shows messages: aligned columns, or the JSON itself."""

import math
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.text import Text

Show = Callable[[dict[str, Any], str], None]

_SIDES = {"buy": ("B", "green"), "sell": ("S", "red")}
_HEAD = frozenset({"type", "symbol", "seq", "ts_ms", "part", "feed", "ts_source"})


def json_lines(message: dict[str, Any], text: str) -> None:
    """One JSON object a line, as in the topic."""
    del message  # the text is the message
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def columns(colour: bool, kind: str | None) -> Show:
    """
    Time, symbol, type and what the type has to say, in columns; colours when asked.

    Prints their names at once: those of messages of `kind`; None: of various.
    """
    console = Console(
        highlight=False,
        soft_wrap=True,
        no_color=not colour,
        color_system="auto" if colour else None,
    )

    console.print(head(kind), style="dim")

    def show(message: dict[str, Any], text: str) -> None:
        console.print(line(message, text))

    return show


def head(kind: str | None) -> str:
    """Names of the columns, for messages of `kind`; times are UTC."""
    first = f"{'time (UTC)':<25}{'symbol':<17}"
    match kind:
        case "trade":
            return f"{first}side {'price':>11} {'volume':>16}"
        case "trade_classified":
            return f"{first}side {'price':>11} {'volume':>16}  {'rule':<18}confidence"
        case "quote":
            return f"{first}{'bid':>14} x {'volume':<14} {'ask':>14} x volume"
        case _:
            return f"{first}{'type':<14} fields"


def percent(share: float) -> str:
    """A share with one decimal, cut, not rounded: only 1 is 100.0 %."""
    return f"{math.floor(round(share * 1000, 6)) / 10:.1f} %"


def line(message: dict[str, Any], text: str) -> Text:
    """The columns of one message."""
    kind = message["type"]
    if kind == "unreadable":
        return Text(f"unreadable: {text[:200]}", style="bold red")
    out = Text()
    time = datetime.fromtimestamp(message["ts_ms"] / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[
        :-3
    ]
    out.append(f"{time}  ", style="dim")
    out.append(f"{message['symbol']:<16} ", style="bold")
    match kind:
        case "trade" | "trade_classified":
            _trade(out, message)
        case "quote":
            _quote(out, message)
        case _:
            style = "yellow" if kind == "gap" else "cyan"
            out.append(f"{kind:<14} ", style=style)
            rest = {k: v for k, v in message.items() if k not in _HEAD and v is not None}
            out.append(" ".join(f"{k}={_short(v)}" for k, v in rest.items()))
    return out


def _trade(out: Text, message: dict[str, Any]) -> None:
    side = message.get("side") or message.get("vendor_side")
    letter, style = _SIDES.get(str(side), ("·", "dim"))
    out.append(f"{letter} ", style=f"bold {style}")
    out.append(f"{message['price']:>14,.2f} ", style=style)
    out.append(f"{message['volume']:>16,.8g}")
    if "rule" in message:
        sure = message["confidence"]
        out.append(f"  {message['rule'] or '-':<18}", style="dim")
        out.append("" if sure is None else f"{percent(sure):>7}", style="dim")
    if message.get("vendor_side"):
        out.append(f"  vendor {message['vendor_side']}", style="dim")


def _quote(out: Text, message: dict[str, Any]) -> None:
    for levels, style in ((message["bids"], "green"), (message["asks"], "red")):
        if not levels:
            out.append(f"{'-':>31} ", style="dim")
            continue
        price, volume = levels[0]
        out.append(f"{price:>14,.2f} ", style=style)
        out.append(f"x {volume:<14,.8g} ")


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."
