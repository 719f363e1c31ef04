"""
What a client of v3 subscribes: `trade.VCB`, `quote.HOSE@*`, `trade.VCB@1m`, `trade.index.VN30`.

A code is `*`, a symbol, a range `A-B`, an exchange or a basket. `trade.VN30` streams the members,
as `trade.VN30@*` does: the index itself is `trade.index.VN30`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from services.simulator.core.indices import weight
from services.simulator.core.plan import Plan
from services.simulator.core.universe import INDICES

FLAG = "market.FLAG"
BOARDS = {"HOSE": "HOSE", "HNX": "HNX", "UPCOM": "UPCOM", "DERIVATIVES": "DER"}
MINUTES = {"1m": 1, "5m": 5}
"""Of the candles that the stream has."""
_ALIASES = {"UPCOMINDEX": "HNXUPCOMINDEX"}
_CHANNELS = {
    "trade": "X-TRADE", "quote": "X-QUOTE", "room": "R", "oddlot": "OL", "put": "", "market": "",
    "trade.index": "MI", "indexsummary": "MI",
}  # fmt: skip


class Listed(NamedTuple):
    """
    What codes stand for, all in capitals.

    Attributes:
        baskets: the symbols of an exchange, a basket or an index.
        indices: names as v2's MI has them.
    """

    symbols: Sequence[str]
    baskets: Mapping[str, Sequence[str]]
    indices: Mapping[str, str]


def listed(plan: Plan) -> Listed:
    """Those of a plan."""
    baskets: dict[str, list[str]] = {}
    for each in plan.instruments:
        for name in {each.exchange, BOARDS[each.exchange]}:
            baskets.setdefault(name, []).append(each.symbol)
        for index in INDICES:
            if weight(each, index):
                baskets.setdefault(index.upper(), []).append(each.symbol)
    symbols = sorted(each.symbol for each in plan.instruments)
    return Listed(symbols, baskets, {name.upper(): name for name in INDICES})


class Topic(NamedTuple):
    """One thing that is streamed; `channel` is v2's, empty when nothing of it changes."""

    name: str
    channel: str
    symbol: str


def streamed(written: str, known: Listed) -> list[Topic] | None:
    """
    What a topic gives, None when it is none; a code that nobody knows gives nothing.
    """
    kind, _, rest = written.strip().partition(".")
    kind = kind.lower()
    if kind == "trade" and rest.lower().startswith("index."):
        kind, rest = "trade.index", rest[len("index.") :]
    code, at, interval = rest.partition("@")
    code = _ALIASES.get(code.upper(), code.upper())
    interval = interval.lower() if interval != "1M" else "1M"
    if kind not in _CHANNELS or not code or (at and not _fits(kind, interval)):
        return None
    if kind == "market" and code == "FLAG":
        return [Topic(FLAG, "F", "*")]
    channel = _CHANNELS[kind]
    suffix = f"@{interval}" if interval in MINUTES else ""
    if channel == "MI":
        indices = [name for name in known.indices if code in ("*", name)]
        return [Topic(f"{kind}.{name}{suffix}", channel, known.indices[name]) for name in indices]
    names = [code] if kind == "market" and code in known.symbols else _symbols(code, known)
    return [Topic(f"{kind}.{name}{suffix}", channel, name) for name in names]


def _fits(kind: str, interval: str) -> bool:
    candles = kind in ("trade", "trade.index") and interval in ("tick", *MINUTES)
    return candles or (interval == "*" and kind in ("trade", "quote", "room", "put", "oddlot"))


def _symbols(code: str, known: Listed) -> Sequence[str]:
    if code == "*":
        return known.symbols
    if code in known.baskets:
        return known.baskets[code]
    first, dash, last = code.partition("-")
    if dash:
        return [each for each in known.symbols if first <= each <= last]
    return [code] if code in known.symbols else []


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A connection's subscriptions, as asked for and what they give."""

    asked: Mapping[str, Sequence[Topic]] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    keys: frozenset[tuple[str, str]] = frozenset()

    @property
    def empty(self) -> bool:
        """Whether nothing is asked for."""
        return not self.asked

    def wants(self, channel: str, symbol: str) -> bool:
        """Whether a message of v2's channel and symbol becomes one of its topics."""
        return ((channel, "*") if channel == "F" else (channel, symbol)) in self.keys

    def hears(self, topic: str) -> bool:
        """Whether a topic is in it."""
        return topic in self.names

    def concerned(self, channel: str, symbol: str) -> bool:
        """Whether it has something of v2's channel and of the symbol; empty: of any."""
        return any(
            channel in ("", each) and symbol.upper() in ("", name.upper())
            for each, name in self.keys
        )

    def changed(self, asked: Mapping[str, Sequence[Topic]]) -> "Subscribed":
        """The same for other topics."""
        found = [topic for topics in asked.values() for topic in topics]
        names = frozenset(each.name for each in found)
        return Subscribed(asked, names, frozenset((each.channel, each.symbol) for each in found))
