"""Live connections in the test's own loop, and what the tape makes of what they give."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from schemas import frames
from schemas.market import MarketMessage
from services.ingest.core.engine import Engine
from services.ingest.core.records import Raw
from services.ingest.core.sequence import ReceiveCounter
from services.ingest.feeds.base import Arrival
from services.ingest.feeds.live.client import Client
from services.ingest.feeds.live.line import Line
from services.ingest.feeds.live.source import LiveSource
from services.ingest.spool_intake import Began, Clock


def wall_us() -> int:
    """µs since the epoch."""
    return time.time_ns() // 1000


@dataclass
class Heard:
    """
    A sink that keeps everything, in the place of a spool.

    Attributes:
        source: what is connected.
        decoders: of the tape before this start, by venue and feed.
    """

    clock: Clock = wall_us
    began: Began = "restart"
    stood_us: int | None = None
    told_us: int | None = None
    decoders: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    arrivals: list[Arrival] = field(default_factory=list)
    source: LiveSource = field(init=False)

    def take(self, arrivals: Sequence[Arrival]) -> bool:
        """See `Sink`."""
        self.arrivals += arrivals
        return True

    async def stood(self, venue: str, feed: str) -> Any:
        """See `Sink`."""
        return self.decoders.get(venue, {}).get(feed)

    def put(self, arrival: Arrival) -> None:
        """See `Sink`."""
        self.arrivals.append(arrival)

    @property
    def clients(self) -> list[Client]:
        """The connections; raises what ended one."""
        self.source.fail()
        return self.source.clients

    def is_live(self) -> bool:
        """All are, and no loss is open."""
        return all(
            each.machine.state == "live" and each.messages and not each.outage.is_open
            for each in self.clients
        )

    def raws(self) -> list[Raw]:
        """The raw records that it all becomes."""
        counters: dict[str, ReceiveCounter] = defaultdict(ReceiveCounter)
        return [
            Raw(a.venue, counters[a.venue].next(a.received_us), a.feed, a.channel, a.key, a.value)
            for a in self.arrivals
        ]

    def decoded(self, *venues: str) -> tuple[list[MarketMessage], list[str]]:
        """Messages of `market`, clocks left out, and reasons of dead letters."""
        engine = Engine(venues)
        messages: list[MarketMessage] = []
        dead: list[str] = []
        for raw in self.raws():
            done = engine.decode(raw)
            messages += [m for m in done.messages if frames.encode(m)[9:14] != b"clock"]
            dead += done.dead
        return messages, dead


@asynccontextmanager
async def hearing(lines: Sequence[Line], heard: Heard) -> AsyncIterator[Heard]:
    """Connect, and let go at the end."""
    heard.source = LiveSource(lines, lambda _day: True)
    await heard.source.open(heard)
    try:
        yield heard
    finally:
        await heard.source.closed()
        await asyncio.sleep(0)
