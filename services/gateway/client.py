"""A client of `vntape.v1` that keeps the protocol: follows chains, resumes, reconnects."""

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

Position = tuple[int, int]
OnMessage = Callable[[dict[str, Any], float], None]
"""A data message, and when its frame was read: unix time in seconds."""

_TERMINAL = range(4400, 4500)
_RESYNC_S = 2.0
_SYMBOLS_A_SUB = 200


class GatewayRefused(Exception):
    """The gateway refuses what was asked of it; coming back will not help. The text says why."""


@dataclass(slots=True)
class StreamState:
    """
    What the client knows of a stream.

    `last` None: nothing yet. `synced` false: asked for, data is ignored until the `sync`.
    """

    last: Position | None = None
    synced: bool = False
    live: bool = False
    asked_at: float = 0.0


@dataclass(slots=True)
class Statistics:
    """What happened, for tests and for whoever measures."""

    messages: int = 0
    frames: int = 0
    connections: int = 0
    snapshots: int = 0
    resumes: int = 0
    repeats: int = 0
    breaks: int = 0
    closes: list[int] = field(default_factory=list)
    syncs: list[dict[str, Any]] = field(default_factory=list)


class GatewayClient:
    """
    Follows streams of one gateway; `run` connects and comes back until `close`.

    `on_message` gets each data message once and in order (of states: those that were not
    conflated away). `on_sync` gets each `sync`; mode snapshot means: replace what you have,
    its items are not given to `on_message` unless `snapshot_items`.
    """

    def __init__(
        self,
        url: str,
        on_message: OnMessage,
        *,
        on_sync: Callable[[dict[str, Any]], None] | None = None,
        snap: int = 50,
        snapshot_items: bool = False,
        reconnect: bool = True,
    ) -> None:
        self._url = url.replace("http", "ws", 1).rstrip("/") + "/v1/stream"
        self._on_message, self._on_sync = on_message, on_sync
        self._snap, self._snapshot_items, self._reconnect = snap, snapshot_items, reconnect
        self._streams: dict[tuple[str, str], StreamState] = {}
        self._wild: set[str] = set()
        self.aliases: dict[str, str] = {}
        """Alias -> the symbol that the gateway took it for, under which its messages come."""
        self._socket: ClientConnection | None = None
        self._closing = False
        self._epoch: str | None = None
        self._silence_s = 15.0
        self.statistics = Statistics()

    def state(self, channel: str, symbol: str) -> StreamState:
        """What is known of a stream; KeyError when it was not subscribed."""
        return self._streams[channel, self.aliases.get(symbol, symbol)]

    @property
    def epoch(self) -> str | None:
        """The tape, known after the first hello."""
        return self._epoch

    def subscribed(self, channel: str, symbols: Iterable[str]) -> bool:
        """Whether all these streams are live now."""
        wanted = [self._streams.get((channel, self.aliases.get(s, s))) for s in symbols]
        return all(s is not None and s.live for s in wanted)

    async def subscribe(self, channel: str, symbols: Iterable[str]) -> None:
        """Ask for streams, now if connected and after each reconnect; `*` where allowed."""
        names = list(symbols)
        if "*" in names:
            self._wild.add(channel)
        for symbol in names:
            if symbol != "*":
                self._streams.setdefault((channel, symbol), StreamState())
        if self._socket is not None:
            await self._ask(channel, names)

    async def unsubscribe(self, channel: str, symbols: Iterable[str]) -> None:
        """Leave streams."""
        names = list(symbols)
        for symbol in names:
            self._streams.pop((channel, symbol), None)
        await self.send({"op": "unsub", "ch": channel, "symbols": names})

    async def send(self, command: dict[str, Any]) -> None:
        """Send a command as it is; lost when not connected."""
        if self._socket is not None:
            with suppress(ConnectionClosed):
                await self._socket.send(json.dumps(command))

    async def close(self) -> None:
        """End `run`."""
        self._closing = True
        if self._socket is not None:
            await self._socket.close()

    async def drop(self) -> None:
        """Cut the connection as a broken network would; `run` comes back."""
        if self._socket is not None:
            self._socket.transport.abort()

    async def run(self) -> None:
        """
        Serve the subscriptions until `close`.

        Raises:
            GatewayRefused: a command was refused, in the gateway's words; or a close code of 44xx.
        """
        pause_s = 0.0
        while not self._closing:
            with suppress(OSError, InvalidHandshake, TimeoutError):
                if await self._once():
                    pause_s = 0.0
            if not self._reconnect:
                return
            if not self._closing:
                pause_s = min(30.0, max(1.0, pause_s * 2))
                await asyncio.sleep(random.uniform(0, pause_s))  # noqa: S311  jitter

    async def _once(self) -> bool:
        """One connection; whether it got as far as a hello."""
        async with connect(self._url, compression=None, max_size=None, max_queue=64) as socket:
            self._socket = socket
            self.statistics.connections += 1
            greeted = False
            try:
                while True:
                    text = await asyncio.wait_for(socket.recv(), self._silence_s)
                    received_s = time.time()
                    self.statistics.frames += 1
                    for message in json.loads(text):
                        greeted |= message.get("op") == "hello"
                        await self._take(message, received_s)
            except ConnectionClosed:
                self._closed(socket.close_code)
            finally:
                self._socket = None
            return greeted

    def _closed(self, code: int | None) -> None:
        self.statistics.closes.append(code or 1006)
        if code in _TERMINAL:
            raise GatewayRefused(f"the gateway closed the connection with {code}")

    async def _take(self, message: dict[str, Any], received_s: float) -> None:
        if "ch" in message and "op" not in message:
            return await self._data(message, received_s)
        match message.get("op"):
            case "hello":
                await self._hello(message)
            case "sync":
                self._sync(message, received_s)
            case "live":
                self._stream(message["ch"], message["symbol"]).live = True
            case "ok":
                self._resolved(message.get("aliases", {}))
            case "err":
                # Else the stream would just stay empty, until the gateway closes it as idle.
                raise GatewayRefused(f"{message['code']}: {message['msg']}")
        return None

    async def _hello(self, message: dict[str, Any]) -> None:
        self._silence_s = 3 * message["hb_ms"] / 1000
        for state in self._streams.values():
            state.synced = state.live = False
        known, self._epoch = self._epoch, message["epoch"]
        channels: dict[str, list[str]] = {}
        for channel, symbol in self._streams:
            channels.setdefault(channel, []).append(symbol)
        for channel, symbols in channels.items():
            await self._ask(channel, symbols, known)
        for channel in self._wild:
            await self._ask(channel, ["*"])

    async def _ask(self, channel: str, symbols: list[str], epoch: str | None = None) -> None:
        for start in range(0, len(symbols), _SYMBOLS_A_SUB):
            some = symbols[start : start + _SYMBOLS_A_SUB]
            after = {
                s: list(state.last)
                for s in some
                if (state := self._streams.get((channel, s))) and state.last is not None
            }
            resume = {"epoch": epoch or self._epoch, "after": after} if after else {}
            sub = {"op": "sub", "ch": channel, "symbols": some, "snap": self._snap, **resume}
            await self.send(sub)

    def _resolved(self, aliases: dict[str, str]) -> None:
        # From now on by the symbol: after a reconnect an alias might mean another one.
        self.aliases |= aliases
        for channel, name in list(self._streams):
            if name in aliases:
                self._streams.setdefault(
                    (channel, aliases[name]), self._streams.pop((channel, name))
                )

    def _stream(self, channel: str, symbol: str) -> StreamState:
        return self._streams.setdefault((channel, symbol), StreamState())

    def _sync(self, message: dict[str, Any], received_s: float) -> None:
        state = self._stream(message["ch"], message["symbol"])
        self.statistics.syncs.append({k: v for k, v in message.items() if k != "items"})
        state.synced, state.live = True, message["live"]
        if message["mode"] == "snapshot":
            self.statistics.snapshots += 1
            last = message["last"]
            state.last = None if last is None else (last, message.get("last_part", 0))
        else:
            self.statistics.resumes += 1
        if self._on_sync is not None:
            self._on_sync(message)
        if self._snapshot_items:
            for item in message["items"]:
                self._on_message(item, received_s)

    async def _data(self, message: dict[str, Any], received_s: float) -> None:
        symbol = message.get("stream") or message["symbol"]
        state = self._stream(message["ch"], symbol)
        if not state.synced:
            return
        at = (message["seq"], message.get("part", 0))
        if "prev" in message:
            if state.last is not None and at <= state.last:
                self.statistics.repeats += 1
                return
            prev = message["prev"]
            before = None if prev is None else (prev, message.get("prev_part", 0))
            if before != state.last:
                await self._broken(message["ch"], symbol, state)
                return
        state.last = at
        self.statistics.messages += 1
        self._on_message(message, received_s)

    async def _broken(self, channel: str, symbol: str, state: StreamState) -> None:
        """The chain has a hole: ask for this stream again, from where we stand."""
        self.statistics.breaks += 1
        now = time.monotonic()
        if now - state.asked_at >= _RESYNC_S:
            state.asked_at, state.synced, state.live = now, False, False
            await self._ask(channel, [symbol])


async def collect(
    url: str, channel: str, symbols: Iterable[str], seconds: float
) -> list[tuple[dict[str, Any], float]]:
    """Everything of these streams that comes within so many seconds, with receive times."""
    got: list[tuple[dict[str, Any], float]] = []
    client = GatewayClient(url, lambda m, t: got.append((m, t)))
    await client.subscribe(channel, symbols)
    running: Awaitable[None] = asyncio.ensure_future(client.run())
    await asyncio.sleep(seconds)
    await client.close()
    await running
    return got
