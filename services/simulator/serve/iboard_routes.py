"""iBoard's push socket."""

import asyncio
from typing import cast

from aiohttp import web

from services.simulator.serve.channels import Selection, subscribed
from services.simulator.serve.connection import Connection, texts
from services.simulator.serve.floor import Floor
from services.simulator.serve.signalr_routes import Served

PATH = "/realtime"
_MOST_ASKED = 64 * 1024


class IBoard:
    """The push feed of one floor; nobody proves who they are."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    def routes(self) -> list[web.AbstractRouteDef]:
        """Of an application."""
        return [web.get(PATH, self._connect)]

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        floor = self._floor
        socket = web.WebSocketResponse(max_msg_size=_MOST_ASKED, compress=False)
        await socket.prepare(request)
        connection = Connection(
            floor.hub.number(), "iboard", socket, cast(asyncio.Transport, request.transport),
            None, floor.options.outbox_bytes, floor.log,
        )  # fmt: skip
        async with Served(floor, connection):
            async for text in texts(socket):
                await self._asked(connection, text)
        return socket

    async def _asked(self, connection: Connection, text: str) -> None:
        pairs, answer = subscribed(cast(Selection, connection.selection).pairs, text)
        floor = self._floor
        floor.log.connection(connection.number, connection.feed, "asked", text=text)
        floor.hub.select(connection, Selection(pairs=pairs))
        if answer is not None:
            await connection.say(answer)
