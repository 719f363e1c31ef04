"""One WebSocket client: a task that reads its commands and one that writes its queue."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any

from services.gateway.catch_up import catch_up
from services.gateway.core import commands, wire
from services.gateway.core.channels import BY_NAME, Channel
from services.gateway.core.commands import Command, Refused, Sub, Unsub
from services.gateway.core.hub import Hub
from services.gateway.core.outbound import DEFAULT_RATE, Outbound
from services.gateway.core.streams import SyncWhy
from services.gateway.history import History

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

HEARTBEAT_MS = 5_000
MAX_FRAME_IN = 65_536
MAX_STREAMS = 2_000
COMMANDS_PER_S = 10
COMMANDS_BURST = 20
MAX_BAD_FRAMES = 20
STUCK_S = 5.0
"""A send that takes longer: the client does not read."""
IDLE_S = 30.0
"""A connection that subscribes to nothing for so long is closed."""
BYE_S = 1.0
"""For the goodbye and the close frame; then the socket is cut."""


class Session:
    """What a client subscribed to, and its queue."""

    def __init__(
        self, hub: Hub, history: History, receive: Receive, send: Send, abort: Callable[[], None]
    ) -> None:
        self._hub, self._history = hub, history
        self._receive, self._send, self._abort = receive, send, abort
        self._wake = asyncio.Event()
        self.out = Outbound(self._wake.set)
        self._streams: set[tuple[str, str]] = set()
        self._wild: set[str] = set()
        self._aliases: dict[tuple[str, str], str] = {}
        """(channel, alias) -> the symbol it meant when it was subscribed."""
        self._bad = 0
        self._tokens, self._tokens_at = float(COMMANDS_BURST), time.monotonic()
        self._bye: tuple[int, str] | None = None
        self._idle_since = time.monotonic()
        self._sending_since: float | None = None
        self.frames = 0

    async def run(self) -> None:
        """Serve until the client goes or is closed; leaves nothing behind in the hub."""
        tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._write())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for name, symbol in self._streams:
                self._hub.leave(BY_NAME[name], symbol, self.out)
            for name in self._wild:
                self._leave_wild(name)
            self.out.clear()

    def close(self, code: int, why: str) -> None:
        """Give up what waits, say goodbye, and cut the socket if that does not get through."""
        if self._bye is None:
            self._bye = (code, why)
            self.out.clear()
            self._wake.set()
            asyncio.get_running_loop().call_later(BYE_S, self._abort)

    def tick(self, now_s: float) -> None:
        """Look for a client that does not read, or wants nothing; call it about each second."""
        if self._sending_since is not None and now_s - self._sending_since > STUCK_S:
            self.close(4508, "slow")
        elif not (self._streams or self._wild) and now_s - self._idle_since > IDLE_S:
            self.close(4408, "no subscription")

    def heartbeat(self, text: str) -> None:
        """Queue a heartbeat, unless the client has enough to read."""
        if self._sending_since is None:
            self.out.put(text)

    def greet(self) -> None:
        """Queue the hello."""
        limits = {
            "streams": MAX_STREAMS,
            "symbols": commands.MAX_SYMBOLS,
            "frame_in": MAX_FRAME_IN,
            "cmd_s": COMMANDS_PER_S,
        }
        hello = wire.control(
            "hello",
            v=wire.VERSION,
            sid=secrets.token_hex(4),
            epoch=self._hub.epoch,
            t=int(time.time() * 1000),
            mode="live",
            rate=DEFAULT_RATE,
            hb_ms=HEARTBEAT_MS,
            limits=limits,
        )
        self.out.put(hello)

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            if self.out.slow:
                self.close(4508, "slow")
            if self._bye is not None:
                return await self._say_bye(*self._bye)
            frame = self.out.take(loop.time())
            if frame is not None:
                self._sending_since = time.monotonic()
                await self._send({"type": "websocket.send", "text": frame})
                self._sending_since = None
                self.frames += 1
                continue
            due = self.out.due_at()
            timer = None if due is None else loop.call_at(due, self._wake.set)
            await self._wake.wait()
            if timer is not None:
                timer.cancel()

    async def _say_bye(self, code: int, why: str) -> None:
        retry_ms = 1000 if code >= 4500 or code < 4000 else None
        text = f"[{wire.control('bye', code=code, why=why, retry_ms=retry_ms)}]"
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(BYE_S):
                await self._send({"type": "websocket.send", "text": text})
                await self._send({"type": "websocket.close", "code": code, "reason": why})

    async def _read(self) -> None:
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                return
            await self._token()
            try:
                command = commands.parse(message.get("text") or "")
                await self._perform(command)
            except Refused as e:
                self.out.put(wire.control("err", id=e.id, code=e.code, msg=str(e)))
                self._bad += e.code == "bad_frame"
                if self._bad > MAX_BAD_FRAMES:
                    self.close(4400, "too many bad frames")
            await self._room()

    async def _token(self) -> None:
        # Over the rate a client waits, and its TCP with it: uvicorn reads one message at a time.
        now = time.monotonic()
        gained = (now - self._tokens_at) * COMMANDS_PER_S
        self._tokens, self._tokens_at = min(COMMANDS_BURST, self._tokens + gained), now
        if self._tokens < 1:
            await asyncio.sleep((1 - self._tokens) / COMMANDS_PER_S)
        self._tokens -= 1

    async def _perform(self, command: Command) -> None:
        match command:
            case Sub():
                await self._sub(command)
            case Unsub():
                self._unsub(command)
            case commands.Set():
                self.out.rate = command.rate
                self.out.put(wire.control("ok", id=command.id))
            case commands.Ping():
                self.out.put(wire.control("pong", id=command.id))

    async def _sub(self, command: Sub) -> None:
        channel = commands.channel_of(command)
        symbols = {name: self._resolve(name, command) for name in command.symbols}
        aliases = {name: symbol for name, symbol in symbols.items() if name != symbol}
        new = {s for s in symbols.values() if s != "*" and (channel.name, s) not in self._streams}
        if len(self._streams) + len(new) > MAX_STREAMS:
            raise Refused("limit", f"at most {MAX_STREAMS} streams a connection", command.id)
        self._aliases |= {(channel.name, name): symbol for name, symbol in aliases.items()}
        self.out.put(wire.control("ok", id=command.id, aliases=aliases or None))
        for name, symbol in symbols.items():
            if symbol == "*":
                await self._sub_all(command)
                continue
            await self._room()
            self._hub.leave(channel, symbol, self.out)
            self._streams.add((channel.name, symbol))
            why = await self._resume(channel, symbol, name, command)
            if why is not None:
                self._hub.join(self._hub.stream(channel, symbol), self.out, command.snap, why)

    def _resolve(self, name: str, command: Sub) -> str:
        symbol = self._hub.resolve(name)
        if symbol is None:
            reason = f"no instrument of the tape is called {name}; /v1/aliases has all other names"
            raise Refused("unknown_symbol", reason, command.id)
        return symbol

    async def _resume(
        self, channel: Channel, symbol: str, name: str, command: Sub
    ) -> SyncWhy | None:
        """Continue where the client stands; why it gets a snapshot instead, else None."""
        after = command.cursor(symbol, name)
        if after is None:
            return "new"
        if command.epoch != self._hub.epoch:
            return "epoch"
        return await catch_up(
            self._hub, self._history, channel, symbol, self.out, after, self._room
        )

    async def _sub_all(self, command: Sub) -> None:
        """All streams of a channel, then, in one step with the last of them, those to come."""
        channel = commands.channel_of(command)
        self._wild.add(channel.name)
        while waiting := [s for s in self._hub.of(channel) if self.out not in s.listeners]:
            for symbol in [s.symbol for s in waiting]:
                await self._room()
                self._hub.join(self._hub.stream(channel, symbol), self.out, command.snap, "new")
        self._hub.join_all(channel, self.out)

    def _unsub(self, command: Unsub) -> None:
        channel = commands.channel_of(command)
        if self._streams or self._wild:  # leaving nothing buys no time
            self._idle_since = time.monotonic()
        for name in command.symbols:
            symbol = self._aliases.pop((channel.name, name), name)
            if symbol == "*":
                self._wild.discard(channel.name)
                self._leave_wild(channel.name)
            else:
                self._streams.discard((channel.name, symbol))
                self._hub.leave(channel, symbol, self.out)
        self.out.put(wire.control("ok", id=command.id))

    def _leave_wild(self, name: str) -> None:
        channel = BY_NAME[name]
        self._hub.leave_all(channel, self.out)
        for stream in self._hub.of(channel):
            if (name, stream.symbol) not in self._streams:
                self._hub.leave(channel, stream.symbol, self.out)

    async def _room(self) -> None:
        """Wait until a snapshot fits the queue; a client that does not read is closed by `tick`."""
        while not self.out.room:
            await asyncio.sleep(0.005)
