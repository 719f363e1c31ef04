"""Cuts the messages of one partition of `market` into frames (design §3). Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from schemas.frames import MAX_BYTES, MAX_MESSAGES


@dataclass(slots=True)
class FrameBuilder:
    """
    Lines of one partition, waiting to become a frame.

    `since_s` is when the oldest waiting line arrived, by the caller's clock; None when
    nothing waits.
    """

    since_s: float | None = None
    _lines: list[bytes] = field(default_factory=list)
    _bytes: int = 0

    def add(self, line: bytes, arrived_s: float) -> bytes | None:
        """
        Put a line in; returns the frame that it did not fit into any more, or that is full.

        A line of MAX_BYTES or more becomes a frame alone, with the next `add` or `take`.
        """
        full = None
        if self._lines and self._bytes + len(line) + 1 > MAX_BYTES:
            full = self.take()
        if self.since_s is None:
            self.since_s = arrived_s
        self._lines.append(line)
        self._bytes += len(line) + 1
        if full is None and len(self._lines) >= MAX_MESSAGES:
            full = self.take()
        return full

    def take(self) -> bytes | None:
        """The frame of what waits, each line with its newline; None when nothing waits."""
        if not self._lines:
            return None
        frame = b"\n".join(self._lines) + b"\n"
        self._lines.clear()
        self._bytes, self.since_s = 0, None
        return frame


@dataclass(slots=True)
class Framer:
    """The builders of all partitions of `market`."""

    builders: dict[int, FrameBuilder] = field(default_factory=dict)

    def add(self, partition: int, line: bytes, arrived_s: float) -> bytes | None:
        """See `FrameBuilder.add`."""
        builder = self.builders.get(partition)
        if builder is None:
            builder = self.builders[partition] = FrameBuilder()
        return builder.add(line, arrived_s)

    def due(self, arrived_before_s: float) -> Iterator[tuple[int, bytes]]:
        """Partition and frame of every builder whose oldest line arrived by then."""
        for partition, builder in self.builders.items():
            if builder.since_s is not None and builder.since_s <= arrived_before_s:
                frame = builder.take()
                if frame is not None:
                    yield partition, frame

    def oldest_s(self) -> float | None:
        """When the oldest waiting line of all partitions arrived."""
        waiting = [b.since_s for b in self.builders.values() if b.since_s is not None]
        return min(waiting, default=None)
