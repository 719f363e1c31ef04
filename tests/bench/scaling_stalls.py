"""When the partitions of an output topic got nothing new, from the broker's append times."""

import itertools
import statistics
import time
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import msgspec

from schemas.topics import TRADES_CLASSIFIED
from services.runtime import kafka as clients

STALL_MS = 250
"""Input comes each 50 ms, and a busy machine adds some."""

Advances = Mapping[int, Sequence[int]]
"""Partition -> append times in ms, ascending, of records that nobody had before."""


@dataclass(frozen=True)
class Event:
    """Something that happened to the workers, unix time in ms, its aftermath included."""

    name: str
    begin_ms: int
    end_ms: int


@dataclass
class Watch:
    """What happened when."""

    events: list[Event] = field(default_factory=list)

    @contextmanager
    def event(self, name: str) -> Iterator[None]:
        """Lasts as long as the block."""
        begin = time.time_ns() // 1_000_000
        yield
        self.events.append(Event(name, begin, time.time_ns() // 1_000_000))


class _Place(msgspec.Struct):
    seq: int


_place = msgspec.json.Decoder(_Place).decode


async def advances(kafka: str, tape: str) -> Advances:
    """Of the classified trades that stand in the log; repeats are left out."""
    newest: dict[int, int] = defaultdict(int)
    found: dict[int, list[int]] = defaultdict(list)
    async for record in clients.read_all(kafka, TRADES_CLASSIFIED.on(tape)):
        seq = _place(record.value).seq
        if seq > newest[record.partition]:
            newest[record.partition] = seq
            found[record.partition].append(record.timestamp)
    return found


def longest(times: Sequence[int], begin_ms: int, end_ms: int) -> int:
    """
    The longest time between two appends, of those between which some of the span lies, in ms.

    Before the first and after the last append of all there is no stall to speak of.
    """
    first = max(0, bisect_right(times, begin_ms) - 1)
    last = min(len(times), bisect_left(times, end_ms) + 1)
    return max((b - a for a, b in itertools.pairwise(times[first:last])), default=0)


def table(events: Sequence[Event], found: Advances) -> str:
    """A line for each event: the worst partition, the middle one, how many stood still."""
    lines = [f"{'':34}  worst s  median s  partitions that stood over {STALL_MS / 1000:g} s"]
    for event in events:
        each = [longest(times, event.begin_ms, event.end_ms) for times in found.values()]
        stood = sum(ms > STALL_MS for ms in each)
        worst, middle = max(each) / 1000, statistics.median(each) / 1000
        lines.append(f"{event.name:34} {worst:8.2f} {middle:9.2f}  {stood} of {len(each)}")
    return "\n".join(lines)
