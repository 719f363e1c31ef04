"""The trades that no connection brought, by their numbers."""

import re
from collections.abc import Callable, Sequence

from services.ingest.core.binance.route import MARKETS
from services.ingest.feeds.live.binance_rest import PAGE, Rest
from services.ingest.feeds.live.line import Reply

CHANNEL = "historicalTrades"
MOST_PAGES = 200
"""After an outage at most so many trades are asked for, times PAGE: a minute of Binance's limits
(25 of 6,000 a request). Of what is older the numbers of the trades tell how much is missing."""
_TRADE = re.compile(rb'"e":"trade".*?"s":"([^"]+)".*?"t":(\d+)')

Progress = Callable[[str, int, int], None]
"""Symbol, how many trades were fetched, and of how many."""


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
        self.whole = False

    def begin(self) -> None:
        """A connection begins: what it brings is not what is missing before it."""
        self._known = dict(self._last)

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
            Broken, Refused: Binance does not give it.
        """
        found: list[Reply] = []
        self.whole = bool(self._symbols)
        for symbol in self._symbols:
            found += await self._of(symbol)
        return found

    async def _of(self, symbol: str) -> list[Reply]:
        since = self._known.get(symbol)
        pages = MOST_PAGES
        if since is None:
            self.whole = False
            if not self._first_run:
                return []
            newest = (await self._rest.trades(symbol)).last
            since = max(newest - self._first_run, -1)
            pages = -(-self._first_run // PAGE) + 1
        return await self._after(symbol, since, pages)

    async def _after(self, symbol: str, since: int, pages: int) -> list[Reply]:
        found: list[Reply] = []
        begun = since
        for _ in range(pages):
            page = await self._rest.trades(symbol, since + 1)
            if page.last <= since:
                return found
            found.append(self._reply(symbol, page.body))
            since = page.last
            self._last[symbol] = max(self._last.get(symbol, -1), since)
            full = page.size == PAGE
            of = max(since - begun, self._first_run if full else 0)
            self._progress(symbol, since - begun, of)
            if not full:
                return found
        self.whole = False
        return found

    def _reply(self, symbol: str, body: bytes) -> Reply:
        stream = f"{symbol.lower()}@{CHANNEL}".encode()
        return Reply(f"{self._market}.{CHANNEL}", b'{"stream":"%b","data":%b}' % (stream, body))
