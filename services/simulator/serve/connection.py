"""
One client's socket: what waits for it, and the faults of its line.

What a client does not take in time waits, up to a bound; past it the client is dropped.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Literal, NamedTuple

from aiohttp import WSMsgType, web

from services.simulator.serve.channels import Choice, Selection
from services.simulator.serve.sent_log import SentLog

Feed = Literal["ssi_v2", "ssi_v3", "iboard"]
Frame = Callable[[int, Sequence[str]], str]
"""Makes a frame of payloads: (number of the last message, payloads)."""
FRAME_MESSAGES = 128
"""In a frame, at most: together they rarely pass 128 KiB."""


class Parcel(NamedTuple):
    """A message for a socket: `payload` as framed, `text` the vendor's message, for the log."""

    payload: str
    text: str
    torn: bool = False


async def texts(socket: web.WebSocketResponse) -> AsyncGenerator[str, None]:
    """What a client says, until its connection ends in whatever way."""
    try:
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                yield message.data
    except ConnectionError:  # a ping could not be answered any more
        return


class Connection:
    """
    Args:
        frame: None sends every payload as a frame of its own.
        limit: bytes that may wait.

    Attributes:
        selection: what it wants.
        silent: data is withheld, keep-alives go on.
        dead: nothing comes or goes, yet the socket is open: half-open TCP.
        bytes_per_s: of a slow line, None without a limit.
        sent, withheld: messages.
    """

    def __init__(
        self, number: int, feed: Feed, socket: web.WebSocketResponse,
        transport: asyncio.Transport, frame: Frame | None, limit: int, log: SentLog,
    ) -> None:  # fmt: skip
        self.number, self.feed = number, feed
        self.selection: Choice = Selection()
        self.silent = self.dead = False
        self.bytes_per_s: int | None = None
        self.sent = self.withheld = 0
        self._socket, self._transport, self._frame, self._limit = socket, transport, frame, limit
        self._log, self._file = log, log.sent(number, feed)
        self._outbox: deque[Parcel] = deque()
        self._waiting = 0
        self._wake, self._less = asyncio.Event(), asyncio.Event()

    def offer(self, parcel: Parcel) -> None:
        """A message for it; the client is dropped when too much waits."""
        if self.silent or self.dead:
            self.withheld += 1
            return
        self._outbox.append(parcel)
        self._waiting += len(parcel.payload)
        if self._waiting > self._limit:
            self._drop()
            return
        self._wake.set()

    async def relieved(self, most: int, patience_s: float) -> None:
        """Wait until at most so many bytes wait; it is dropped when nothing leaves for so long."""
        while self._waiting > most and not self._socket.closed:
            self._less.clear()
            try:
                await asyncio.wait_for(self._less.wait(), patience_s)
            except TimeoutError:
                self._drop()

    async def say(self, text: str) -> None:
        """Send a frame that is no data: an answer, a keep-alive."""
        if not self.dead:
            await self._send(text)

    async def write(self) -> None:
        """Send what is offered, until the socket closes."""
        while not self._socket.closed:
            await self._wake.wait()
            self._wake.clear()
            while self._outbox and not self._socket.closed and not self.dead:
                await self._send_some()

    def go_silent(self, silent: bool) -> None:
        """Withhold data from now on, or no more; what waits is withheld too."""
        self.silent = silent
        if silent:
            self._withhold()

    def die(self) -> None:
        """Become half-open: read nothing, answer nothing, send nothing, close nothing."""
        self.dead = True
        self._withhold()
        self._transport.pause_reading()

    def abort(self) -> None:
        """Reset the connection."""
        self._withhold()
        self._transport.abort()
        self._wake.set()

    async def close(self) -> None:
        """Say good-bye."""
        await self._socket.close(code=1001, message=b"the server ends the connection")
        self._wake.set()

    def ended(self) -> None:
        """The socket is closed: finish the log."""
        self._withhold()
        self._log.connection(
            self.number, self.feed, "ended", sent=self.sent, withheld=self.withheld,
        )  # fmt: skip
        if self._file is not None:
            self._file.close()

    def _drop(self) -> None:
        self._log.connection(self.number, self.feed, "too_slow", waiting=len(self._outbox))
        self.abort()

    def _withhold(self) -> None:
        self.withheld += len(self._outbox)
        self._outbox.clear()
        self._waiting = 0
        self._less.set()

    async def _send_some(self) -> None:
        outbox = self._outbox
        alone = self._frame is None or outbox[0].torn or self.bytes_per_s is not None
        most = 1 if alone else FRAME_MESSAGES
        some: list[Parcel] = []
        while outbox and len(some) < most and not (some and outbox[0].torn):
            some.append(outbox.popleft())
        self._waiting -= sum(len(each.payload) for each in some)
        number = self.sent + len(some)
        payloads = [each.payload for each in some]
        text = self._frame(number, payloads) if self._frame and not some[0].torn else payloads[0]
        if not await self._send(text):
            self.withheld += len(some)
            return
        self.sent = number
        self._less.set()
        if self._file is not None:
            self._file.write([each.text for each in some])

    async def _send(self, text: str) -> bool:
        if self.bytes_per_s is not None:
            await asyncio.sleep(len(text) / self.bytes_per_s)
        try:
            await self._socket.send_str(text)
        except (ConnectionError, RuntimeError):  # it closed meanwhile: its reader notices
            return False
        return True
