"""SSI FastConnect Data v2 live: one SignalR connection for each type of channel."""

import asyncio
import re
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

import httpx
import msgspec
from websockets.asyncio.client import ClientConnection

from services.ingest.core.feed import BadFrame, Feed
from services.ingest.core.registry import FEEDS
from services.ingest.core.ssi_v2.route import MARKET, TOPIC_OF
from services.ingest.core.vn.image import VENUE
from services.ingest.core.vn.times import day_of, midnight, ms_of
from services.ingest.feeds.base import FeedError
from services.ingest.feeds.live import signalr, web
from services.ingest.feeds.live.hidden import hide, said
from services.ingest.feeds.live.line import CONNECT_S, Broken, Refused, Session, Sink
from services.ingest.feeds.live.ssi_token import Tokens
from services.ingest.feeds.live.watch import Patience
from services.runtime import logs

log = logs.get(__name__)

FEED = "ssi"
"""As raw records name it."""
ALL = "ALL"
BEGIN_S = 5.0
"""After the handshake the hub says so fast that it is ready."""
_ALWAYS_ALL = ("MI", "F")
"""Indices are no symbols, and statuses are few."""
_NAMES = re.compile(r"[A-Za-z0-9_]{1,32}(-[A-Za-z0-9_]{1,32})*")
_WHEN = re.compile(rb'"TradingDate"\s*:\s*"([\d/]{8,10})"|"Time"\s*:\s*"([\d:]{7,8})"')

# Silence of the whole market, in units of the busiest channels' patience. MI comes each 5 s;
# R, OL and a choice of symbols come when somebody trades.
_CONTINUOUS = {"X-TRADE": 1.0, "X-QUOTE": 1.0, "X": 1.0, "B": 1.0, "MI": 2.0, "R": 8.0, "OL": 20.0}
# Until an auction ends nobody trades; orders come.
_AUCTION = {"X-QUOTE": 4.0, "X": 4.0, "MI": 4.0}
_CHOSEN = 20.0


class Wanted(NamedTuple):
    """One type of channel, and which symbols: `ALL` or codes joined by `-`."""

    channel: str
    symbols: str

    def __str__(self) -> str:
        return f"{self.channel}:{self.symbols}"


def wanted(channels: str, symbols: str) -> list[Wanted]:
    """
    What to subscribe, from settings like `X-TRADE,R:VCB-SSI,MI` and `ALL` or `VCB-SSI`.

    Raises:
        FeedError: naming the variable.
    """
    usual = _symbols(symbols, "VNTAPE_SSI_SYMBOLS")
    found: list[Wanted] = []
    for part in filter(None, (each.strip() for each in channels.split(","))):
        name, colon, chosen = part.partition(":")
        name = name.strip().upper()
        if name not in TOPIC_OF or name in (each.channel for each in found):
            raise FeedError(
                f"VNTAPE_SSI_CHANNELS: must be types of {', '.join(TOPIC_OF)}, each once, as in "
                f"X-TRADE,R:VCB-SSI,MI; it was {part!r}"
            )
        rest = ALL if name in _ALWAYS_ALL else usual
        found.append(Wanted(name, _symbols(chosen, "VNTAPE_SSI_CHANNELS") if colon else rest))
    if not found:
        raise FeedError("VNTAPE_SSI_CHANNELS names no channel")
    return found


def _symbols(written: str, variable: str) -> str:
    text = written.strip()
    if not _NAMES.fullmatch(text):
        raise FeedError(f"{variable}: must be ALL or codes as in VCB-SSI; it was {written!r}")
    return ALL if text.upper() == ALL else text


class SsiLine:
    """
    A `Line` of one type of channel; see `Wanted`.

    Args:
        silence_s: silence of the busiest channels that is too long.
    """

    name, venue, connect_s = FEED, VENUE, CONNECT_S

    def __init__(self, what: Wanted, stream_url: str, tokens: Tokens, silence_s: float) -> None:
        self._what, self._url, self._tokens = what, stream_url, tokens
        self.feed: Feed = FEEDS[FEED]
        self.channel = f"{MARKET}.{what.channel}"
        self.patience = patience(what, silence_s)

    async def learn(self, tape: Sink) -> None:
        """See `Line`: nobody tells again what was missed."""

    async def connect(self) -> Session:
        """See `Line`."""
        token = await self._tokens.bearer()
        try:
            return await self._connect(token)
        except Refused as e:
            # It may have expired early, or on another clock than ours: once, a new one.
            self._tokens.spoil(token)
            fresh = await self._tokens.bearer()
            log.info("ssi_token_renewed", channel=self.channel, why=str(e))
            return await self._connect(fresh)

    async def _connect(self, token: str) -> Session:
        headers = {"Authorization": f"Bearer {token}"}
        try:
            async with web.client() as http:
                told = await _negotiate(http, self._url, headers)
                socket = await web.socket(signalr.connect_url(self._url, told), headers, None)
                try:
                    await _begun(socket)
                    await _start(http, signalr.start_url(self._url, told), headers)
                    await socket.send(signalr.subscribe(str(self._what)), text=True)
                except BaseException:
                    socket.transport.abort()
                    raise
        except httpx.HTTPError as e:
            raise Broken(f"SSI's hub: {e or type(e).__name__}") from None
        return _Hub(socket, told.dead_s, str(self._what))

    def stamp(self, value: bytes) -> int | None:
        """See `Line`."""
        return stamp(value)


class _Hub:
    whole = False
    """Its hub tells nothing again."""

    def __init__(self, socket: ClientConnection, dead_s: float, what: str) -> None:
        self._socket, self.dead_s, self._what = socket, dead_s, what

    async def receive(self) -> Sequence[bytes]:
        told = signalr.read(await web.frame_of(self._socket))
        if told.refused:
            raise Refused(f"SSI's hub does not give {self._what}: {said(told.refused)}")
        if told.said:
            log.warning("ssi_hub_error", asked=self._what, said=said(told.said))
        if told.ends:
            raise Broken("SSI's hub asks to disconnect")
        return told.messages

    async def close(self) -> None:
        await self._socket.close()


async def _negotiate(
    http: httpx.AsyncClient, url: str, headers: dict[str, str]
) -> signalr.Negotiated:
    reply = await http.post(signalr.negotiate_url(url), headers=headers)
    try:
        web.judge(reply.status_code, reply.headers, "SSI's hub")
    except Refused as e:
        right = "is VNTAPE_SSI_V2_STREAM_URL the right address?"
        missing = reply.status_code == httpx.codes.NOT_FOUND
        raise Refused(f"{e}: {right if missing else 'it does not take our token'}") from None
    try:
        told = msgspec.json.decode(reply.content, type=signalr.Negotiated)
    except (msgspec.DecodeError, ValueError):
        raise Broken("SSI's hub: the reply to negotiate is not SignalR's") from None
    hide(told.connection_token)
    return told


async def _begun(socket: ClientConnection) -> None:
    """Wait for the hub's first words; nothing is subscribed yet, so they hold no messages."""
    for _ in range(10):
        frame = await _within(socket)
        if signalr.read(frame).begins:
            return
    raise Broken("SSI's hub never said that the connection is ready")


async def _within(socket: ClientConnection) -> bytes:
    try:
        return await asyncio.wait_for(web.frame_of(socket), BEGIN_S)
    except TimeoutError:
        raise Broken("SSI's hub is silent after the handshake") from None


async def _start(http: httpx.AsyncClient, url: str, headers: dict[str, str]) -> None:
    """Tell the hub; SSI's own client never does, so it may fail."""
    with suppress(httpx.HTTPError):
        reply = await http.get(url, headers=headers)
        if reply.status_code != httpx.codes.OK:
            log.info("ssi_start_not_taken", status=reply.status_code)


def patience(what: Wanted, silence_s: float) -> Patience:
    """How long a channel may be silent."""
    if what.symbols != ALL:
        known = what.channel in _CONTINUOUS and what.channel != "MI"
        return Patience(_CHOSEN * silence_s if known else None)
    return Patience(*(_times(of.get(what.channel), silence_s) for of in (_CONTINUOUS, _AUCTION)))


def _times(factor: float | None, silence_s: float) -> float | None:
    return None if factor is None else factor * silence_s


def stamp(value: bytes) -> int | None:
    """The exchange time that SSI writes as `TradingDate` and `Time`; None where it does not."""
    found: list[str] = ["", ""]
    for match in _WHEN.finditer(value):
        if match[1]:
            found[0] = match[1].decode()
        else:
            found[1] = match[2].decode()
        if all(found):
            break
    try:
        return midnight(day_of(found[0])) + ms_of(found[1])
    except BadFrame:
        return None
