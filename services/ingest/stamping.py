"""
Gives arrivals their seq (design §2), or finds the one they already have. Pure.

After a crash a feed of files gives again what came after the last position. Some of it
stands in the raw topics already: in each partition a prefix of what was fed to it, because
one sender keeps its order. Across partitions the prefixes differ in length, so a record may
be missing before one that stands.
"""

from collections import defaultdict, deque
from collections.abc import Iterable
from zlib import crc32

from services.ingest.core.sequence import ReceiveCounter

ROOM = 1_000_000
"""For what is missing before the first record that stands: more than was ever in flight."""

Slot = tuple[str, int, str]
"""(raw topic, partition, venue): in which one prefix stands."""


class FeedMismatchError(Exception):
    """What a feed gives again is not what stands in the raw topics; the text says where."""


class Stamper:
    """
    The raw counters of the venues, with what stands already.

    Args:
        last: venue -> seq of its last raw record below the position; none at a fresh start.
        recorded: seqs follow from the recorded receive times alone, so those that stand
            must be met exactly; otherwise (wall clock) the one that stands is taken.
    """

    def __init__(self, last: dict[str, int], *, recorded: bool) -> None:
        self._counters: dict[str, ReceiveCounter] = defaultdict(ReceiveCounter)
        for venue, seq in last.items():
            self._counters[venue] = ReceiveCounter(seq)
        self._standing: dict[Slot, deque[tuple[int, int]]] = {}
        self._left: dict[str, int] = defaultdict(int)
        self._lowest: dict[str, int] = {}
        self._recorded = recorded

    def expect(self, slot: Slot, records: Iterable[tuple[int, bytes]]) -> None:
        """These (seq, value) stand in the slot after the position, in this order."""
        queue = self._standing.setdefault(slot, deque())
        for seq, value in records:
            queue.append((seq, crc32(value)))
            self._left[slot[2]] += 1
            self._lowest[slot[2]] = min(seq, self._lowest.get(slot[2], seq))

    @property
    def last(self) -> dict[str, int]:
        """Venue -> seq of the last record stamped."""
        return {v: c.last for v, c in self._counters.items() if c.last is not None}

    @property
    def left(self) -> int:
        """Records that stand and were not fed again yet."""
        return sum(self._left.values())

    def moved_to(self, venue: str, seq: int) -> None:
        """A record that stands was decoded without being fed again (a live feed's tail)."""
        self._counters[venue] = ReceiveCounter(seq)

    def stamp(self, slot: Slot, received_us: int, value: bytes) -> tuple[int, bool]:
        """
        The seq of the next record of a venue, and whether it stands in its topic already.

        Raises:
            FeedMismatchError: another record stands in its place.
        """
        counter = self._counters[slot[2]]
        queue = self._standing.get(slot)
        if not queue:
            return self._fresh(counter, slot[2], received_us), False
        seq, digest = queue.popleft()
        if digest != crc32(value) or (self._recorded and counter.next(received_us) != seq):
            raise FeedMismatchError(
                f"raw record {seq} of {slot[2]} in {slot[0]}, partition {slot[1]}, is not what the "
                "feed gives again: another recording, clock or manifest was played on this tape; "
                "give this one a new tape"
            )
        counter.last = seq
        self._left[slot[2]] -= 1
        return seq, True

    def _fresh(self, counter: ReceiveCounter, venue: str, received_us: int) -> int:
        if not self._recorded and self._left[venue]:
            # A later record of the venue stands. There is room before it: this one had a seq
            # there once, which reached no topic.
            if counter.last is None:
                return counter.next(self._lowest[venue] - ROOM)
            return counter.next(counter.last + 1)
        return counter.next(received_us)
