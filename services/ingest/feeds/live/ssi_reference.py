"""Reference data from SSI's REST: at the start and on each day, beside the files."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import httpx
import msgspec
from ssi_fc_data.model import api

from schemas.control import Reference
from schemas.topics import CONTROL
from services.ingest.core.ssi_v2.listing import Listing, listing
from services.ingest.core.vn.image import VENUE
from services.ingest.core.vn.schedule import local
from services.ingest.feeds.base import Arrival
from services.ingest.feeds.live import hidden, web
from services.ingest.feeds.live.line import Broken, Refused, Sink
from services.ingest.feeds.live.ssi_rest import SsiRest
from services.runtime import logs

log = logs.get(__name__)

FEED = "ssi"
MARKETS = ("HOSE", "HNX", "UPCOM", "DER")
INDICES = ("VN30",)
PAGE, LAST_PAGE = 1000, 10
"""Rows of a page, and pages: more SSI does not give."""
AGAIN_S = 60.0
REFUSED_S = 900.0
LOOK_S = 20.0
TOLD = 20
"""Differences that are written to the log, each; the rest is counted."""

Filed = Callable[[int], Reference]
"""The files' image at a receive time, µs since the epoch."""


class SsiReference:
    """
    An `Errand`: asks SSI and puts what it says otherwise on the tape.

    Args:
        filed: what the files say.
    Attributes:
        report: of the newest answer, for `/health`.
    """

    name = "ssi reference"

    def __init__(self, rest: SsiRest, filed: Filed) -> None:
        self._rest, self._filed = rest, filed
        self.report: dict[str, object] = {}

    def ear(self, sink: Sink) -> Sink:
        """See `Errand`."""
        return sink

    async def run(self, sink: Sink) -> None:
        """Until it is cancelled."""
        done: date | None = None
        while True:
            day, _ = local(sink.clock() // 1000)
            if day == done:
                await asyncio.sleep(LOOK_S)
                continue
            try:
                self._put(sink, await self.fetch(day, self._filed(sink.clock())))
                done = day
            except Refused as e:
                log.warning("reference_refused", why=str(e))
                await asyncio.sleep(REFUSED_S)
            except (Broken, OSError) as e:
                log.warning("reference_failed", why=str(e) or type(e).__name__)
                await asyncio.sleep(AGAIN_S)

    async def fetch(self, day: date, filed: Reference) -> Listing:
        """
        What SSI says on a day.

        Raises:
            Broken, Refused: it does not.
        """
        dates = {"fromDate": f"{day:%d/%m/%Y}", "toDate": f"{day:%d/%m/%Y}"}
        details: list[Any] = []
        prices: list[Any] = []
        components: list[Any] = []
        async with web.client() as http:
            for market in MARKETS:
                for block in await self._all(http, api.MD_SECURITIES_DETAILS, market=market):
                    details += block.get("RepeatedInfo") or []
                prices += await self._all(
                    http, api.MD_DAILY_STOCK_PRICE, market=market, symbol="", **dates
                )
            for index in INDICES:
                components += await self._all(http, api.MD_INDEX_COMPONENTS, indexCode=index)
        return listing(details, prices, components, filed, day)

    async def _all(self, http: httpx.AsyncClient, path: str, **asked: str) -> list[dict[str, Any]]:
        """The rows of all pages."""
        found: list[dict[str, Any]] = []
        for page in range(1, LAST_PAGE + 1):
            told = await self._page(http, path, {**asked, "pageIndex": page, "pageSize": PAGE})
            found += [row for row in told if isinstance(row, dict)]
            if len(told) < PAGE:
                break
        return found

    async def _page(
        self, http: httpx.AsyncClient, path: str, asked: Mapping[str, object]
    ) -> list[Any]:
        name, body = path.rpartition("/")[2], await self._rest.ask(http, path, asked)
        try:
            told = msgspec.json.decode(body)
            rows = told.get("data") if isinstance(told, dict) else None
        except (msgspec.DecodeError, ValueError):
            raise Broken(f"SSI's {name}: the reply is no JSON") from None
        if not isinstance(rows, list):
            said = told.get("message") if isinstance(told, dict) else None
            # A day without data is answered with an error, too.
            log.info("reference_empty", request=name, said=hidden.said(str(said)))
            return []
        return rows

    def _put(self, sink: Sink, found: Listing) -> None:
        if found.record is not None:
            now_us, value = sink.clock(), msgspec.json.encode(found.record)
            sink.put(Arrival(CONTROL.name, VENUE, now_us, FEED, "reference", VENUE, value))
        for each in found.differs[:TOLD]:
            log.warning("reference_differs", **each._asdict())
        said = 0 if found.record is None else len(found.record.instruments)
        self.report = {
            "instruments": said,
            "differences": len(found.differs),
            "first": [list(each) for each in found.differs[:TOLD]],
        }
        log.info("reference_compared", instruments=said, differences=len(found.differs))
