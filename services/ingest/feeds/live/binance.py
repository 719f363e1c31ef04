"""
Binance live: of a venue, the trades on one connection and the books on another.

Sources, of developers.binance.com: "Spot: WebSocket Streams, General WSS information" (combined
streams, 24 hours) and "How to manage a local order book correctly"; "USDS-M Futures: Connect" and
the section of the same name there. What was missed between two connections, or two processes, is
fetched by the trades' numbers, and enters the tape before what the new connection brings: then
nothing is lost.
"""

import asyncio
import re
from collections.abc import Sequence
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection

from services.ingest.core.binance.route import MARKETS
from services.ingest.core.feed import Feed
from services.ingest.core.registry import FEEDS
from services.ingest.feeds.base import FeedError
from services.ingest.feeds.live import web
from services.ingest.feeds.live.binance_books import Books
from services.ingest.feeds.live.binance_history import History
from services.ingest.feeds.live.line import Broken, Reply, Session, Sink
from services.ingest.feeds.live.watch import Patience

NAME = "binance"
PING_S = 20.0
LIFE_S = 23.5 * 3600
"""Binance ends a connection after 24 hours: it is left before, at a moment of ours."""
FETCH_S = 120.0
"""A connection may take so long: REST tells first what is missing."""
_STREAM = re.compile(r"(trade|aggTrade|bookTicker|depth(@(100|250|500)ms)?)")
_NAME = re.compile(r"[A-Z0-9_]{2,40}")
_TIME = re.compile(rb'"T":(\d{13})|"E":(\d{13})')
# In units of the busiest channels' patience: nobody knows how busy a symbol is.
_TRADES, _BOOKS = 4.0, 2.0


def symbols_of(written: str, variable: str) -> list[str]:
    """
    The names of a setting like `BTCUSDT,ETHUSDT`.

    Raises:
        FeedError: there are none.
    """
    found = list(dict.fromkeys(each.strip().upper() for each in written.split(",") if each.strip()))
    if not found or not all(_NAME.fullmatch(each) for each in found):
        raise FeedError(f"{variable}: must name symbols, as in BTCUSDT,ETHUSDT; was {written!r}")
    return found


def streams_of(written: str) -> tuple[list[str], list[str]]:
    """
    The streams of a setting like `trade,bookTicker,depth@100ms`: of trades, and of books.

    Raises:
        FeedError: there are none, or one is unknown here.
    """
    found = list(dict.fromkeys(each.strip() for each in written.split(",") if each.strip()))
    if not found or not all(_STREAM.fullmatch(each) for each in found):
        raise FeedError(
            "VNTAPE_BINANCE_STREAMS: must be of trade, aggTrade, bookTicker, depth@100ms; it was "
            f"{written!r}"
        )
    prints = [each for each in found if each.lower().endswith("trade")]
    return prints, [each for each in found if each not in prints]


class BinanceLine:
    """
    A `Line` of one venue's trades, or of its books.

    Args:
        url: of its WebSocket, e.g. `wss://stream.binance.com:9443`.
        streams: all of trades, or all of books.
        keeper: what stands before and beside the streams.
    """

    name, connect_s = NAME, FETCH_S

    def __init__(
        self, venue: str, url: str, symbols: Sequence[str], streams: Sequence[str],
        keeper: Books | History, silence_s: float,
    ) -> None:  # fmt: skip
        self.venue = venue
        self.feed: Feed = FEEDS[NAME]
        kinds = [stream.partition("@")[0] for stream in streams]
        self.channel = f"{MARKETS[venue]}.{'+'.join(kinds)}"
        names = "/".join(f"{symbol.lower()}@{kind}" for symbol in symbols for kind in streams)
        self._url = f"{url.rstrip('/')}/stream?{urlencode({'streams': names}, safe='/@')}"
        self._keeper = keeper
        factor = _TRADES if isinstance(keeper, History) else _BOOKS
        self.patience = Patience(factor * silence_s)

    async def learn(self, tape: Sink) -> None:
        """See `Line`: the trades of before this start are missing, too."""
        if isinstance(self._keeper, History):
            self._keeper.resume(await tape.stood(self.venue, NAME))

    async def connect(self) -> Session:
        """See `Line`: the socket first, so that what happens while REST is asked is in it."""
        socket = await web.socket(self._url, {}, PING_S)
        try:
            return await _begun(socket, self._keeper)
        except BaseException:
            socket.transport.abort()
            raise

    def stamp(self, value: bytes) -> int | None:
        """See `Line`; a spot market's best quotes have no time."""
        match = _TIME.search(value)
        return None if match is None else int(match[1] or match[2])


class _Streams:
    """
    Attributes:
        whole: nothing is missing between the connection before and this one.
    """

    dead_s = None

    def __init__(
        self, socket: ClientConnection, keeper: Books | History, first: list[bytes | Reply],
        whole: bool,
    ) -> None:  # fmt: skip
        self._socket, self._keeper, self._first, self.whole = socket, keeper, first, whole
        self._end_s = asyncio.get_running_loop().time() + LIFE_S
        self._asking: asyncio.Task[list[Reply]] | None = None
        self._held: list[bytes] = []

    async def receive(self) -> Sequence[bytes | Reply]:
        if self._first:
            first, self._first = self._first, []
            return first
        if asyncio.get_running_loop().time() > self._end_s:
            raise Broken("left before Binance's 24 hours are over")
        frame = await web.frame_of(self._socket)
        hole = self._keeper.saw(frame)
        if self._asking is None:
            # The update that does not link comes first: with its gap the tape says so itself.
            self._asking = asyncio.create_task(self._keeper.again()) if hole else None
            return [frame]
        self._held.append(frame)
        if not self._asking.done():
            return []
        told: list[bytes | Reply] = [*self._asking.result(), *self._held]
        self._held = []
        self._asking = asyncio.create_task(self._keeper.again()) if hole else None
        return told

    async def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)
        await self._socket.close()


async def _begun(socket: ClientConnection, keeper: Books | History) -> _Streams:
    """What REST tells, then what came on the socket meanwhile."""
    held: list[bytes] = []
    keeper.begin()

    async def hold() -> None:
        while True:
            frame = await web.frame_of(socket)
            held.append(frame)
            keeper.saw(frame)

    holding = asyncio.create_task(hold())
    asking = asyncio.create_task(keeper.replies())
    try:
        await asyncio.wait({holding, asking}, return_when=asyncio.FIRST_COMPLETED)
        if holding.done():
            holding.result()
        replies = await asking
    finally:
        for task in (holding, asking):
            task.cancel()
        await asyncio.gather(holding, asking, return_exceptions=True)
    return _Streams(socket, keeper, [*replies, *held], keeper.whole)
