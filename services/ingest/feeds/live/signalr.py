"""
Classic ASP.NET SignalR as SSI's hub speaks it: addresses and frames. Pure.

Names of hub, methods and paths are those of SSI's own package.
"""

from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec
from ssi_fc_data.model import api

PROTOCOL = "1.5"
"""What SSI's own client negotiates."""
SUBSCRIBE = "SwitchChannels"
KEEP_ALIVE_S = 30.0
"""Where the negotiation names no time."""

_HUBS = msgspec.json.encode([{"name": api.SIGNALR_HUB_MD}]).decode()


class Negotiated(msgspec.Struct, rename="pascal"):
    """The reply to `negotiate`; the token is a secret."""

    connection_token: str
    protocol_version: str = PROTOCOL
    keep_alive_timeout: float | None = None

    @property
    def dead_s(self) -> float:
        """Without any frame for so long, SignalR says, the connection is dead."""
        # The hub sends at a third of it; at zero or less it sends none, and nothing is known.
        told_s = self.keep_alive_timeout or 0.0
        return told_s if told_s > 0 else KEEP_ALIVE_S


class _Invocation(msgspec.Struct, rename="upper", gc=False):
    m: str = ""
    a: list[msgspec.Raw] = []


class _Frame(msgspec.Struct, rename="upper", gc=False):
    """`i` acknowledges a call, `e` says why it failed, `d` and `t` ask to go or come again."""

    m: list[_Invocation] = []
    s: int = 0
    i: str | int | None = None
    e: str | None = None
    d: int = 0
    t: int = 0


class Told(NamedTuple):
    """
    What a frame says.

    Attributes:
        messages: SSI's messages, verbatim.
        begins: the connection is ready.
        ends: the hub wants it closed.
        refused: why the hub does not do what it was asked for; empty where it does.
        said: what it says went wrong.
    """

    messages: list[bytes]
    begins: bool = False
    ends: bool = False
    refused: str = ""
    said: str = ""


_frames = msgspec.json.Decoder(_Frame)
_strings = msgspec.json.Decoder(str)


def read(frame: bytes) -> Told:
    """
    What a frame of the hub says; never raises.

    One that is no such frame is given on as a message: its bytes go to the dead letters.
    """
    try:
        found = _frames.decode(frame)
        messages = _arguments(found, api.SIGNALR_METHOD)
        said = _arguments(found, api.SIGNALR_ERROR_METHOD)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return Told([frame])
    words = b"; ".join(said).decode("utf-8", "replace")
    return Told(messages, found.s == 1, bool(found.d or found.t), found.e or "", words)


def subscribe(channels: str) -> bytes:
    """The call that chooses channels, e.g. `X-TRADE:ALL`, instead of those before."""
    call = {"H": api.SIGNALR_HUB_MD, "M": SUBSCRIBE, "A": [channels], "I": 0}
    return msgspec.json.encode(call)


def negotiate_url(stream_url: str) -> str:
    """Where a connection begins."""
    return _url(stream_url, "negotiate", connectionData=_HUBS, clientProtocol=PROTOCOL)


def connect_url(stream_url: str, told: Negotiated) -> str:
    """The WebSocket's address; it holds the connection token."""
    scheme, rest = _url(stream_url, "connect", **_transport(told)).split(":", 1)
    return f"{'wss' if scheme == 'https' else 'ws'}:{rest}"


def start_url(stream_url: str, told: Negotiated) -> str:
    """Where the hub is told that the socket is open; it holds the connection token."""
    return _url(stream_url, "start", **_transport(told))


def _transport(told: Negotiated) -> dict[str, Any]:
    return {
        "transport": "webSockets",
        "connectionToken": told.connection_token,
        "connectionData": _HUBS,
        "clientProtocol": told.protocol_version,
    }


def _url(stream_url: str, action: str, **query: str) -> str:
    return f"{stream_url.rstrip('/')}/{api.SIGNALR}/{action}?{urlencode(query)}"


def _arguments(frame: _Frame, method: str) -> list[bytes]:
    calls = (call for call in frame.m if call.m.lower() == method.lower())
    return [_message(argument) for call in calls for argument in call.a]


def _message(argument: msgspec.Raw) -> bytes:
    """SSI writes its message as a string of JSON; an object is taken as it stands."""
    written = bytes(argument)
    return _strings.decode(written).encode() if written.startswith(b'"') else written
