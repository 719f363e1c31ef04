"""v3's REST: tokens and data, ten requests a second."""

import asyncio
import json
import time
from collections import deque
from typing import Any

from aiohttp import web

from services.simulator.serve.answers import bearer
from services.simulator.serve.floor import Floor
from services.simulator.serve.v3.rest import Refusal

_PATH = "/api/v3"
A_SECOND = 10


class Rest:
    """The REST of one floor."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._sessions = floor.v3_sessions
        self._lately: deque[float] = deque()

    def routes(self) -> list[web.AbstractRouteDef]:
        """Of an application."""
        return [
            web.post(f"{_PATH}/auth/token", self._token),
            web.post(f"{_PATH}/auth/refresh", self._refresh),
            web.get(f"{_PATH}/data/{{request}}", self._data),
        ]

    async def _token(self, request: web.Request) -> web.StreamResponse:
        if self._busy():
            return self._refused(429, 429, "Too many requests")
        asked, options = await _body(request), self._floor.options
        if (asked.get("apiKey"), asked.get("apiSecret")) != (options.consumer, options.secret):
            return self._refused(401, 401102, "apiKey or apiSecret is wrong")
        return await self._sent(self._sessions.begin(options.consumer, time.time()))

    async def _refresh(self, request: web.Request) -> web.StreamResponse:
        if self._busy():
            return self._refused(429, 429, "Too many requests")
        token = str((await _body(request)).get("refreshToken", ""))
        found = self._sessions.renewed(self._floor.options.consumer, token, time.time())
        if found is None:
            return self._refused(401, 401103, "refreshToken is unknown, used or over")
        return await self._sent(found)

    async def _data(self, request: web.Request) -> web.StreamResponse:
        floor = self._floor
        if self._busy():
            return self._refused(429, 429, "Too many requests")
        if not self._sessions.access.good(bearer(request), time.time()):
            return self._refused(401, 401, "Unauthorized")
        answer = floor.v3_answers.requests.get(request.match_info["request"].lower())
        if answer is None:
            return self._refused(404, 404, "No such request")
        try:
            return await self._sent(answer(request.query))
        except Refusal as e:
            return self._refused(400, e.code, str(e))

    def _busy(self) -> bool:
        """Whether this request is one too many."""
        now = asyncio.get_running_loop().time()
        while self._lately and self._lately[0] <= now - 1:
            self._lately.popleft()
        if self._floor.refuses() or len(self._lately) >= A_SECOND:
            return True
        self._lately.append(now)
        return False

    def _limits(self) -> dict[str, str]:
        left = A_SECOND - len(self._lately)
        return {"X-RateLimit-Limit": str(A_SECOND), "X-RateLimit-Remaining": str(left)}

    def _refused(self, status: int, code: int, text: str) -> web.Response:
        headers = self._limits() | ({"Retry-After": "1"} if status == code == 429 else {})
        return web.json_response({"code": code, "msg": text}, status=status, headers=headers)

    async def _sent(self, answer: Any) -> web.Response:
        text = json.dumps(answer, ensure_ascii=False)
        rate = self._floor.line("ssi_v3")
        if rate is not None:
            await asyncio.sleep(len(text) / rate)
        return web.Response(text=text, content_type="application/json", headers=self._limits())


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        found = json.loads(await request.text())
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
