"""The trades that no connection brought, by their numbers."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from services.ingest.core.binance.route import MARKETS
from services.ingest.core.quality import SymbolState
from services.ingest.feeds.live.binance_rest import PAGE, Rest
from services.ingest.feeds.live.line import Reply

CHANNEL = "historicalTrades"
MOST_PAGES = 200
"""After an outage at most so many trades are asked for, times PAGE: a minute of Binance's limits
(25 of 6,000 a request). Of what is older the numbers of the trades tell how much is missing."""
_TRADE = re.compile(rb'"e":"trade".*?"s":"([^"]+)".*?"t":(\d+)')

Progress = Callable[[str, int, int], None]
"""Symbol, how many trades were fetched, and of how many."""


@dataclass(slots=True)
class _Hole:
    """What is missing before a connection: behind which trade, and how many pages to ask for."""

    since: int
    pages: int


class History:
    """
    The last trade of each symbol, and what comes after it.

    Args:
        first_run: how many trades before the first connection are fetched, of each symbol.

    Attributes:
        whole: all that was missed was fetched.
    """

    def __init__(
        self, venue: str, rest: Rest, symbols: Sequence[str], first_run: int = 0,
        progress: Progress = lambda _symbol, _done, _of: None,
    ) -> None:  # fmt: skip
        self._market, self._rest, self._symbols = MARKETS[venue], rest, list(symbols)
        self._first_run, self._progress = first_run, progress
        self._last: dict[str, int] = {}
        self._known: dict[str, int] = {}
        self._holes: dict[str, _Hole] = {}
        self._fetched: list[Reply] = []
        self._given, self.whole = True, False

    def resume(self, decoder: Any) -> None:
        """Go on behind the trades of a `BinanceDecoder.state`; None: there are none."""
        for symbol, state in msgspec.convert(decoder or {}, dict[str, SymbolState]).items():
            if state.trade is not None:
                self._last[symbol.rpartition(".")[0]] = state.trade.id

    def begin(self) -> None:
        """A connection begins: what it brings is not what is missing before it."""
        if self._given:
            self._known, self._holes = dict(self._last), {}
            self._given, self.whole = False, bool(self._symbols)
        else:
            # What the attempt before received went nowhere; what it fetched is kept, or a day's
            # trades would never fit into the vendor's limits.
            self._last = dict(self._known)

    def saw(self, frame: bytes) -> bool:
        """A frame came; never anything has to be asked again."""
        if match := _TRADE.search(frame):
            symbol = match[1].decode("utf-8", "replace")
            self._last[symbol] = max(self._last.get(symbol, -1), int(match[2]))
        return False

    async def again(self) -> list[Reply]:
        """See `saw`."""
        return []

    async def replies(self) -> list[Reply]:
        """
        What is missing, symbol after symbol, each in the order of its numbers.

        Raises:
            Broken, Refused: Binance does not give it; the next call goes on where this one was.
        """
        for symbol in self._symbols:
            await self._fill(symbol)
        found, self._fetched = self._fetched, []
        self._given = True
        return found

    async def _fill(self, symbol: str) -> None:
        hole = self._holes.get(symbol) or await self._hole(symbol)
        while hole.pages:
            since = self._known[symbol]
            page = await self._rest.trades(symbol, since + 1)
            hole.pages -= 1
            if page.last <= since:
                return
            self._fetched.append(self._reply(symbol, page.body))
            self._known[symbol] = page.last
            self._last[symbol] = max(self._last.get(symbol, -1), page.last)
            full, done = page.size == PAGE, page.last - hole.since
            self._progress(symbol, done, max(done, self._first_run if full else 0))
            if not full:
                return
        self.whole = False

    async def _hole(self, symbol: str) -> _Hole:
        since, pages = self._known.get(symbol, -1), MOST_PAGES
        if symbol not in self._known:
            self.whole, pages = False, 0
            if self._first_run:
                newest = (await self._rest.trades(symbol)).last
                since = self._known[symbol] = max(newest - self._first_run, -1)
                pages = -(-self._first_run // PAGE) + 1
        hole = self._holes[symbol] = _Hole(since, pages)
        return hole

    def _reply(self, symbol: str, body: bytes) -> Reply:
        stream = f"{symbol.lower()}@{CHANNEL}".encode()
        return Reply(f"{self._market}.{CHANNEL}", b'{"stream":"%b","data":%b}' % (stream, body))
