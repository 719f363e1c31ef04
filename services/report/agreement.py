"""How sources that did not write `market` differ from what `market` has."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.market import Foreign, Index, MarketMessage, Quote, Trade

_VIETNAM_S, _DAY_S = 7 * 3600, 86_400


class Said:
    """What one source, or `market`, says of each symbol."""

    def __init__(self) -> None:
        self.prints: dict[str, Counter[tuple[int, float, float]]] = defaultdict(Counter)
        self.tops: dict[str, dict[int, tuple[Any, Any]]] = defaultdict(dict)
        self.foreign: dict[str, tuple[int, int]] = {}
        self.last: dict[str, float] = {}
        self.indices: set[str] = set()

    def add(self, message: MarketMessage) -> None:
        """One message, in the order of its symbol; other types than these are passed over."""
        second, symbol = message.ts_ms // 1000, message.symbol
        match message:
            case Trade(board="main"):
                self.prints[symbol][second, message.price, message.volume] += 1
                self.last[symbol] = message.price
            case Quote(board="main"):
                # The last of a second stays.
                self.tops[symbol][second] = message.bids[:1], message.asks[:1]
            case Foreign():
                self.foreign[symbol] = message.buy_volume or 0, message.sell_volume or 0
            case Index():
                self.indices.add(symbol)
            case _:
                pass

    def symbols(self) -> set[str]:
        """All of whom something is said."""
        return set(self.prints) | set(self.tops) | set(self.foreign)


@dataclass(frozen=True, slots=True)
class Prints:
    """
    Prints of one symbol by one source against `market`'s.

    `matched` have the same second, price and volume, each paired once.
    """

    symbol: str
    source: str
    count: int
    volume: float
    matched: int
    only_source: int
    only_market: int
    volume_difference: float
    last: float | None
    market_last: float | None


@dataclass(frozen=True, slots=True)
class Quotes:
    """
    Seconds in which a source quotes and `market` has a quote of that day, and at the end of how
    many of them best bid and ask, price and volume, are the same.
    """

    symbol: str
    source: str
    seconds: int
    equal: int


@dataclass(frozen=True, slots=True)
class Foreigns:
    """Shares that foreigners bought and sold by a source, and in `market`."""

    symbol: str
    source: str
    theirs: tuple[int, int]
    market: tuple[int, int] | None


@dataclass(slots=True)
class Agreement:
    """All comparisons, by symbol, then source."""

    prints: list[Prints] = field(default_factory=list)
    quotes: list[Quotes] = field(default_factory=list)
    foreign: list[Foreigns] = field(default_factory=list)
    refused: dict[str, dict[str, int]] = field(default_factory=dict)


def compare(market: Said, sources: Mapping[str, Said]) -> Agreement:
    """
    Each source (name -> what it says) against `market`, for the symbols that it names.

    An index is left out: what B says of one are no prints but how its members' volume grew.
    """
    found = Agreement()
    named: set[str] = set().union(*(said.symbols() for said in sources.values()))
    for symbol in sorted(named - market.indices):
        for name, said in sources.items():
            if symbol in said.prints:
                found.prints.append(_prints(symbol, name, said, market))
            if symbol in said.tops:
                found.quotes.append(_quotes(symbol, name, said, market))
            if symbol in said.foreign:
                theirs, ours = said.foreign[symbol], market.foreign.get(symbol)
                found.foreign.append(Foreigns(symbol, name, theirs, ours))
    return found


def _prints(symbol: str, name: str, said: Said, market: Said) -> Prints:
    theirs, ours = said.prints[symbol], market.prints.get(symbol, Counter())
    volume = _volume(theirs)
    matched = (theirs & ours).total()
    return Prints(
        symbol=symbol,
        source=name,
        count=theirs.total(),
        volume=volume,
        matched=matched,
        only_source=theirs.total() - matched,
        only_market=ours.total() - matched,
        volume_difference=volume - _volume(ours),
        last=said.last.get(symbol),
        market_last=market.last.get(symbol),
    )


def _volume(prints: Counter[tuple[int, float, float]]) -> float:
    return sum(volume * count for (_, _, volume), count in prints.items())


def _quotes(symbol: str, name: str, said: Said, market: Said) -> Quotes:
    """At the end of each second in which the source quotes: `market`'s may stand longer."""
    ours = market.tops.get(symbol, {})
    times = sorted(ours)
    found = [
        top == ours[times[at - 1]]
        for second, top in said.tops[symbol].items()
        if (at := bisect_right(times, second)) and _day(times[at - 1]) == _day(second)
    ]
    return Quotes(symbol, name, len(found), sum(found))


def _day(second: int) -> int:
    return (second + _VIETNAM_S) // _DAY_S
