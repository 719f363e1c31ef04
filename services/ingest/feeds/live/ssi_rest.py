"""Requests to SSI's REST service, one after the other, never faster than it bears."""

import asyncio
from collections.abc import Mapping

import httpx

from services.ingest.feeds.live import web
from services.ingest.feeds.live.line import Broken
from services.ingest.feeds.live.ssi_token import Tokens

PACE_S = 1.1
"""Between two requests: SSI names no limit, its users keep to this."""


class SsiRest:
    """
    One consumer's way to the service, whoever asks.

    Args:
        pace_s: as of `PACE_S`.
    """

    def __init__(self, rest_url: str, tokens: Tokens, pace_s: float = PACE_S) -> None:
        self._url, self._tokens, self._pace_s = rest_url.rstrip("/"), tokens, pace_s
        self._turn, self._next_s = asyncio.Lock(), 0.0

    async def ask(self, http: httpx.AsyncClient, path: str, asked: Mapping[str, object]) -> bytes:
        """
        The body of a reply.

        Raises:
            Broken, Refused: there is none.
        """
        now_s = asyncio.get_running_loop().time
        async with self._turn:
            await asyncio.sleep(self._next_s - now_s())
            try:
                return await self._ask(http, path, asked)
            finally:
                self._next_s = now_s() + self._pace_s

    async def _ask(self, http: httpx.AsyncClient, path: str, asked: Mapping[str, object]) -> bytes:
        name = path.rpartition("/")[2]
        token = await self._tokens.bearer()
        headers = {"Authorization": f"Bearer {token}"}
        try:
            params = {key: str(value) for key, value in asked.items()}
            reply = await http.get(f"{self._url}/{path}", params=params, headers=headers)
        except httpx.HTTPError as e:
            raise Broken(f"SSI's {name}: {e or type(e).__name__}") from None
        if reply.status_code == httpx.codes.UNAUTHORIZED:
            self._tokens.spoil(token)
            raise Broken(f"SSI's {name}: it does not take our token any more")
        web.judge(reply.status_code, reply.headers, f"SSI's {name}")
        return reply.content
