"""SSI's stream: the hub's HTTP steps and its WebSocket."""

import asyncio
import secrets
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, cast

from aiohttp import web

from services.simulator.serve import signalr
from services.simulator.serve.answers import refusal
from services.simulator.serve.channels import switched
from services.simulator.serve.connection import Connection, texts
from services.simulator.serve.floor import Floor
from services.simulator.serve.hub import offer_all

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_MOST_NEGOTIATED = 1000
_MOST_ASKED = 64 * 1024
"""Bytes of a client's frame: a SwitchChannels of 1,600 symbols has 10 KiB."""


class SignalR:
    """The hub of one floor."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._negotiated: dict[str, Connection | None] = {}

    def routes(self) -> list[web.AbstractRouteDef]:
        """Of an application."""
        path = signalr.PATH
        return [
            web.get(f"{path}/negotiate", self._negotiate),
            web.post(f"{path}/negotiate", self._negotiate),
            web.get(f"{path}/connect", self._connect),
            web.get(f"{path}/start", self._said("started")),
            web.get(f"{path}/ping", self._said("pong")),
            web.post(f"{path}/abort", self._abort),
        ]

    async def _negotiate(self, request: web.Request) -> web.StreamResponse:
        no = refusal(self._floor, request)
        if no is not None:
            return no
        connection, token = str(uuid.uuid4()), secrets.token_urlsafe(48)
        self._negotiated[token] = None
        while len(self._negotiated) > _MOST_NEGOTIATED:
            self._negotiated.pop(next(iter(self._negotiated)))
        return web.json_response(signalr.negotiated(connection, token))

    def _said(self, what: str) -> Handler:
        async def say(request: web.Request) -> web.StreamResponse:
            no = refusal(self._floor, request)
            return web.json_response({"Response": what}) if no is None else no

        return say

    async def _abort(self, request: web.Request) -> web.StreamResponse:
        connection = self._negotiated.get(request.query.get("connectionToken", ""))
        if connection is not None:
            await connection.close()
        return web.Response()

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        token = request.query.get("connectionToken", "")
        no = refusal(self._floor, request)
        if no is not None:
            return no
        if token not in self._negotiated:
            return web.Response(status=400, text="The ConnectionId is in the incorrect format.")
        floor = self._floor
        socket = web.WebSocketResponse(max_msg_size=_MOST_ASKED, compress=False)
        await socket.prepare(request)
        connection = Connection(
            floor.hub.number(), "ssi_v2", socket, cast(asyncio.Transport, request.transport),
            signalr.frame, floor.options.outbox_bytes, floor.log,
        )  # fmt: skip
        self._negotiated[token] = connection
        async with Served(floor, connection):
            await connection.say(signalr.initial())
            keeping = asyncio.create_task(_keep_alive(connection))
            try:
                async for text in texts(socket):
                    await self._invoked(connection, text)
            finally:
                keeping.cancel()
                self._negotiated.pop(token, None)
        return socket

    async def _invoked(self, connection: Connection, text: str) -> None:
        call = signalr.invocation(text)
        if call is None:
            return
        if call.method.lower() != "switchchannels":
            error = f"'{call.method}' method could not be resolved."
            await connection.say(signalr.answer(call.number, error))
            return
        written = str(call.arguments[0]) if call.arguments else ""
        selection = switched(written)
        floor = self._floor
        floor.log.connection(connection.number, connection.feed, "switched", channels=written)
        await connection.say(signalr.answer(call.number))
        if selection is not None:
            await floor.made_up.wait()
            # From here on without a pause: no message between the snapshot and what follows.
            offer_all(connection, floor.snapshot(selection))
            floor.hub.select(connection, selection)


class Served:
    """A connection while it is open: it is in the hub, and what is offered to it is sent."""

    def __init__(self, floor: Floor, connection: Connection) -> None:
        self._floor, self._connection = floor, connection

    async def __aenter__(self) -> None:
        floor, connection = self._floor, self._connection
        connection.bytes_per_s = floor.line(connection.feed)
        floor.hub.add(connection)
        floor.log.connection(connection.number, connection.feed, "begun")
        self._writing = asyncio.create_task(connection.write())

    async def __aexit__(self, *caught: Any) -> None:
        self._writing.cancel()
        await asyncio.gather(self._writing, return_exceptions=True)
        self._floor.hub.remove(self._connection)
        self._connection.ended()


async def _keep_alive(connection: Connection) -> None:
    while True:
        await asyncio.sleep(signalr.KEEP_ALIVE_S)
        await connection.say(signalr.KEEP_ALIVE)
