"""
Books that are whole: a snapshot to begin with, and another one whenever an update is missing.

The rules are Binance's, "How to manage a local order book correctly". Which updates a snapshot
makes old, the decoder knows; here is only when to ask for one, and which one will do.
"""

import asyncio
from collections.abc import Sequence

import msgspec
from msgspec import UNSET, UnsetType

from services.ingest.core.binance.route import MARKETS
from services.ingest.feeds.live.binance_rest import Rest
from services.ingest.feeds.live.line import Broken, Reply

CHANNEL = "depthSnapshot"
TRIES = 10
AGAIN_S = 0.5
FIRST_S = 8.0
"""In this time a book that is subscribed changes, or nobody needs it."""


class _Update(msgspec.Struct):
    e: str = ""
    s: str = ""
    U: int = 0
    u: int = 0
    pu: int | UnsetType = UNSET


class _Frame(msgspec.Struct):
    data: _Update


_frames = msgspec.json.Decoder(_Frame)


class Books:
    """
    Where the updates of each symbol's book stand.

    Attributes:
        whole: never: what a book was between two connections nobody tells.
    """

    whole = False

    def __init__(self, venue: str, rest: Rest, symbols: Sequence[str], *, deep: bool) -> None:
        self._market, self._rest = MARKETS[venue], rest
        self._symbols = list(symbols) if deep else []
        self._first: dict[str, int] = {}
        self._last: dict[str, int] = {}
        self._broken: dict[str, int] = {}

    def begin(self) -> None:
        """A connection begins."""
        self._first.clear()
        self._last.clear()
        self._broken.clear()

    def saw(self, frame: bytes) -> bool:
        """A frame came; whether a book has a hole from here on."""
        try:
            update = _frames.decode(frame).data
        except (msgspec.DecodeError, ValueError):
            return False
        if update.e != "depthUpdate":
            return False
        symbol, last = update.s, self._last.get(update.s)
        self._first.setdefault(symbol, update.U)
        before = update.U - 1 if update.pu is UNSET else update.pu
        self._last[symbol] = update.u
        if last is None or before == last:
            return False
        self._broken[symbol] = update.U
        return True

    async def replies(self) -> list[Reply]:
        """
        The first snapshot of each book.

        Raises:
            Broken, Refused: Binance does not give one that will do.
        """
        return [await self._snapshot(symbol, self._first) for symbol in self._symbols]

    async def again(self) -> list[Reply]:
        """
        A new snapshot of each book that has a hole.

        Raises:
            Broken, Refused: as of `replies`.
        """
        broken, self._broken = self._broken, {}
        return [await self._snapshot(symbol, broken) for symbol in broken]

    async def _snapshot(self, symbol: str, since: dict[str, int]) -> Reply:
        """One that is not older than the update `since` which it has to be followed by."""
        until_s = asyncio.get_running_loop().time() + FIRST_S
        while symbol not in since and asyncio.get_running_loop().time() < until_s:
            await asyncio.sleep(0.05)
        for _ in range(TRIES):
            last_id, body = await self._rest.book(symbol)
            if last_id >= since.get(symbol, 0):
                stream = f"{symbol.lower()}@{CHANNEL}".encode()
                value = b'{"stream":"%b","data":%b}' % (stream, body)
                return Reply(f"{self._market}.{CHANNEL}", value)
            await asyncio.sleep(AGAIN_S)
        raise Broken(f"Binance's snapshots of {symbol} are older than its updates")
