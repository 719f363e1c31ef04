"""Minute bars from SSI's REST of what the stream of prints lost."""

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import httpx
import msgspec
from ssi_fc_data.model import api

from schemas.control import Lost, RestReply
from schemas.topics import CONTROL
from services.ingest.core.feed import MAX_SYMBOLS
from services.ingest.core.ssi_v2.rest import INTRADAY, MINUTE_MS, Envelope
from services.ingest.core.ssi_v2.route import MARKET
from services.ingest.core.vn.image import VENUE
from services.ingest.core.vn.schedule import local
from services.ingest.feeds.base import Arrival
from services.ingest.feeds.live import web
from services.ingest.feeds.live.line import Broken, Busy, Refused, Sink
from services.ingest.feeds.live.ssi_reference import Filed
from services.ingest.feeds.live.ssi_rest import SsiRest
from services.ingest.feeds.live.watch import TradingDay, opened_ms
from services.ingest.spool_intake import Began
from services.runtime import logs

log = logs.get(__name__)

FEED = "ssi"
PRINTS = (f"{MARKET}.X-TRADE", f"{MARKET}.X")
MOST_SYMBOLS = 100
"""Asked for after a loss: two minutes of requests. The others' gap stays without bars."""
ROWS = 1000
"""More than a day has minutes."""
SETTLE_MS = 5_000
"""So long after its minute a bar is surely whole."""
LOOK_S = 1.0
TRIES = 3
_SYMBOL = re.compile(rb'"Symbol"\s*:\s*"([^"\\]{1,32})"')
_NO_BARS = frozenset({"index", "bond"})


class SsiBackfill:
    """
    An `Errand`: asks for the bars of the lost minutes, beside the streams, which never wait.

    Args:
        symbols: those that were chosen; empty: all of `filed`, the most active since the start
            first, then members of baskets.

    Attributes:
        report: of the newest round, for `/health`.
    """

    name = "ssi backfill"

    def __init__(
        self, rest: SsiRest, symbols: Sequence[str], filed: Filed, is_trading_day: TradingDay
    ) -> None:
        self._rest, self._chosen, self._filed = rest, list(symbols), filed
        self._is_trading_day = is_trading_day
        self._active: Counter[str] = Counter()
        self._lost: list[tuple[int, int]] = []
        self.report: dict[str, object] = {}

    def ear(self, sink: Sink) -> Sink:
        """See `Errand`."""
        return _Ear(sink, self)

    def traded(self, value: bytes) -> None:
        """A print came."""
        if match := _SYMBOL.search(value):
            symbol = match[1].decode("utf-8", "replace").upper()
            if symbol in self._active or len(self._active) < MAX_SYMBOLS:
                self._active[symbol] += 1

    def missed(self, from_ms: int, to_ms: int) -> None:
        """A loss is over: its part within this day's trading will be asked for."""
        opened = opened_ms(to_ms, self._is_trading_day)
        if opened is None and local(from_ms)[0] == local(to_ms)[0]:
            # It ends after the close.
            opened = opened_ms(from_ms, self._is_trading_day)
        if opened is not None and to_ms > max(from_ms, opened):
            self._lost.append((max(from_ms, opened), to_ms))

    def symbols(self, now_us: int) -> list[str]:
        """Whom to ask for, the most important first."""
        if self._chosen:
            return self._chosen[:MOST_SYMBOLS]
        filed = self._filed(now_us)
        members = {each.symbol for basket in filed.baskets for each in basket.members}
        named = {each.symbol for each in filed.instruments if each.kind not in _NO_BARS}
        known = named | members | set(self._active)
        rank = sorted(known, key=lambda each: (-self._active[each], each not in members, each))
        return rank[:MOST_SYMBOLS]

    async def run(self, sink: Sink) -> None:
        """Until it is cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            now_ms = sink.clock() // 1000
            if due := [each for each in self._lost if _whole_ms(each[1]) <= now_ms]:
                self._lost = [each for each in self._lost if each not in due]
                await self._round(sink, due)

    async def _round(self, sink: Sink, lost: list[tuple[int, int]]) -> None:
        symbols, told = self.symbols(sink.clock()), 0
        day = f"{local(lost[-1][1])[0]:%d/%m/%Y}"
        windows = [list(each) for each in lost]
        async with web.client() as http:
            for symbol in symbols:
                try:
                    body = await self._bars(http, symbol, day)
                except Refused as e:
                    log.warning("backfill_refused", symbol=symbol, why=str(e))
                    continue
                if body is None:
                    break
                self._put(sink, Envelope(symbol, lost, msgspec.Raw(body)))
                told += 1
                self.report = {"lost_ms": windows, "asked": len(symbols), "told": told}
        log.info("backfilled", lost_ms=windows, asked=len(symbols), told=told)

    async def _bars(self, http: httpx.AsyncClient, symbol: str, day: str) -> bytes | None:
        """
        A reply; None when SSI does not answer.

        Raises:
            Refused: not for this symbol.
        """
        asked = {
            "symbol": symbol, "fromDate": day, "toDate": day, "pageIndex": 1, "pageSize": ROWS,
            "ascending": "true", "resolution": 1,
        }  # fmt: skip
        for _ in range(TRIES):
            try:
                body = await self._rest.ask(http, api.MD_INTRADAY_OHLC, asked)
                msgspec.json.decode(body)
            except Busy as e:
                log.warning("backfill_waits", symbol=symbol, why=str(e))
                await asyncio.sleep(e.wait_s)
            except (Broken, OSError, ValueError) as e:
                log.warning("backfill_failed", symbol=symbol, why=str(e) or type(e).__name__)
            else:
                return body
        return None

    def _put(self, sink: Sink, envelope: Envelope) -> None:
        body = msgspec.json.encode(envelope).decode("utf-8", "replace")
        value = msgspec.json.encode(
            RestReply(venue=VENUE, channel=f"{MARKET}.{INTRADAY}", body=body)
        )
        now_us = sink.clock()
        sink.put(Arrival(CONTROL.name, VENUE, now_us, FEED, "rest_reply", VENUE, value))


class _Ear:
    """A sink that tells what passes: who trades, and what was lost."""

    def __init__(self, sink: Sink, errand: SsiBackfill) -> None:
        self._sink, self._errand = sink, errand

    @property
    def began(self) -> Began:
        return self._sink.began

    @property
    def stood_us(self) -> int | None:
        return self._sink.stood_us

    @property
    def told_us(self) -> int | None:
        return self._sink.told_us

    async def stood(self, venue: str, feed: str) -> Any:
        return await self._sink.stood(venue, feed)

    def clock(self) -> int:
        return self._sink.clock()

    def take(self, arrivals: Sequence[Arrival]) -> bool:
        for each in arrivals:
            if each.channel in PRINTS:
                self._errand.traded(each.value)
        return self._sink.take(arrivals)

    def put(self, arrival: Arrival) -> None:
        self._sink.put(arrival)
        if arrival.channel != "lost" or arrival.feed != FEED:
            return
        lost = msgspec.json.decode(arrival.value, type=Lost)
        if lost.channel not in PRINTS:
            return
        # The time in which no process ran is told for all channels at once, before this one.
        stood_us = self._sink.stood_us if lost.cause == "restart" else None
        from_ms = lost.from_ts_ms if stood_us is None else min(lost.from_ts_ms, stood_us // 1000)
        self._errand.missed(from_ms, lost.to_ts_ms)


def _whole_ms(to_ms: int) -> int:
    """When the bar of the last lost minute is whole."""
    return to_ms - to_ms % MINUTE_MS + MINUTE_MS + SETTLE_MS
