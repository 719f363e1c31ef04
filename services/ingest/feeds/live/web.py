"""HTTP and WebSockets for the vendors' clients: verified TLS, bounded waits, status codes."""

import logging
import ssl
from collections.abc import Mapping
from functools import cache
from urllib.parse import urlsplit

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException

from services.ingest.feeds.live.line import Broken, Busy, Refused

HTTP_S = 10.0
"""Of one request, and of one step of it."""
HANDSHAKE_S = 10.0
CLOSE_S = 1.0
MAX_FRAME_BYTES = 32 * 1024 * 1024
QUEUED_FRAMES = 256
"""Received and not yet taken; beyond, the vendor waits."""
RETRY_S = 30.0
"""After 429 without a time; SSI asks for 30 s at least."""
MOST_RETRY_S = 600.0
BANNED = 418
"""Of Binance, who went on after 429."""
_LOOPBACK = ("127.0.0.1", "localhost", "::1")

_quiet = logging.getLogger(f"{__name__}.socket")
# At DEBUG these libraries write requests out, the token in their headers included.
for _logger in (_quiet, logging.getLogger("httpx"), logging.getLogger("httpcore")):
    _logger.setLevel(logging.WARNING)


def address_fault(url: str, secure: str) -> str | None:
    """
    What is wrong with an address as a setting; None: nothing.

    It must be of scheme `secure` (https, wss); without TLS only on this machine.
    """
    plain = {"https": "http", "wss": "ws"}[secure]
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as e:
        return f"is no address ({e})"
    if parts.scheme not in (secure, plain) or not host or parts.query or parts.fragment:
        return f"must be {secure}://HOST/"
    if parts.username or parts.password:
        return "must hold no user or password"
    if parts.scheme == plain and host not in _LOOPBACK:
        return f"must be {secure}:// (without TLS only an address of this machine is taken)"
    return None


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def client() -> httpx.AsyncClient:
    """For the requests of one attempt; TLS is verified, nothing waits for ever."""
    return httpx.AsyncClient(verify=_tls(), timeout=HTTP_S)


async def socket(url: str, headers: Mapping[str, str], ping_s: float | None) -> ClientConnection:
    """
    A WebSocket.

    Raises:
        Broken, Refused, OSError: the handshake failed.
    """
    try:
        return await connect(
            url,
            additional_headers=dict(headers),
            open_timeout=HANDSHAKE_S,
            close_timeout=CLOSE_S,
            ping_interval=ping_s,
            ping_timeout=ping_s,
            max_size=MAX_FRAME_BYTES,
            max_queue=QUEUED_FRAMES,
            compression=None,
            logger=_quiet,
            ssl=_tls() if url.startswith("wss:") else None,
        )
    except InvalidStatus as e:
        judge(e.response.status_code, e.response.headers, "the WebSocket handshake")
        raise Broken(f"the WebSocket handshake: HTTP {e.response.status_code}") from None
    except WebSocketException as e:
        raise Broken(f"the WebSocket handshake: {e}") from e


async def frame_of(socket: ClientConnection) -> bytes:
    """
    The next frame.

    Raises:
        Broken: the connection is over.
    """
    try:
        return await socket.recv(decode=False)
    except WebSocketException as e:
        raise Broken(f"the connection ended: {e}") from e


def judge(status: int, headers: Mapping[str, str], what: str) -> None:
    """
    Return where HTTP says 2xx.

    Raises:
        Refused: the request is at fault; Busy: come later; Broken: the server is at fault.
    """
    if 200 <= status < 300:
        return
    if status in (httpx.codes.TOO_MANY_REQUESTS, BANNED):
        wait_s = retry_s(headers.get("Retry-After"))
        raise Busy(f"{what}: HTTP {status}, too many requests; waiting {wait_s:.0f} s", wait_s)
    if status == httpx.codes.SERVICE_UNAVAILABLE and headers.get("Retry-After"):
        wait_s = retry_s(headers.get("Retry-After"))
        raise Busy(f"{what}: HTTP 503; waiting {wait_s:.0f} s", wait_s)
    if 400 <= status < 500:
        raise Refused(f"{what}: HTTP {status} {httpx.codes.get_reason_phrase(status)}")
    raise Broken(f"{what}: HTTP {status} {httpx.codes.get_reason_phrase(status)}")


def retry_s(written: str | None) -> float:
    """Seconds that a Retry-After asks for; where it names a date or nothing, RETRY_S."""
    if written is None or not written.strip().isdecimal():
        return RETRY_S
    return min(float(written), MOST_RETRY_S)
