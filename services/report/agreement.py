"""How sources that did not write `market` differ from what `market` has."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from schemas.market import Foreign, Index, MarketMessage, Quote, Trade
from services.ingest.core.feed import FeedDecoder, Output
from services.ingest.core.iboard import IboardDecoder
from services.ingest.core.records import Raw
from services.ingest.core.sequence import Sequencer
from services.ingest.core.ssi_v2 import SsiDecoder
from services.ingest.core.vn.sources import PRIMARY, Kind, Sources


class Source(NamedTuple):
    """A channel of a feed, and the kinds of messages that it could write."""

    name: str
    feed: str
    channel: str
    kinds: tuple[Kind, ...]

    def sources(self) -> Sources:
        """A choice in which this channel alone writes."""
        return dict.fromkeys(self.kinds, (self.feed, self.channel))

    @property
    def chosen(self) -> bool:
        """Whether it is what `market` is made from."""
        return PRIMARY.get(self.kinds[0]) == (self.feed, self.channel)


SOURCES = (
    Source("X-TRADE", "ssi", "X-TRADE", ("trade",)),
    Source("X", "ssi", "X", ("trade", "quote")),
    Source("B", "ssi", "B", ("trade",)),
    Source("L#", "iboard", "L", ("trade",)),
    Source("S#", "iboard", "S", ("quote", "foreign")),
)
"""Of OL nothing is compared: the odd-lot board is in no total. Its volume stands beside R's."""

OTHERS = tuple(source for source in SOURCES if not source.chosen)


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


class Reading:
    """Decodes the raw records of one source alone; each partition's in their order."""

    def __init__(self, source: Source, venue: str = "VN") -> None:
        self.source, self.said = source, Said()
        self.refused: Counter[str] = Counter()
        self._venue = venue
        self._decoders: dict[int, tuple[FeedDecoder, Sequencer]] = {}

    def add(self, partition: int, raw: Raw) -> None:
        """A record; those of other channels are passed over."""
        mine = raw.channel.rpartition(".")[2] == self.source.channel
        if not mine or raw.feed != self.source.feed:
            return
        if partition not in self._decoders:
            self._decoders[partition] = self._decoder(), Sequencer(raw.venue)
        decoder, sequencer = self._decoders[partition]
        out = Output(sequencer)
        sequencer.begin(raw.seq, [])
        decoder.decode(raw, out)
        for message in out.messages:
            self.said.add(message)
        self.refused.update(reason.partition(":")[0] for reason in out.dead)

    def _decoder(self) -> FeedDecoder:
        kind = SsiDecoder if self.source.feed == "ssi" else IboardDecoder
        return kind(self._venue, self.source.sources())


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
    """Seconds in which both have a quote, and in how many the best bid and ask are the same."""

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
    theirs, ours = said.tops[symbol], market.tops.get(symbol, {})
    both = theirs.keys() & ours.keys()
    return Quotes(symbol, name, len(both), sum(theirs[at] == ours[at] for at in both))
