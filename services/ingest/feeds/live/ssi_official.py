"""SSI's official figures of a day, DailyStockPrice, after the close: for reports."""

import asyncio
from datetime import date

import msgspec
from ssi_fc_data.model import api

from schemas.control import RestReply
from schemas.topics import CONTROL
from services.ingest.core.ssi_v2.rest import DAILY_PRICES
from services.ingest.core.ssi_v2.route import MARKET
from services.ingest.core.vn.image import VENUE
from services.ingest.core.vn.schedule import local
from services.ingest.feeds.base import Arrival
from services.ingest.feeds.live import web
from services.ingest.feeds.live.line import Broken, Refused, Sink
from services.ingest.feeds.live.ssi_reference import (
    AGAIN_S,
    FEED,
    LAST_PAGE,
    MARKETS,
    PAGE,
    REFUSED_S,
)
from services.ingest.feeds.live.ssi_rest import SsiRest
from services.ingest.feeds.live.watch import TradingDay
from services.runtime import logs

log = logs.get(__name__)

FINAL_MS = (15 * 60 + 20) * 60_000
"""Local time of day from which a day's figures are asked for: the exchanges closed at 15:00."""
LOOK_S = 5.0


class SsiOfficial:
    """
    An `Errand`: puts the replies of each trading day on the tape, verbatim, once it is over.

    A start on a later day asks for the day on which the tape stopped.

    Attributes:
        report: of the newest day, for `/health`.
    """

    name = "ssi official figures"

    def __init__(self, rest: SsiRest, is_trading_day: TradingDay) -> None:
        self._rest, self._is_trading_day = rest, is_trading_day
        self.report: dict[str, object] = {}

    def ear(self, sink: Sink) -> Sink:
        """See `Errand`."""
        return sink

    async def run(self, sink: Sink) -> None:
        """Until it is cancelled."""
        told: date | None = None
        while True:
            day = due(sink.clock() // 1000, sink.stood_us)
            if day is None or day == told or not self._is_trading_day(day):
                await asyncio.sleep(LOOK_S)
                continue
            try:
                replies = await self.fetch(day)
            except Refused as e:
                log.warning("official_refused", why=str(e))
                await asyncio.sleep(REFUSED_S)
            except (Broken, OSError) as e:
                log.warning("official_failed", why=str(e) or type(e).__name__)
                await asyncio.sleep(AGAIN_S)
            else:
                for body in replies:
                    _put(sink, body)
                told, self.report = day, {"day": day.isoformat(), "replies": len(replies)}

    async def fetch(self, day: date) -> list[bytes]:
        """
        The replies of all exchanges, all pages.

        Raises:
            Broken, Refused: SSI does not give them.
        """
        found: list[bytes] = []
        dates = {"fromDate": f"{day:%d/%m/%Y}", "toDate": f"{day:%d/%m/%Y}"}
        async with web.client() as http:
            for market in MARKETS:
                for page in range(1, LAST_PAGE + 1):
                    asked = {"market": market, "symbol": "", **dates}
                    body = await self._rest.ask(
                        http, api.MD_DAILY_STOCK_PRICE,
                        {**asked, "pageIndex": page, "pageSize": PAGE},
                    )  # fmt: skip
                    rows = _rows(body)
                    if rows:
                        found.append(body)
                    if rows < PAGE:
                        break
        return found


def due(now_ms: int, stood_us: int | None) -> date | None:
    """The day whose figures are final: today after the close, else when the tape stopped."""
    today, ms_of_day = local(now_ms)
    if ms_of_day >= FINAL_MS:
        return today
    stopped = None if stood_us is None else local(stood_us // 1000)[0]
    return stopped if stopped is not None and stopped < today else None


def _rows(body: bytes) -> int:
    try:
        told = msgspec.json.decode(body)
    except (msgspec.DecodeError, ValueError):
        raise Broken("SSI's DailyStockPrice: the reply is no JSON") from None
    rows = told.get("data") if isinstance(told, dict) else None
    return len(rows) if isinstance(rows, list) else 0


def _put(sink: Sink, body: bytes) -> None:
    reply = RestReply(
        venue=VENUE, channel=f"{MARKET}.{DAILY_PRICES}", body=body.decode("utf-8", "replace")
    )
    now_us, value = sink.clock(), msgspec.json.encode(reply)
    sink.put(Arrival(CONTROL.name, VENUE, now_us, FEED, "rest_reply", VENUE, value))
