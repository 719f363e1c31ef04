"""What a feed is to ingest: a source of arrivals, live or from files."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

MAX_VALUE_BYTES = 8 * 1024 * 1024
"""A longer vendor message cannot stand in a topic (max.message.bytes is 10 MiB)."""


class Arrival(NamedTuple):
    """
    One raw record before it has its seq.

    `topic` is the raw topic's name without the tape; `received_us` is when the vendor's
    message came in, µs since the epoch: of the recording, or of our clock for a live feed.
    `value` is exactly what came; `line` is where it stands in its file, 0 where there is none.
    """

    topic: str
    venue: str
    received_us: int
    feed: str
    channel: str
    key: str
    value: bytes
    line: int = 0


class Feed(Protocol):
    """
    A source of arrivals.

    `repeatable` feeds (files) give the same arrivals again from a cursor, so a restart
    leaves no trace; from another feed what was not yet in the raw topics is lost.
    """

    @property
    def name(self) -> str:
        """Says in logs and refusals what this is."""

    @property
    def repeatable(self) -> bool:
        """Whether `resume` brings back everything after a cursor."""

    @property
    def venues(self) -> Sequence[str]:
        """The venues it writes; this process owns them."""

    @property
    def topics(self) -> Sequence[str]:
        """The raw topics it writes besides `control`."""

    def cursor(self) -> Any:
        """Its place after the last chunk that `chunks` gave; plain JSON."""

    def resume(self, cursor: Any) -> None:
        """
        Go on after `cursor`; called before `chunks`, or never on a fresh tape.

        None: records of ours stand on the tape, but no position does. A feed that repeats
        begins again; another says in `control` what it may have lost.

        Raises:
            FeedError: the cursor is not of this feed.
        """

    def settled(self) -> None:
        """Called when all it gave is acknowledged, after `chunks` has ended."""

    def report(self) -> Mapping[str, object]:
        """Named parts of `/health`."""

    def chunks(self, stopping: asyncio.Event) -> AsyncIterator[list[Arrival]]:
        """
        Arrivals in order; ends when there are no more or when `stopping` is set.

        An empty chunk comes at least twice a second while nothing arrives, so that the
        reader can write its position. A live feed must not rely on being read quickly.
        """


class FeedError(Exception):
    """A feed cannot run as asked; the text says why and what to do. Not for bad vendor data."""


@dataclass(slots=True)
class Progress:
    """How far a recording is; counts are records, references included."""

    name: str
    total: int = 0
    done: int = 0
    finished: bool = False
    paced: bool = False
    damaged: list[str] = field(default_factory=list)

    def report(self) -> dict[str, object]:
        """For `/health`."""
        shown: dict[str, object] = {
            "name": self.name,
            "done": self.done,
            "total": self.total,
            "finished": self.finished,
            "paced": self.paced,
        }
        return {**shown, "damaged": list(self.damaged)} if self.damaged else shown
