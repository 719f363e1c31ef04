"""
Does `market` follow from the raw topics? (design §1, law 2)

Decodes the raw topics of a tape from nothing, merged by seq, and compares with what stands
in `market`: message by message and byte by byte, for each partition and venue. Where frames
end is of no account.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from schemas import frames, keys
from schemas.base import BROADCAST
from schemas.topics import DEAD_LETTERS, MARKET, TOPICS
from services.ingest import rawlog
from services.ingest.core.engine import Engine
from services.ingest.rawlog import Standing
from services.runtime import kafka, topics_admin

MAX_FAULTS = 20
_Lane = tuple[int, str]
"""(partition of `market`, venue)."""


class _Line(msgspec.Struct, gc=False):
    """What tells the venue of a line of `market`."""

    symbol: str
    seq: int
    type: str
    venue: str = ""


_line = msgspec.json.Decoder(_Line)


@dataclass(slots=True)
class Verdict:
    """
    What `verify` found.

    Attributes:
        raw: (venue, channel) -> raw records, `control` included, positions left out.
        market: (venue, type) -> messages, a broadcast once for each partition.
        dead: reason's code -> raw records with a dead letter of it.
        drops: reason -> drops on purpose.
        faults: what does not agree, in words, at most MAX_FAULTS; empty when all agrees.
    """

    raw: Counter[tuple[str, str]] = field(default_factory=Counter)
    market: Counter[tuple[str, str]] = field(default_factory=Counter)
    dead: Counter[str] = field(default_factory=Counter)
    drops: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Everything agrees."""
        return not self.faults

    def fault(self, text: str) -> None:
        """Add one, unless there are enough to see what is wrong."""
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(text)


async def verify(bootstrap: str, tape: str) -> Verdict:
    """
    Compare the whole of a tape that nobody writes to, with all the raw topics that it has.

    Raises:
        LookupError: `market` or `control` is not there.
        ValueError: a raw topic holds what is no raw record.
    """
    verdict = Verdict()
    spans = await kafka.spans(bootstrap, [MARKET.on(tape)])
    there = (await topics_admin.tapes(bootstrap)).get(tape, [])
    names = [topic.name for topic in TOPICS if topic.codec == "raw" and topic.on(tape) in there]
    standing = await _raw(bootstrap, tape, names, verdict)
    expected, letters = _decode(standing, len(spans[MARKET.on(tape)]), verdict)
    await _compare_market(bootstrap, tape, expected, verdict)
    await _compare_letters(bootstrap, tape, letters, verdict)
    return verdict


async def _raw(
    bootstrap: str, tape: str, topics: Iterable[str], verdict: Verdict
) -> list[Standing]:
    standing: list[Standing] = []
    last: dict[tuple[str, int, str], int] = {}
    seen: set[tuple[str, int]] = set()
    for topic in rawlog.raw_topics(topics):
        async for record in rawlog.tail(bootstrap, tape, topic.name, {}):
            raw = record.raw
            slot = (record.topic, record.partition, raw.venue)
            if raw.seq <= last.get(slot, -1):
                verdict.fault(f"raw {slot}: {raw.seq} at offset {record.offset} is not newer")
            elif (raw.venue, raw.seq) in seen:
                verdict.fault(f"raw {slot}: {raw.seq} of {raw.venue} stands in two places")
            last[slot] = max(raw.seq, last.get(slot, -1))
            seen.add((raw.venue, raw.seq))
            verdict.raw[raw.venue, raw.channel] += 1
            standing.append(record)
    return rawlog.in_order(standing)


def _decode(
    standing: Iterable[Standing], partitions: int, verdict: Verdict
) -> tuple[dict[_Lane, deque[bytes]], Counter[tuple[bytes, bytes, str]]]:
    """Expected lines of each lane, and expected dead letters as (key, value, reason)."""
    standing = list(standing)
    engine = Engine(sorted({s.raw.venue for s in standing}))
    lanes: dict[_Lane, deque[bytes]] = defaultdict(deque)
    letters: Counter[tuple[bytes, bytes, str]] = Counter()
    for record in standing:
        raw = record.raw
        decoded = engine.decode(raw)
        for message in decoded.messages:
            line = frames.encode(message)
            if message.symbol == BROADCAST:
                for partition in range(partitions):
                    lanes[partition, raw.venue].append(line)
            else:
                key = keys.routing_key(message.symbol)
                lanes[keys.partition(key, partitions), raw.venue].append(line)
        for reason in decoded.dead:
            letters[b"%d" % raw.seq, raw.value, reason] += 1
            verdict.dead[reason.partition(":")[0]] += 1
        verdict.drops.update(decoded.dropped)
    return lanes, letters


async def _compare_market(
    bootstrap: str, tape: str, expected: dict[_Lane, deque[bytes]], verdict: Verdict
) -> None:
    async for record in kafka.read_all(bootstrap, MARKET.on(tape)):
        for line in record.value.split(b"\n"):
            if not line:
                continue
            try:
                head = _line.decode(line)
            except msgspec.DecodeError as e:
                verdict.fault(f"market {record.partition}/{record.offset}: no message: {e}")
                continue
            venue = head.venue if head.symbol == BROADCAST else keys.venue_of(head.symbol)
            verdict.market[venue, head.type] += 1
            lane = expected.get((record.partition, venue))
            wanted = lane.popleft() if lane else None
            if line != wanted:
                verdict.fault(
                    f"market {record.partition}/{record.offset}: stands {_cut(line)}, "
                    f"the raw records give {_cut(wanted)}"
                )
    for (partition, venue), lane in expected.items():
        if lane:
            verdict.fault(
                f"market {partition}: {len(lane)} messages of {venue} are missing at the end, "
                f"the first: {_cut(lane[0])}"
            )


async def _compare_letters(
    bootstrap: str, tape: str, expected: Counter[tuple[bytes, bytes, str]], verdict: Verdict
) -> None:
    """A crash may repeat a dead letter, so only which there are is compared."""
    found = set()
    async for record in kafka.read_all(bootstrap, DEAD_LETTERS.on(tape)):
        headers = dict(record.headers)
        # A message too long for a topic is in no raw topic: nothing to compare it with.
        reason = headers.get("reason", b"").decode()
        if headers.get("service") == b"ingest" and reason.partition(":")[0] != rawlog.TOO_LONG:
            found.add((record.key, record.value, reason))
    for key, _, reason in set(expected) - found:
        verdict.fault(f"dead letter of {key.decode()} is missing: {reason}")
    for key, _, reason in found - set(expected):
        verdict.fault(f"dead letter of {key.decode()} follows from no raw record: {reason}")


def _cut(line: bytes | None) -> str:
    return "nothing" if line is None else line[:200].decode("utf-8", "backslashreplace")
