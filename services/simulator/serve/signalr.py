"""
Classic ASP.NET SignalR (protocol 1.5) as SSI's hub speaks it: negotiation, frames, invocations.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

HUB = "FcMarketDataV2Hub"
PATH = "/v2.0/signalr"
KEEP_ALIVE = "{}"
KEEP_ALIVE_S = 10.0
"""Between two keep-alives; a client is told to wait twice as long."""
_FRAME = '{{"C":"{}","M":[{}]}}'
_MESSAGE = f'{{"H":"{HUB}","M":"Broadcast","A":['


def negotiated(connection: str, token: str) -> dict[str, Any]:
    """The answer to `negotiate`: the connection's id and its token."""
    return {
        "Url": PATH,
        "ConnectionToken": token,
        "ConnectionId": connection,
        "KeepAliveTimeout": 2 * KEEP_ALIVE_S,
        "DisconnectTimeout": 30.0,
        "ConnectionTimeout": 110.0,
        "TryWebSockets": True,
        "ProtocolVersion": "1.5",
        "TransportConnectTimeout": 5.0,
        "LongPollDelay": 0.0,
    }


def cursor(number: int) -> str:
    """Of the so manieth message of a connection."""
    return f"d-{number:X}-B,{number:X}|C,0"


def initial() -> str:
    """The frame with which a connection begins."""
    return f'{{"C":"{cursor(0)}","S":1,"M":[]}}'


def payload(text: str) -> str:
    """A vendor's message as the invocation that carries it."""
    return f"{_MESSAGE}{msgspec.json.encode(text).decode()}]}}"


def frame(number: int, payloads: Sequence[str]) -> str:
    """Messages, the last of them the connection's so manieth."""
    return _FRAME.format(cursor(number), ",".join(payloads))


class Invocation(NamedTuple):
    """What a client calls; `number` is its I."""

    number: str
    method: str
    arguments: Sequence[Any]


def invocation(text: str) -> Invocation | None:
    """Of a client's frame; None when it is no call of the hub."""
    try:
        found: Any = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return None
    if not isinstance(found, dict) or str(found.get("H", "")).lower() != HUB.lower():
        return None
    arguments = found.get("A")
    listed = arguments if isinstance(arguments, list) else []
    return Invocation(str(found.get("I", "")), str(found.get("M", "")), listed)


def answer(number: str, error: str | None = None) -> str:
    """The acknowledgement of an invocation."""
    said: dict[str, str] = {"I": number} if error is None else {"I": number, "E": error}
    return msgspec.json.encode(said).decode()
