"""SSI's access token: fetched once for all connections, renewed before it expires."""

import asyncio
import base64
import binascii
import time
from collections.abc import Callable
from dataclasses import asdict

import httpx
import msgspec
from pydantic import SecretStr
from ssi_fc_data.model import api, model

from services.ingest.feeds.live import web
from services.ingest.feeds.live.hidden import hide, said
from services.ingest.feeds.live.line import Broken, Refused

OK = 200
MARGIN_S = 300.0
"""So long before its end a token is renewed; of a short one, after two thirds of its life."""
UNKNOWN_LIFE_S = 900.0
"""Of a token that does not say when it ends."""
VARIABLES = "VNTAPE_SSI_CONSUMER_ID and VNTAPE_SSI_CONSUMER_SECRET"


class _Claims(msgspec.Struct):
    exp: float


class _Data(msgspec.Struct):
    access_token: str = msgspec.field(name="accessToken")


class _Reply(msgspec.Struct):
    status: int | str = 0
    message: str | None = ""
    data: _Data | None = None


class Tokens:
    """
    The token of one consumer. Nothing here is ever printed.

    Args:
        rest_url: SSI's REST service, e.g. `https://fc-data.ssi.com.vn/`.
        now_s: seconds since the epoch.
    """

    def __init__(
        self,
        rest_url: str,
        consumer_id: SecretStr,
        consumer_secret: SecretStr,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._url = f"{rest_url.rstrip('/')}/{api.MD_ACCESS_TOKEN}"
        self._id, self._secret, self._now_s = consumer_id, consumer_secret, now_s
        self._token, self._renew_s = "", 0.0
        self._lock = asyncio.Lock()
        hide(consumer_id, consumer_secret)
        self.fetched = 0

    def __repr__(self) -> str:
        return f"Tokens({self._url!r})"

    async def bearer(self) -> str:
        """
        A token that is good for a while.

        Raises:
            Refused: SSI does not know the consumer; Broken: it does not answer well.
        """
        async with self._lock:
            if not self._token or self._now_s() >= self._renew_s:
                self._token = await self._fetch()
                self._renew_s = renew_at(self._token, self._now_s())
                self.fetched += 1
            return self._token

    def spoil(self, token: str) -> None:
        """SSI did not take this one: the next is a new one."""
        if token == self._token:
            self._token = ""

    async def _fetch(self) -> str:
        asked = model.accessToken(self._id.get_secret_value(), self._secret.get_secret_value())
        try:
            async with web.client() as http:
                reply = await http.post(self._url, json=asdict(asked))
        except httpx.HTTPError as e:
            raise Broken(f"SSI's REST service: {e or type(e).__name__}") from None
        what = "SSI's access token"
        try:
            web.judge(reply.status_code, reply.headers, what)
        except Refused as e:
            raise Refused(f"{e}: {_advice(reply.status_code)}") from None
        try:
            told = msgspec.json.decode(reply.content, type=_Reply)
        except (msgspec.DecodeError, ValueError):
            raise Broken(f"{what}: the reply is not SSI's JSON") from None
        if str(told.status) not in (str(OK), "Success") or told.data is None:
            raise Refused(f"{what}: {said(told.message or str(told.status))}: {_advice(OK)}")
        hide(told.data.access_token)
        return told.data.access_token


def _advice(status: int) -> str:
    if status == httpx.codes.NOT_FOUND:
        return "is VNTAPE_SSI_V2_REST_URL the right address?"
    return f"check {VARIABLES}"


def renew_at(token: str, now_s: float) -> float:
    """When to fetch the next one, seconds since the epoch; never raises."""
    try:
        body = token.split(".")[1]
        padded = body + "=" * (-len(body) % 4)
        # A JWT's alphabet is the URL-safe one.
        claims = base64.urlsafe_b64decode(padded)
        end_s = msgspec.json.decode(claims, type=_Claims).exp
    except (IndexError, binascii.Error, msgspec.DecodeError, ValueError):
        end_s = now_s + UNKNOWN_LIFE_S
    life_s = max(0.0, end_s - now_s)
    return end_s - min(MARGIN_S, life_s / 3)
