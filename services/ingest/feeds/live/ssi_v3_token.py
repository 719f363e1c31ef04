"""SSI v3's tokens: one for 15 minutes, renewed with another one that lives for 8 hours."""

import asyncio
import time
from collections.abc import Callable, Mapping

import httpx
import msgspec
from pydantic import SecretStr

from services.ingest.feeds.live import web
from services.ingest.feeds.live.hidden import hide
from services.ingest.feeds.live.line import Broken, Refused

VARIABLES = "VNTAPE_SSI_API_KEY and VNTAPE_SSI_API_SECRET"
LEAST_S = 60.0
"""A token that ends so soon is renewed; of a shorter one, after two thirds of its life."""


class _Reply(msgspec.Struct, rename="camel"):
    access_token: str
    expires_at: float
    refresh_token: str = ""
    refresh_expires_at: float = 0.0


class TokensV3:
    """
    The tokens of one account. Nothing here is ever printed.

    Args:
        rest_url: e.g. `https://api.ssi.com.vn`.
        now_s: seconds since the epoch.
    """

    def __init__(
        self, rest_url: str, key: SecretStr, secret: SecretStr,
        now_s: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        self._url = f"{rest_url.rstrip('/')}/api/v3/auth"
        self._key, self._secret, self._now_s = key, secret, now_s
        self._held: _Reply | None = None
        self._renew_s = 0.0
        self._lock = asyncio.Lock()
        hide(key, secret)
        self.fetched = self.refreshed = 0

    def __repr__(self) -> str:
        return f"TokensV3({self._url!r})"

    async def bearer(self) -> str:
        """
        An access token that is good for a while.

        Raises:
            Refused: SSI does not know the account; Broken: it does not answer well.
        """
        async with self._lock:
            now_s = self._now_s()
            if self._held is None or now_s >= self._renew_s:
                self._held = await self._new(now_s)
                life_s = max(0.0, self._held.expires_at - now_s)
                self._renew_s = self._held.expires_at - min(LEAST_S, life_s / 3)
            return self._held.access_token

    def spoil(self, token: str) -> None:
        """SSI did not take this one: the next is a new one."""
        if self._held is not None and token == self._held.access_token:
            self._held = None

    async def _new(self, now_s: float) -> _Reply:
        held = self._held
        if held is not None and held.refresh_token and now_s < held.refresh_expires_at:
            try:
                found = await self._ask("refresh", {"refreshToken": held.refresh_token})
            except Refused:
                # It can be used once, and ends with its session.
                pass
            else:
                self.refreshed += 1
                return found
        who = {"apiKey": self._key, "apiSecret": self._secret}
        asked = {name: value.get_secret_value() for name, value in who.items()}
        found = await self._ask("token", asked)
        self.fetched += 1
        return found

    async def _ask(self, name: str, asked: Mapping[str, str]) -> _Reply:
        try:
            async with web.client() as http:
                reply = await http.post(f"{self._url}/{name}", json=dict(asked))
        except httpx.HTTPError as e:
            raise Broken(f"SSI v3's REST: {e or type(e).__name__}") from None
        try:
            web.judge(reply.status_code, reply.headers, "SSI v3's access token")
        except Refused as e:
            raise Refused(f"{e}: check {VARIABLES}") from None
        try:
            found = msgspec.json.decode(reply.content, type=_Reply)
        except (msgspec.DecodeError, ValueError):
            raise Broken("SSI v3's access token: the reply is not SSI's JSON") from None
        hide(found.access_token, found.refresh_token)
        return found
