"""SSI's REST."""

import asyncio
import json
import time
from typing import Any

from aiohttp import web

from services.simulator.serve.answers import refusal, too_many
from services.simulator.serve.floor import Floor
from services.simulator.serve.rest import Refusal, envelope, parameters, refused

_PATH = "/api/v2/Market"


class Rest:
    """The REST of one floor."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    def routes(self) -> list[web.AbstractRouteDef]:
        """Of an application."""
        return [
            web.post(f"{_PATH}/AccessToken", self._token),
            web.get(f"{_PATH}/{{request}}", self._get),
        ]

    async def _token(self, request: web.Request) -> web.StreamResponse:
        if self._floor.refuses():
            return too_many()
        options = self._floor.options
        try:
            asked = json.loads(await request.text())
            who = asked["consumerID"], asked["consumerSecret"]
        except (ValueError, KeyError, TypeError):
            who = ("", "")
        if who != (options.consumer, options.secret):
            return web.json_response(
                {"message": "Wrong consumerID or consumerSecret", "status": 401, "data": None},
                status=401,
            )
        token = self._floor.tokens.issue(options.consumer, time.time())
        return await self._sent({
            "message": "Success", "status": 200, "data": {"accessToken": token}
        })  # fmt: skip

    async def _get(self, request: web.Request) -> web.StreamResponse:
        no = refusal(self._floor, request)
        if no is not None:
            return no
        rows = self._floor.answers.requests.get(request.match_info["request"].lower())
        if rows is None:
            return web.json_response(refused("No such request"), status=404)
        asked = parameters(request.query)
        try:
            return await self._sent(envelope(rows(asked), asked))
        except Refusal as e:
            # SSI's status code of a refusal is not known; its envelope is.
            return await self._sent(refused(str(e)))

    async def _sent(self, answer: dict[str, Any]) -> web.Response:
        text = json.dumps(answer, ensure_ascii=False)
        rate = self._floor.line("ssi_v2")
        if rate is not None:
            await asyncio.sleep(len(text) / rate)
        return web.Response(text=text, content_type="application/json")
