"""What a tape holds, read once: the other side of the reconciliation, and of the reports."""

import json
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from schemas import frames
from schemas.market import MarketMessage, Trade
from schemas.topics import CONTROL, DEAD_LETTERS, MARKET, TRADES_CLASSIFIED
from services.report import raw
from services.report.derived import Derived, newer
from services.report.held import Days
from services.report.independent import Trades, digest
from services.runtime import kafka, topics_admin


@dataclass(slots=True)
class Raw:
    """The raw topics: counts by (venue, kind), digests by venue, append times by seq."""

    feeds: dict[str, str] = field(default_factory=dict)
    lines: Counter[tuple[str, str]] = field(default_factory=Counter)
    digests: Counter[str] = field(default_factory=Counter)
    times: dict[str, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))

    def appended_ms(self, venue: str, seq: int) -> int:
        """When the raw record was appended from which a message of this seq came, unix ms."""
        times = self.times[venue]
        return times[bisect_right(times, (seq, 2**62)) - 1][1]


@dataclass(slots=True)
class Tape:
    """
    Counts and sums of a tape's topics.

    Attributes:
        market: type -> symbol -> messages; broadcasts stand under "*", counted once.
        days: what `market` says of each symbol on each day.
        trades, classified: symbol -> trades of `market`, and of `trades-classified` after the
            readers' rule; `ids` and `classified_ids` count each by (symbol, what tells it from
            the others: trade id, else the day and its volume so far, else seq).
        market_ms, classified_ms: (symbol, seq) of trades -> append time of their record.
        records: topic -> records; dead: reason -> distinct dead letters.
        derived: the newest rows of `session-flow`, `board` and their like, where the tape has them.
    """

    raw: Raw = field(default_factory=Raw)
    records: Counter[str] = field(default_factory=Counter)
    market: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    days: Days = field(default_factory=Days)
    trades: dict[str, Trades] = field(default_factory=lambda: defaultdict(Trades))
    classified: dict[str, Trades] = field(default_factory=lambda: defaultdict(Trades))
    repeats: int = 0
    ids: Counter[tuple[str, str]] = field(default_factory=Counter)
    classified_ids: Counter[tuple[str, str]] = field(default_factory=Counter)
    market_ms: dict[tuple[str, int], int] = field(default_factory=dict)
    classified_ms: dict[tuple[str, int], int] = field(default_factory=dict)
    verdicts: list[tuple[str, Any, Any, Any, Any]] = field(default_factory=list)
    dead: Counter[str] = field(default_factory=Counter)
    derived: Derived = field(default_factory=Derived)


async def read(bootstrap: str, tape: str) -> Tape:
    """
    Read all topics of a tape that exist.

    Raises:
        LookupError: there is no `market`, `trades-classified` or `dead-letters`.
    """
    found = Tape()
    there = set((await topics_admin.tapes(bootstrap)).get(tape, []))
    for topic in await raw.topics(bootstrap, tape):
        await _read_raw(bootstrap, topic, found)
    async for _ in _records(bootstrap, CONTROL.on(tape), found):
        pass
    await _read_market(bootstrap, MARKET.on(tape), found)
    await _read_classified(bootstrap, TRADES_CLASSIFIED.on(tape), found)
    for name in found.derived.NAMES:
        full = name if MARKET.on(tape) == MARKET.name else f"{tape}.{name}"
        if full in there:
            found.derived.there.add(name)
            async for record in _records(bootstrap, full, found):
                found.derived.add(name, record.partition, record.value)
    await _read_dead(bootstrap, DEAD_LETTERS.on(tape), found)
    return found


async def _records(bootstrap: str, topic: str, found: Tape) -> AsyncIterator[Any]:
    async for record in kafka.read_all(bootstrap, topic):
        found.records[topic] += 1
        yield record


async def _read_raw(bootstrap: str, topic: str, found: Tape) -> None:
    said = found.raw
    async for each in _records(bootstrap, topic, found):
        record = raw.opened(each.partition, each)
        said.feeds[record.venue] = record.feed
        said.lines[record.venue, record.kind] += 1
        said.digests[record.venue] = (said.digests[record.venue] + digest(record.value)) % 2**64
        said.times[record.venue].append((record.seq, record.appended_ms))
    for times in said.times.values():
        times.sort()


async def _read_market(bootstrap: str, topic: str, found: Tape) -> None:
    broadcasts: set[tuple[str, str, int]] = set()
    async for record in _records(bootstrap, topic, found):
        for message in frames.messages(record.value):
            kind = str(message.__struct_config__.tag)
            found.days.add(message)
            if message.symbol == "*":
                broadcasts.add((kind, getattr(message, "venue", ""), message.seq))
                continue
            found.market[kind][message.symbol] += 1
            _note_trade(message, record.timestamp, found)
    for kind, _, _ in broadcasts:
        found.market[kind]["*"] += 1


def _note_trade(message: MarketMessage, appended_ms: int, found: Tape) -> None:
    if isinstance(message, Trade):
        symbol = message.symbol
        found.trades[symbol].add(repr(message.volume), message.vendor_side == "buy")
        found.ids[symbol, _identity(message.trade_id, message.total_volume, message.seq)] += 1
        found.market_ms[symbol, message.seq] = appended_ms


def _identity(trade_id: str | None, total_volume: float | None, seq: int) -> str:
    if trade_id or total_volume is None:
        return trade_id or str(seq)
    return f"{(seq // 1_000_000 + 7 * 3600) // 86_400}:{total_volume}"


async def _read_classified(bootstrap: str, topic: str, found: Tape) -> None:
    last: dict[tuple[int, str], tuple[int, int]] = {}
    async for record in _records(bootstrap, topic, found):
        message = json.loads(record.value)
        if not newer(record.partition, message, last):
            found.repeats += 1
            continue
        if message["type"] != "trade_classified":
            continue
        symbol, seq = message["symbol"], message["seq"]
        found.classified[symbol].add(repr(message["volume"]), message["vendor_side"] == "buy")
        one = _identity(message["trade_id"], message["total_volume"], seq)
        found.classified_ids[symbol, one] += 1
        found.classified_ms[symbol, seq] = record.timestamp
        verdict = ("vendor_side", "inferred_side", "rule", "confidence")
        found.verdicts.append((symbol, *(message[name] for name in verdict)))


async def _read_dead(bootstrap: str, topic: str, found: Tape) -> None:
    seen: set[tuple[bytes, ...]] = set()
    async for record in _records(bootstrap, topic, found):
        head = dict(record.headers)
        identity = (head["service"], head.get("venue", b""), record.key, head["reason"])
        if identity not in seen:
            seen.add(identity)
            found.dead[f"{head['service'].decode()}: {head['reason'].decode()}"] += 1
