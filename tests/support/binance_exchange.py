"""
A Binance on loopback that plays a real capture: combined streams, and the REST that goes with them.

As developers.binance.com has it: "Spot: WebSocket Streams" (`/stream?streams=a/b`, frames
`{"stream", "data"}`), "Spot: Market Data endpoints" (`depth`, `historicalTrades`), "LIMITS" (429
with Retry-After), and the same of "USDS-M Futures".
"""

import asyncio
import gzip
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from aiohttp import web

PAGE = 1000


class BinanceExchange:
    """
    One symbol of one market; an async context manager in which it listens and plays.

    Attributes:
        skip: so many of the next depth updates go nowhere, though the book has them.
        refuse: so many of the next REST requests are answered 429.
        refuse_after: after so many more of them one is; None: none.
        asked: REST requests: name and parameters, the key among them.
        trades: every trade so far, as REST gives it.
    """

    def __init__(self, capture: Path, per_second: float, begin: int = 0) -> None:
        self.frames = [line.split(b" ", 1)[1] for line in _lines(capture)]
        self._pause_s = 1 / per_second
        self.skip = self.refuse = 0
        self.refuse_after: int | None = None
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.trades: list[dict[str, Any]] = []
        self.book: dict[str, dict[float, float]] = {"b": {}, "a": {}}
        self.last_id = 0
        self.at = 0
        self.url = ""
        self._sockets: dict[web.WebSocketResponse, tuple[web.Request, set[str]]] = {}
        self.connections = 0
        for frame in self.frames[:begin]:
            self._note(json.loads(frame))
        self.at = begin

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/stream", self._stream)
        for path in ("/api/v3", "/fapi/v1"):
            app.router.add_get(f"{path}/depth", self._depth)
            app.router.add_get(f"{path}/historicalTrades", self._history)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"127.0.0.1:{self._runner.addresses[0][1]}"
        self._playing = asyncio.create_task(self._play())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._playing.cancel()
        with suppress(asyncio.CancelledError):
            await self._playing
        self.drop()
        await self._runner.cleanup()

    def drop(self) -> None:
        """Reset all connections."""
        for request, _ in list(self._sockets.values()):
            if request.transport is not None:
                request.transport.abort()  # type: ignore[attr-defined]

    def environment(self, market: str, symbol: str) -> dict[str, str]:
        """Settings of a client for it."""
        head = "VNTAPE_BINANCE_" + ("USDM_" if market == "usdm" else "")
        return {
            f"{head}SYMBOLS": symbol,
            f"{head}STREAM_URL": f"ws://{self.url}",
            f"{head}REST_URL": f"http://{self.url}",
        }

    async def _play(self) -> None:
        begun, start = asyncio.get_running_loop().time(), self.at
        while self.at < len(self.frames):
            due = start + int((asyncio.get_running_loop().time() - begun) / self._pause_s)
            while self.at < min(due, len(self.frames)):
                frame = self.frames[self.at]
                self.at += 1
                await self._send(frame, json.loads(frame))
            await asyncio.sleep(0.01)

    async def _send(self, frame: bytes, told: dict[str, Any]) -> None:
        self._note(told)
        if told["data"]["e" if "e" in told["data"] else "u"] == "depthUpdate" and self.skip:
            self.skip -= 1
            return
        for socket, (_, streams) in list(self._sockets.items()):
            if told["stream"] in streams and not socket.closed:
                with suppress(ConnectionError, RuntimeError):
                    await socket.send_str(frame.decode())

    def _note(self, told: dict[str, Any]) -> None:
        data = told["data"]
        if data.get("e") == "trade":
            self.trades.append({
                "id": data["t"], "price": data["p"], "qty": data["q"], "time": data["T"],
                "quoteQty": "0", "isBuyerMaker": data["m"], "isBestMatch": True,
            })  # fmt: skip
        elif data.get("e") == "depthUpdate":
            self.last_id = data["u"]
            for side, levels in self.book.items():
                for price, volume in data[side]:
                    levels[float(price)] = float(volume)
                    if not float(volume):
                        del levels[float(price)]

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        self.connections += 1
        self._sockets[socket] = request, set(request.query["streams"].split("/"))
        try:
            async for _ in socket:
                pass
        finally:
            del self._sockets[socket]
        return socket

    def _refused(self, request: web.Request) -> web.Response | None:
        key = request.headers.get("X-MBX-APIKEY", "")
        self.asked.append((request.path.rpartition("/")[2], {**request.query, "key": key}))
        if self.refuse_after is not None:
            self.refuse += self.refuse_after == 0
            self.refuse_after = self.refuse_after - 1 if self.refuse_after else None
        if not self.refuse:
            return None
        self.refuse -= 1
        told = {"code": -1003, "msg": "Too many requests"}
        return web.json_response(told, status=429, headers={"Retry-After": "1"})

    async def _depth(self, request: web.Request) -> web.Response:
        sides = [sorted(self.book["b"].items(), reverse=True), sorted(self.book["a"].items())]
        told = {"lastUpdateId": self.last_id, "bids": _texts(sides[0]), "asks": _texts(sides[1])}
        return self._refused(request) or web.json_response(told)

    async def _history(self, request: web.Request) -> web.Response:
        since, limit = request.query.get("fromId"), int(request.query.get("limit", 500))
        if since is None:
            found = self.trades[-limit:]
        else:
            found = [each for each in self.trades if each["id"] >= int(since)][:limit]
        return self._refused(request) or web.json_response(found)


def _texts(levels: list[tuple[float, float]]) -> list[list[str]]:
    return [[repr(price), repr(volume)] for price, volume in levels]


def _lines(capture: Path) -> Iterator[bytes]:
    with gzip.open(capture) as file:
        for line in file:
            if b'"stream"' in line:
                yield line.rstrip(b"\n")
