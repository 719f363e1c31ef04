"""Which raw topic, channel and routing key an SSI message has, and what is kept of it."""

import json
import re
from functools import lru_cache
from typing import Any

import msgspec

from schemas.keys import UNROUTED, routing_key
from services.ingest.core.feed import BadFrame, Routed
from services.ingest.core.vn.codes import symbol_of

TOPIC_OF = {
    "X-TRADE": "ssi-x",
    "X-QUOTE": "ssi-x",
    "X": "ssi-x",
    "R": "ssi-r",
    "MI": "ssi-mi",
    "B": "ssi-b",
    "F": "ssi-f",
    "OL": "ssi-ol",
}
"""DataType -> raw topic."""

TOPICS = tuple(dict.fromkeys(TOPIC_OF.values()))
MARKET = "vn"
"""The first half of a channel: the venue in lower case."""

OTHER = "other"
OTHER_TOPIC = "ssi-f"
"""Of what is no known channel's: the quietest one, which is always enabled."""

_NAMED = re.compile(rb'"(?:Symbol|IndexId)"\s*:\s*"([^"\\\x00-\x20]{1,32})"')
_NO_CONTENT = (b"", b"null")
_NAMES = ("symbol", "indexid", "stockno")


class _Envelope(msgspec.Struct, gc=False):
    """As SSI normally writes it."""

    data_type: str = msgspec.field(name="DataType")
    content: msgspec.Raw = msgspec.field(name="Content")


_envelope = msgspec.json.Decoder(_Envelope)
_string = msgspec.json.Decoder(str)


def route(_venue: str, message: bytes) -> Routed:
    """
    Topic, channel (`vn.X-TRADE`), routing key and the bytes of `Content`; never raises.

    `Content` is a string with JSON in it, or an object. Without one the whole message is
    kept, with key `*`, as `vn.other` when it names no known type either.
    """
    try:
        envelope = _envelope.decode(message)
        name, content = envelope.data_type, bytes(envelope.content)
        value = _string.decode(content).encode() if content.startswith(b'"') else content
    except (msgspec.DecodeError, ValueError, RecursionError):
        name, value = _slow(message)
    channel = _known(name) or _known(_inner_type(value))
    if channel is None:
        return Routed(OTHER_TOPIC, f"{MARKET}.{OTHER}", UNROUTED, message)
    if value in _NO_CONTENT or value is message:
        return Routed(TOPIC_OF[channel], f"{MARKET}.{channel}", UNROUTED, message)
    return Routed(TOPIC_OF[channel], f"{MARKET}.{channel}", _key(value), value)


def _slow(message: bytes) -> tuple[str, bytes]:
    """Type and content of an envelope in another case or order; the message where there is none."""
    found = _fields(message)
    name, content = found.get("datatype"), found.get("content")
    name = name if isinstance(name, str) else ""
    try:
        if isinstance(content, str) and content:
            return name, content.encode()
        if isinstance(content, dict):
            return name, json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        pass
    return name, message


def _fields(value: bytes) -> dict[str, Any]:
    """Of a JSON object, by their names in lower case; none when it is none."""
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return {}
    return {name.lower(): field for name, field in found.items()} if isinstance(found, dict) else {}


def _inner_type(value: bytes) -> str:
    name = _fields(value).get("rtype")
    return name if isinstance(name, str) else ""


@lru_cache(maxsize=256)
def _known(name: str) -> str | None:
    channel = name.strip().upper()
    return channel if channel in TOPIC_OF else None


def _key(value: bytes) -> str:
    if found := _NAMED.search(value):
        return _key_of(found[1])
    fields = _fields(value)
    for name in _NAMES:
        if isinstance(code := fields.get(name), str) and code.strip():
            return _key_of(code.encode("utf-8", "replace"))
    return UNROUTED


@lru_cache(maxsize=65536)
def _key_of(code: bytes) -> str:
    try:
        return routing_key(symbol_of(code.decode()))
    except (BadFrame, UnicodeDecodeError):
        return UNROUTED
