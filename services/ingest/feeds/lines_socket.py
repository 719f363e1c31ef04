"""
The source of lines: a program that already holds a vendor's socket passes its messages on.

    my_ssi_client | nc 127.0.0.1 7001

Each line is one message of the vendor, exactly as it came. An empty line asks how many of this
connection's messages are safe; the answer is `taken N lost M` and a newline, as at its end. Who
never asks need not read.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, cast

from services.ingest.core.feed import Feed
from services.ingest.feeds.base import Arrival, FeedError
from services.ingest.feeds.lines import LINE_LIMIT
from services.ingest.spool_intake import Intake
from services.runtime.health import Health
from services.runtime.metrics import Metrics

HOST = "127.0.0.1"
UNREAD_BYTES = 65_536
"""So much of answers that nobody reads is kept for a sender; it gets no more."""


class Listen(NamedTuple):
    """Lines of which feed and venue come in at which port (0: a free one)."""

    name: str
    feed: Feed
    venue: str
    port: int


@dataclass(slots=True)
class _Door:
    """One port; `since_us` is when its last sender left, 0 while one is there or never was."""

    listen: Listen
    port: int = 0
    senders: int = 0
    since_us: int = 0
    open: set[asyncio.Transport] = field(default_factory=set)


class LinesSocket:
    """A `Source` that listens on loopback, at one port for each feed."""

    def __init__(self, listens: Sequence[Listen]) -> None:
        self.name = "lines of " + ", ".join(each.name for each in listens)
        self.venues = sorted({each.venue for each in listens})
        self.topics = sorted({topic for each in listens for topic in each.feed.topics})
        self._doors = [_Door(each) for each in listens]
        self._servers: list[asyncio.Server] = []

    async def open(self, intake: Intake) -> None:
        """See `Source`."""
        loop = asyncio.get_running_loop()
        for door in self._doors:
            try:
                server = await loop.create_server(
                    lambda door=door: _Sender(door, intake),  # type: ignore[misc]
                    HOST,
                    door.listen.port,
                )
            except OSError as e:
                raise FeedError(
                    f"cannot listen at {HOST}:{door.listen.port} for {door.listen.name} "
                    f"({e.strerror or e}): name another port with --listen"
                ) from e
            self._servers.append(server)
            door.port = server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """See `Source`."""
        for server in self._servers:
            server.close()
        for door in self._doors:
            for transport in list(door.open):
                transport.close()

    def report(self) -> Mapping[str, object]:
        """See `Source`."""
        return {
            "ports": {d.listen.name: d.port for d in self._doors},
            "senders": {d.listen.name: d.senders for d in self._doors},
        }

    def tell(self, metrics: Metrics, health: Health) -> None:
        """See `Source`: who sends, and when, is the sender's affair."""


class _Sender(asyncio.Protocol):
    """One connection. It is always read, so nobody who sends ever waits for Kafka."""

    _transport: asyncio.Transport

    def __init__(self, door: _Door, intake: Intake) -> None:
        self._door, self._intake = door, intake
        self._rest = b""
        self._taken = self._lost = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's is none by its class.
        transport = cast(asyncio.Transport, transport)
        door, listen = self._door, self._door.listen
        self._transport = transport
        door.open.add(transport)
        door.senders += 1
        if door.since_us:
            self._intake.lost(listen.venue, "disconnect", door.since_us, listen.name, listen.name)
            door.since_us = 0
        if door.senders == 1:
            self._intake.connected(listen.venue, listen.name, f"lines at {HOST}:{door.port}")

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LINE_LIMIT:
            lines.append(self._rest)
            self._rest = b""
        waiting: list[bytes] = []
        for line in lines:
            if line := line.rstrip(b"\r"):
                waiting.append(line)
            else:
                self._take(waiting)
                waiting = []
                self._answer()
        self._take(waiting)

    def eof_received(self) -> None:
        if self._rest:
            self._take([self._rest])
            self._rest = b""
        self._answer()

    def connection_lost(self, _error: Exception | None) -> None:
        self._door.open.discard(self._transport)
        self._door.senders -= 1
        if not self._door.senders:
            self._door.since_us = self._intake.clock()

    def _take(self, lines: Sequence[bytes]) -> None:
        if not lines or self._transport.is_closing():
            return
        now_us, listen = self._intake.clock(), self._door.listen
        arrivals = []
        for line in lines:
            topic, channel, key, value = listen.feed.route(listen.venue, line)
            arrivals.append(Arrival(topic, listen.venue, now_us, listen.name, channel, key, value))
        if self._intake.take(arrivals):
            self._taken += len(arrivals)
        else:
            self._lost += len(arrivals)

    def _answer(self) -> None:
        if self._transport.get_write_buffer_size() < UNREAD_BYTES:
            self._transport.write(b"taken %d lost %d\n" % (self._taken, self._lost))
