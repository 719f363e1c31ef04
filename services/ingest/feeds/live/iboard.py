"""iBoard's push socket live: trades and snapshots of chosen symbols. Undocumented by its owner."""

from collections.abc import Sequence

import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import WebSocketException

from services.ingest.core.feed import BadFrame, Feed
from services.ingest.core.iboard.frames import read
from services.ingest.core.registry import FEEDS
from services.ingest.core.vn.image import VENUE
from services.ingest.feeds.base import FeedError
from services.ingest.feeds.live import hidden, web
from services.ingest.feeds.live.line import CONNECT_S, Broken, Session, Sink
from services.ingest.feeds.live.watch import Patience
from services.runtime import logs

log = logs.get(__name__)

NAME = "iboard"
CHANNEL = "vn.*"
"""L# and S# come on one connection."""
TOPIC = "stockRealtimeBySymbolsAndBoards"
COMPONENT = "priceTableEquities"
PING_S = 20.0
_SERVER_TIME, _UPDATED = 12, 101
# Its frames come when somebody trades or orders, in units of the busiest channels' patience.
_CONTINUOUS, _AUCTION = 8.0, 20.0


def symbols_of(written: str) -> list[str]:
    """
    The codes of a setting like `VCB,SSI`.

    Raises:
        FeedError: there are none.
    """
    found = [each.strip().upper() for each in written.replace("-", ",").split(",")]
    found = list(dict.fromkeys(filter(None, found)))
    if not found or not all(each.isascii() and each.isalnum() for each in found):
        raise FeedError(
            "VNTAPE_IBOARD_SYMBOLS: iBoard gives no more than the symbols that are named, as in "
            f"VCB,SSI; it was {written!r}"
        )
    return found


class IboardLine:
    """A `Line` of iBoard; `silence_s` as of `SsiLine`."""

    name, venue, channel, connect_s = NAME, VENUE, CHANNEL, CONNECT_S

    def __init__(self, url: str, symbols: Sequence[str], silence_s: float) -> None:
        self._url, self._symbols = url, list(symbols)
        self.feed: Feed = FEEDS[NAME]
        self.patience = Patience(_CONTINUOUS * silence_s, _AUCTION * silence_s)

    async def learn(self, tape: Sink) -> None:
        """See `Line`: nobody tells again what was missed."""

    async def connect(self) -> Session:
        """See `Line`."""
        socket = await web.socket(self._url, {}, PING_S)
        try:
            await socket.send(subscribe(self._symbols), text=True)
        except WebSocketException as e:
            raise Broken(f"iBoard: {e}") from e
        return _Push(socket)

    def stamp(self, value: bytes) -> int | None:
        """See `Line`; a stock's snapshot has no time."""
        return stamp(value)


class _Push:
    whole = False
    dead_s = None
    """It has no keep-alive of its own; the WebSocket's pings tell."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def receive(self) -> Sequence[bytes]:
        frame = await web.frame_of(self._socket)
        if is_word(frame):
            log.info("iboard_said", said=hidden.said(frame))
            return []
        return [frame]

    async def close(self) -> None:
        await self._socket.close()


def subscribe(symbols: Sequence[str]) -> bytes:
    """The request for the main board's frames of these symbols."""
    return msgspec.json.encode(
        {
            "type": "sub",
            "topic": TOPIC,
            "variables": {"symbols": list(symbols), "boardIds": ["MAIN"]},
            "component": COMPONENT,
        }
    )


def is_word(frame: bytes) -> bool:
    """An answer to a request, in JSON; data are fields between pipes."""
    return frame.lstrip().startswith(b"{") and b"|" not in frame


def stamp(value: bytes) -> int | None:
    """The server's time in a frame, ms since the epoch; None where it has none."""
    try:
        frame = read(value)
        return frame.time_ms(_SERVER_TIME if frame.kind == "L" else _UPDATED)
    except BadFrame:
        return None
