"""SSI FastConnect v3 live: one JSON WebSocket for each kind of topic."""

import asyncio
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress

import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import WebSocketException

from services.ingest.core.feed import BadFrame, Feed
from services.ingest.core.registry import FEEDS
from services.ingest.core.ssi_v3.route import OTHER, route
from services.ingest.core.vn.image import VENUE
from services.ingest.core.vn.times import day_of, midnight, ms_of
from services.ingest.feeds.base import FeedError
from services.ingest.feeds.live import hidden, web
from services.ingest.feeds.live.line import CONNECT_S, Broken, Busy, Refused, Session, Sink
from services.ingest.feeds.live.ssi_v3_token import TokensV3
from services.ingest.feeds.live.watch import Patience
from services.runtime import logs

log = logs.get(__name__)

FEED = "ssi3"
BEAT_S = 15.0
DEAD_S = 45.0
"""Three heartbeats without an answer."""
BEGIN_S = 10.0
MOST_ASKED = 3500
"""Bytes of topics in a request; SSI drops a request of more than 4096."""
MOST_CONNECTIONS = 10
TOO_MANY, UNAUTHORIZED = 429, 401
_INDICES = frozenset(
    {"VN30", "VN100", "VNINDEX", "HNX30", "HNXINDEX", "VNALLSHARE", "HNXUPCOMINDEX"}
)
_WHEN = re.compile(rb'"t"\s*:\s*"(\d{4})[/-](\d\d)[/-](\d\d)[ T](\d\d:\d\d:\d\d)')
_BEAT = msgspec.json.encode({"method": "PING_PONG", "channel": "HEARTBEAT", "topics": []})
# In units of the busiest channels' patience, as of v2.
_CONTINUOUS = {"trade": 1.0, "quote": 1.0, "index": 2.0, "room": 8.0}
_AUCTION = {"quote": 4.0, "index": 4.0}
_CHOSEN = 20.0


class _Said(msgspec.Struct):
    """What is no data: an answer, a heartbeat, or a refusal (`code`, `msg`)."""

    method: str = ""
    channel: str = ""
    status: str = ""
    message: str = ""
    code: int = 0
    msg: str = ""


_said = msgspec.json.Decoder(_Said)


def kinds_of_topics(written: str) -> dict[str, list[str]]:
    """
    The topics of a setting like `trade.VCB,quote.*,trade.index.VN30`, by kind.

    Raises:
        FeedError: there are none, one is unknown, or one means something else than it says.
    """
    found: dict[str, list[str]] = {}
    for topic in dict.fromkeys(each.strip() for each in written.split(",") if each.strip()):
        kind = route("VN", b'{"topic":"%b"}' % topic.encode()).channel.partition(".")[2]
        if kind == OTHER or "." not in topic:
            raise FeedError(f"VNTAPE_SSI_V3_TOPICS: {topic!r} is no topic, as trade.VCB is one")
        code = topic.partition(".")[2].upper()
        if kind in ("trade", "quote", "room") and code in _INDICES:
            raise FeedError(
                f"VNTAPE_SSI_V3_TOPICS: {topic} streams the members of {code}, not the index: "
                f"write trade.index.{code}, or {topic}@* for the members"
            )
        found.setdefault(kind, []).append(topic)
    if not found:
        raise FeedError("VNTAPE_SSI_V3_TOPICS names no topic")
    if len(found) > MOST_CONNECTIONS:
        raise FeedError(f"VNTAPE_SSI_V3_TOPICS: SSI takes {MOST_CONNECTIONS} connections, not more")
    return found


def requests(topics: Sequence[str]) -> Iterator[bytes]:
    """Subscriptions of these topics, none longer than SSI reads."""
    some: list[str] = []
    for topic in topics:
        if sum(map(len, some)) + 3 * len(some) + len(topic) > MOST_ASKED:
            yield _request(some)
            some = []
        some.append(topic)
    yield _request(some)


def _request(topics: list[str]) -> bytes:
    return msgspec.json.encode({"method": "SUBSCRIBE", "channel": "DATA", "topics": topics})


class SsiV3Line:
    """A `Line` of one kind of topic; `silence_s` as of `SsiLine`."""

    name, venue, connect_s = FEED, VENUE, CONNECT_S

    def __init__(
        self, kind: str, topics: Sequence[str], url: str, tokens: TokensV3, silence_s: float
    ) -> None:
        self.channel = f"vn.{kind}"
        self.feed: Feed = FEEDS[FEED]
        self._topics, self._url, self._tokens = list(topics), url, tokens
        whole = any("*" in topic for topic in topics) or kind == "index"
        factor = _CONTINUOUS.get(kind)
        if factor is not None and not whole:
            factor = _CHOSEN
        auction = _AUCTION.get(kind) if whole else None
        self.patience = Patience(
            None if factor is None else factor * silence_s,
            None if auction is None else auction * silence_s,
        )

    async def learn(self, tape: Sink) -> None:
        """See `Line`: nobody tells again what was missed."""

    async def connect(self) -> Session:
        """See `Line`."""
        token = await self._tokens.bearer()
        try:
            return await self._connect(token)
        except Refused as e:
            # It may have expired early: once, a new one.
            self._tokens.spoil(token)
            log.info("ssi_token_renewed", channel=self.channel, why=str(e))
            return await self._connect(await self._tokens.bearer())

    async def _connect(self, token: str) -> Session:
        socket = await web.socket(self._url, {"Authorization": f"Bearer {token}"}, None)
        try:
            held: list[bytes] = []
            for request in requests(self._topics):
                await socket.send(request, text=True)
                held += await _taken(socket)
        except WebSocketException as e:
            await _taken(socket)
            raise Broken(f"SSI v3: {e}") from None
        except BaseException:
            socket.transport.abort()
            raise
        return _Stream(socket, held)

    def stamp(self, value: bytes) -> int | None:
        """See `Line`."""
        return stamp(value)


class _Stream:
    whole, dead_s = False, DEAD_S

    def __init__(self, socket: ClientConnection, first: list[bytes]) -> None:
        self._socket, self._first = socket, first
        self._beating = asyncio.create_task(self._beat())

    async def receive(self) -> Sequence[bytes]:
        if self._first:
            first, self._first = self._first, []
            return first
        frame = await web.frame_of(self._socket)
        return [frame] if is_data(frame) else []

    async def close(self) -> None:
        self._beating.cancel()
        await asyncio.gather(self._beating, return_exceptions=True)
        await self._socket.close()

    async def _beat(self) -> None:
        # When the socket is gone, its reader notices.
        with suppress(WebSocketException):
            while True:
                await asyncio.sleep(BEAT_S)
                await self._socket.send(_BEAT, text=True)


def is_data(frame: bytes) -> bool:
    """
    Whether a frame is for the tape; what is no JSON is, for the dead letters.

    Raises:
        Busy, Refused: it says why SSI ends the connection.
    """
    if b'"topic"' in frame:
        return True
    try:
        said = _said.decode(frame)
    except (msgspec.DecodeError, ValueError):
        return True
    if said.code == TOO_MANY:
        raise Busy(f"SSI v3: {hidden.said(said.msg) or 'too many connections'}", web.RETRY_S)
    if said.code:
        raise Refused(f"SSI v3 says {said.code}: {hidden.said(said.msg)}")
    if said.status == "error":
        raise Refused(f"SSI v3 does not do what it was asked: {hidden.said(said.message)}")
    return False


async def _taken(socket: ClientConnection) -> list[bytes]:
    """
    Wait for the answer to a subscription; data of those before it may come first.

    Raises:
        Broken, Busy, Refused: there is none; SSI lets a socket open before it says no.
    """
    held: list[bytes] = []
    while True:
        try:
            frame = await asyncio.wait_for(web.frame_of(socket), BEGIN_S)
        except TimeoutError:
            raise Broken("SSI v3 does not answer a subscription") from None
        if is_data(frame):
            held.append(frame)
        elif _said.decode(frame).method.upper() == "SUBSCRIBE":
            return held


def stamp(value: bytes) -> int | None:
    """The exchange time of a frame, ms since the epoch; None where it has none."""
    match = _WHEN.search(value)
    if match is None:
        return None
    year, month, day, clock = (each.decode() for each in match.groups())
    try:
        return midnight(day_of(f"{day}/{month}/{year}")) + ms_of(clock)
    except BadFrame:
        return None
