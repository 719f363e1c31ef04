"""
Binance's REST as its live client needs it: books, and trades by their numbers.

Sources, of developers.binance.com: "Spot: REST API, Market Data endpoints" (`depth`,
`historicalTrades`), "Spot: LIMITS" (429 and 418 with Retry-After), "USDS-M Futures: Market Data"
(`fapi/v1/depth`, `fapi/v1/historicalTrades`, which asks for a key).
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import httpx
import msgspec
from pydantic import SecretStr

from services.ingest.feeds.live import web
from services.ingest.feeds.live.hidden import hide, said
from services.ingest.feeds.live.line import Broken, Refused

PAGE = 1000
"""Trades of one reply, the most that Binance gives."""
KEY_HEADER = "X-MBX-APIKEY"


class Market(NamedTuple):
    """Where a venue's REST is: path of its API, and levels of a book of the same cost."""

    path: str
    levels: int


MARKETS: Mapping[str, Market] = {"BN": Market("api/v3", 1000), "BNF": Market("fapi/v1", 1000)}


class _Trade(msgspec.Struct):
    id: int


class _Book(msgspec.Struct):
    last_id: int = msgspec.field(name="lastUpdateId")


class Trades(NamedTuple):
    """One page: the number of its last trade (-1: it is empty), how many, and its bytes."""

    last: int
    size: int
    body: bytes


class Rest:
    """One venue's. `key` is shown nowhere."""

    def __init__(self, venue: str, url: str, key: SecretStr | None = None) -> None:
        self._market, self._url, self._key = MARKETS[venue], url.rstrip("/"), key
        hide(key)

    async def book(self, symbol: str) -> tuple[int, bytes]:
        """
        A snapshot of the book: its update id, and the reply.

        Raises:
            Broken, Refused: there is none.
        """
        body = await self._get("depth", {"symbol": symbol, "limit": self._market.levels})
        return self._read(body, _Book).last_id, body

    async def trades(self, symbol: str, from_id: int | None = None) -> Trades:
        """
        The trades from a number on, or the last ones; at most PAGE.

        Raises:
            Broken, Refused: there are none.
        """
        asked: dict[str, Any] = {"symbol": symbol, "limit": PAGE}
        if from_id is not None:
            asked["fromId"] = from_id
        body = await self._get("historicalTrades", asked)
        found = self._read(body, list[_Trade])
        if not found:
            return Trades(-1, 0, body)
        return Trades(found[-1].id, len(found), body)

    async def _get(self, name: str, asked: dict[str, Any]) -> bytes:
        headers = {} if self._key is None else {KEY_HEADER: self._key.get_secret_value()}
        try:
            async with web.client() as http:
                url = f"{self._url}/{self._market.path}/{name}"
                reply = await http.get(url, params=asked, headers=headers)
        except httpx.HTTPError as e:
            raise Broken(f"Binance's REST: {e or type(e).__name__}") from None
        try:
            web.judge(reply.status_code, reply.headers, f"Binance's {name} of {asked['symbol']}")
        except Refused as e:
            # In its own words: `{"code": -1121, "msg": "Invalid symbol."}`.
            raise Refused(f"{e}: {said(reply.content)}") from None
        return reply.content

    @staticmethod
    def _read(body: bytes, type_: Any) -> Any:
        try:
            return msgspec.json.decode(body, type=type_)
        except (msgspec.DecodeError, ValueError):
            raise Broken("Binance's REST: the reply is not Binance's JSON") from None
