"""What a live ingest took of a simulated day, held against what the exchange made of it."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from schemas import frames
from schemas.control import Changed, Connected, Lost
from schemas.market import Gap, Quote, Trade
from schemas.topics import CONTROL
from services.ingest.feeds.live.ssi_v2 import stamp
from services.simulator.core.message import Message
from tests.support.ingest import Written

CHANNELS = ("F", "X-TRADE", "X-QUOTE", "R", "MI")
CHAINED = "X-TRADE"
"""Of its messages alone the tape can tell that one in the middle is missing."""
_told: msgspec.json.Decoder[Changed | Connected | Lost] = msgspec.json.Decoder(
    Changed | Connected | Lost
)


class Event(NamedTuple):
    """A change of a connection: when (µs, by the receive clock), whose, and what."""

    seq: int
    feed: str
    message: Changed | Connected | Lost


@dataclass
class Taken:
    """
    A tape, each record once.

    Attributes:
        raw: channel of SSI -> how often each content stands.
        events: of all connections, in their order.
    """

    raw: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    trades: list[Trade] = field(default_factory=list)
    quotes: list[Quote] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def times(self, kind: type, channel: str, after_us: int, **fields: Any) -> list[int]:
        """When such changes came to a channel, µs."""
        return [
            seq
            for seq, _, message in self.events
            if isinstance(message, kind)
            and message.channel == channel
            and seq >= after_us
            and all(getattr(message, name) == value for name, value in fields.items())
        ]


def taken(tape: Written) -> Taken:
    """The parts of a tape of which a test asks."""
    found = Taken()
    for (topic, _), records in tape.raw.items():
        for _, value, headers in records:
            told = {name: text.decode() for name, text in headers}
            if topic != CONTROL.name:
                found.raw[told["channel"].removeprefix("vn.")][value.decode()] += 1
            elif told["channel"] in ("connected", "changed", "lost"):
                found.events.append(Event(int(told["seq"]), told["feed"], _told.decode(value)))
    found.events.sort(key=lambda event: event.seq)
    once = {
        message.seq: message
        for lines in tape.market.values()
        for message in frames.messages(b"\n".join(lines))
    }
    for _, message in sorted(once.items()):
        for kind, place in ((Trade, found.trades), (Quote, found.quotes), (Gap, found.gaps)):
            if isinstance(message, kind):
                place.append(message)  # type: ignore[arg-type]
    return found


class Missed(NamedTuple):
    """A message of the exchange that ingest did not get, or not as one that is good."""

    channel: str
    symbol: str
    ts_ms: int


class Told(NamedTuple):
    """A message of the exchange: its channel, and the fields of its content."""

    channel: str
    content: str
    fields: dict[str, Any]

    @property
    def symbol(self) -> str:
        """Of a stock, future or index."""
        return str(self.fields.get("Symbol") or self.fields.get("IndexId"))

    @property
    def ts_ms(self) -> int:
        """Its exchange time."""
        found = stamp(self.content.encode())
        assert found is not None
        return found


def told(made: Iterable[Message], begin_ns: int, until_ns: int) -> list[Told]:
    """What SSI's channels said between two instants of the exchange's day."""
    contents = [
        (each.channel, json.loads(each.text)["Content"])
        for each in made
        if begin_ns < each.arrival <= until_ns and each.channel in CHANNELS
    ]
    return [Told(channel, content, json.loads(content)) for channel, content in contents]


def missed(said: Sequence[Told], found: Taken) -> list[Missed]:
    """
    What the exchange said and ingest did not get.

    A trade that stands in `market` was got; of another one the tape cannot know before the next
    of its symbol.
    """
    left = {channel: Counter(contents) for channel, contents in found.raw.items()}
    trades = {(trade.symbol, trade.total_volume) for trade in found.trades}
    last = {trade.symbol: trade.total_volume or 0 for trade in found.trades}
    lost = []
    for each in said:
        if each.channel == CHAINED:
            total = int(each.fields["TotalVol"])
            if (each.symbol, total) in trades or total > last.get(each.symbol, 0):
                continue
        elif left.get(each.channel, Counter())[each.content]:
            left[each.channel][each.content] -= 1
            continue
        lost.append(Missed(each.channel, each.symbol, each.ts_ms))
    return lost


def unmarked(lost: Iterable[Missed], found: Taken) -> list[Missed]:
    """Those of the missed that no `gap` covers."""

    def covers(gap: Gap, one: Missed) -> bool:
        whole = gap.symbol == "*" and gap.channel in ("*", f"vn.{one.channel}")
        chained = one.channel == CHAINED and gap.symbol == one.symbol
        return (whole or chained) and gap.from_ts_ms <= one.ts_ms <= gap.to_ts_ms

    return [one for one in lost if not any(covers(gap, one) for gap in found.gaps)]


def invented(said: Iterable[Told], found: Taken, after_ms: int) -> list[Trade | Quote]:
    """Trades and quotes of `market` that the exchange never told, or that stand twice."""
    trades: Counter[Any] = Counter()
    quotes: set[Any] = set()
    for each in said:
        if each.channel == CHAINED:
            words = [each.fields[name] for name in ("LastPrice", "LastVol", "TotalVol")]
            trades[each.symbol, each.ts_ms, *words] += 1
        elif each.channel == "X-QUOTE":
            best = each.fields["BidPrice1"], each.fields["BidVol1"]
            quotes.add((each.symbol, each.ts_ms, *(best if best[1] else (0, 0))))
    odd: list[Trade | Quote] = []
    for trade in (each for each in found.trades if each.ts_ms > after_ms):
        key = (trade.symbol, trade.ts_ms, trade.price, trade.volume, trade.total_volume)
        if not trades[key]:
            odd.append(trade)
        trades[key] -= 1
    for quote in (each for each in found.quotes if each.ts_ms > after_ms):
        best = tuple(quote.bids[0]) if quote.bids else (0, 0)
        if (quote.symbol, quote.ts_ms, *best) not in quotes:
            odd.append(quote)
    return odd
