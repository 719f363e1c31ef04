"""Raw records of one venue, read partition by partition, put into the order of their seq. Pure."""

import heapq
from collections import deque
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Generic, NamedTuple, TypeVar

P = TypeVar("P", bound=Hashable)


class Held(NamedTuple):
    """A record that waits for its turn: its seq, its offset, its raw topic, its line."""

    seq: int
    offset: int
    topic: str
    line: bytes


class Merge(Generic[P]):
    """
    Merges partitions, in each of which the venue's seqs ascend.

    A record is given when every partition either holds a later one or has none up to `sure`
    left: so the order never depends on which partition was read first.

    Args:
        start: place (a partition) -> the offset at which reading begins.
        last: the highest seq that was given before; what is not newer is left out.
    """

    def __init__(self, start: Mapping[P, int], last: int = -1) -> None:
        self.last = last
        self._next = dict(start)
        self._held: dict[P, deque[Held]] = {place: deque() for place in start}

    def positions(self) -> dict[P, int]:
        """Place -> offset of the first record that was not given: where to begin again."""
        return {
            place: held[0].offset if held else self._next[place]
            for place, held in self._held.items()
        }

    def oldest(self) -> int | None:
        """The lowest seq that was read and not given, None without any."""
        return min((held[0].seq for held in self._held.values() if held), default=None)

    def behind(self, ends: Mapping[P, int]) -> list[P]:
        """Places to read from before more can be given: empty, and not at their end."""
        return [p for p, held in self._held.items() if not held and self._next[p] < ends[p]]

    def add(self, place: P, next_offset: int, records: Iterable[Held]) -> None:
        """Records of the venue that were read from a place, which is now at `next_offset`."""
        self._held[place].extend(records)
        self._next[place] = next_offset

    def ready(self, sure: int, ends: Mapping[P, int]) -> Iterator[Held]:
        """Records up to seq `sure`, in order, until a place must be read from first."""
        if self.behind(ends):
            return
        heads = [(held[0].seq, n, p) for n, (p, held) in enumerate(self._held.items()) if held]
        heapq.heapify(heads)
        while heads and heads[0][0] <= sure:
            seq, n, place = heads[0]
            held = self._held[place]
            record = held.popleft()
            if seq > self.last:
                self.last = seq
                yield record
            if held:
                heapq.heapreplace(heads, (held[0].seq, n, place))
            elif self._next[place] < ends[place]:
                return
            else:
                heapq.heappop(heads)
