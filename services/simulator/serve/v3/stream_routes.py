"""v3's WebSocket."""

import asyncio
import json
import time
from typing import Any, cast

import msgspec
from aiohttp import web

from services.simulator.serve.answers import bearer
from services.simulator.serve.connection import Connection, Parcel, texts
from services.simulator.serve.floor import Floor
from services.simulator.serve.signalr_routes import Served
from services.simulator.serve.v3.topics import Subscribed, Topic, streamed

PATH = "/ws/v3"
MOST_ASKED = 4096
"""Bytes of a request; a longer one is dropped."""
MOST_CONNECTIONS = 10
_MOST_READ = 1024**2


class Stream:
    """The stream of one floor."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    def routes(self) -> list[web.AbstractRouteDef]:
        """Of an application."""
        return [web.get(PATH, self._connect)]

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        floor = self._floor
        no = self._refusal(request)
        socket = web.WebSocketResponse(max_msg_size=_MOST_READ, compress=False)
        await socket.prepare(request)
        if no is not None:
            await socket.send_json(no)
            await socket.close()
            return socket
        connection = Connection(
            floor.hub.number(), "ssi_v3", socket, cast(asyncio.Transport, request.transport),
            None, floor.options.outbox_bytes, floor.log,
        )  # fmt: skip
        connection.selection = Subscribed()
        async with Served(floor, connection):
            async for text in texts(socket):
                if len(text.encode()) <= MOST_ASKED:
                    await self._asked(connection, text)
        return socket

    def _refusal(self, request: web.Request) -> dict[str, Any] | None:
        """SSI lets the socket open, and then says why it will not."""
        floor = self._floor
        if floor.refuses() or len(floor.hub.of("ssi_v3")) >= MOST_CONNECTIONS:
            return {"code": 429, "msg": "Too many connections"}
        if not floor.v3_sessions.access.good(bearer(request), time.time()):
            return {"code": 401, "msg": "Unauthorized"}
        return None

    async def _asked(self, connection: Connection, text: str) -> None:
        try:
            asked: Any = msgspec.json.decode(text)
        except msgspec.DecodeError:
            asked = None
        if not isinstance(asked, dict):
            await connection.say(json.dumps({"code": 400, "msg": "Invalid message"}))
            return
        method, channel = str(asked.get("method", "")), str(asked.get("channel", ""))
        subscribed = cast(Subscribed, connection.selection)
        match method.lower():
            case "subscribe" | "unsubscribe" if channel.upper() == "DATA":
                topics = asked.get("topics")
                named = [str(each) for each in topics] if isinstance(topics, list) else []
                await self._chosen(connection, subscribed, method, named)
            case "subscribe" | "unsubscribe":
                await connection.say(_answer(method, channel, "error", "Denied (scope)"))
            case "ping_pong":
                await connection.say(_answer("PING_PONG", "HEARTBEAT", "ok", "pong"))
            case "list_subscription":
                listed = {"trading": "", "data": ";".join(subscribed.asked)}
                await connection.say(json.dumps(listed))
            case _:
                await connection.say(_answer(method, channel, "error", "Invalid method"))

    async def _chosen(
        self, connection: Connection, subscribed: Subscribed, method: str, named: list[str]
    ) -> None:
        floor = self._floor
        floor.log.connection(
            connection.number, connection.feed, method.lower(), topics=";".join(named)
        )
        asked, fresh, bad = dict(subscribed.asked), list[Topic](), list[str]()
        for name in named:
            found = streamed(name, floor.listed)
            if found is None:
                bad.append(name)
            elif method.lower() == "unsubscribe":
                asked.pop(name, None)
            elif name not in asked:
                asked[name] = found
                fresh += found
        said = ("error", f"Invalid topic: {';'.join(bad)}") if bad else ("ok", "success")
        await connection.say(_answer(method, "DATA", *said))
        await floor.made_up.wait()
        # From here on without a pause: no message between what is told first and what follows.
        for heard in floor.translator.first(fresh):
            connection.offer(Parcel(heard.text, heard.text))
        floor.hub.select(connection, subscribed.changed(asked))


def _answer(method: str, channel: str, status: str, message: str) -> str:
    said = {"method": method.upper(), "channel": channel.upper(), "status": status}
    return json.dumps(said | {"message": message})
