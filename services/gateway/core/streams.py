"""One stream: its last messages, its newest states, and who listens."""

from bisect import bisect_right
from collections.abc import Sequence
from operator import itemgetter
from typing import Literal

from services.gateway.core.channels import Channel
from services.gateway.core.outbound import Outbound
from services.gateway.core.wire import Position

RING_ITEMS = 4096
_SLACK = 1024  # trimmed in steps: moving a list's rest each time would cost more
MAX_SNAPSHOT = 500
MAX_SNAPSHOT_CHARS = 262_144

Item = tuple[Position, str]
_position = itemgetter(0)


class Stream:
    """
    A (channel, symbol).

    Attributes:
        last: position of the newest message; None: unknown, the log was not read from its
            beginning and nothing came since.
        floor: a client that has everything up to here can be brought up to date from `ring`.
        ring: the last messages of an event channel, ascending.
        newest: of a state channel, key -> its newest message.
        day: of a daily channel, the newest day; states of older ones are gone.
        listeners: clients that get every message.
    """

    __slots__ = (
        "channel",
        "chars",
        "day",
        "floor",
        "last",
        "listeners",
        "newest",
        "ring",
        "symbol",
    )

    def __init__(self, channel: Channel, symbol: str, last: Position | None) -> None:
        self.channel, self.symbol = channel, symbol
        self.last = self.floor = last
        self.ring: list[Item] = []
        self.newest: dict[str, Item] = {}
        self.day = ""
        self.listeners: dict[Outbound, None] = {}
        self.chars = 0

    def remember_event(self, at: Position, text: str) -> int:
        """Append to the ring; returns by how many characters it grew, negative after a trim."""
        if self.last is None:
            self.floor = at  # what stood before it is not known
        self.last = at
        self.ring.append((at, text))
        self.chars += len(text)
        grown = len(text)
        if len(self.ring) >= RING_ITEMS + _SLACK:
            grown -= self.trim(RING_ITEMS)
        return grown

    def is_old(self, at: Position, key: str, day: str) -> bool:
        """Whether a newer state of the key is known, or, of a daily channel, a newer day."""
        return day < self.day or (key in self.newest and at <= self.newest[key][0])

    def remember_state(self, at: Position, key: str, text: str, day: str) -> int:
        """Replace the state of a key; returns by how many characters it grew."""
        before = self.chars
        if day > self.day:
            self.day = day
            self.newest.clear()
            self.chars = 0
        if self.last is None or at > self.last:
            self.last = at
        if key in self.newest:
            self.chars -= len(self.newest[key][1])
        self.newest[key] = at, text
        self.chars += len(text)
        return self.chars - before

    def trim(self, keep: int) -> int:
        """Drop all but the last `keep` of the ring; returns the characters let go."""
        gone = self.ring[: len(self.ring) - keep] if len(self.ring) > keep else []
        if not gone:
            return 0
        self.floor = gone[-1][0]
        del self.ring[: len(gone)]
        freed = sum(len(text) for _, text in gone)
        self.chars -= freed
        return freed

    def covers(self, after: Position) -> bool:
        """Whether everything newer than `after` is in the ring."""
        return self.floor is not None and after >= self.floor

    def newer(self, after: Position) -> Sequence[Item]:
        """What the ring holds that is newer than `after`."""
        return self.ring[bisect_right(self.ring, after, key=_position) :]

    def snapshot(self, count: int) -> list[str]:
        """
        The newest state of each key, or the last `count` events, oldest first.

        So many events as fit MAX_SNAPSHOT_CHARS, but the newest whatever its size.
        """
        if self.channel.kind == "state":
            return [text for _, text in self.newest.values()]
        items: list[str] = []
        left = MAX_SNAPSHOT_CHARS
        for _, text in reversed(self.ring[len(self.ring) - min(count, len(self.ring)) :]):
            left -= len(text)
            if left < 0 and items:
                break
            items.append(text)
        items.reverse()
        return items


SyncWhy = Literal["new", "too_old", "epoch", "db_lag"]
