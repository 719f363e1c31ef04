"""Which channel and routing key a Binance message has, told cheaply from its bytes."""

import re
from functools import lru_cache

import msgspec
from msgspec import UNSET, UnsetType

from schemas.keys import UNROUTED, routing_key

MARKETS = {"BN": "spot", "BNF": "usdm", "BNC": "coinm"}
"""The first half of a channel, by venue."""

OTHER = "other"
MAX_NAME = 64
_KIND = r"(trade|aggTrade|bookTicker|depthSnapshot|depth)(?:@\d+ms)?"
_HEAD = re.compile(rb'\{"stream":"([^"@\\\x00-\x20]{1,64})@' + _KIND.encode() + rb'"')
_STREAM = re.compile(r"([^@\s]{1,64})@" + _KIND)
_EVENTS = {
    "trade": "trade",
    "aggTrade": "aggTrade",
    "bookTicker": "bookTicker",
    "depthUpdate": "depth",
}


class _Head(msgspec.Struct, gc=False):
    """What tells a frame's kind when it does not begin as Binance's combined frames do."""

    stream: str | UnsetType = UNSET
    e: str | UnsetType = UNSET
    s: str | UnsetType = UNSET
    u: int | UnsetType = UNSET
    symbol: str | UnsetType = UNSET
    last_id: int | UnsetType = msgspec.field(default=UNSET, name="lastUpdateId")
    b: str | UnsetType = UNSET
    a: str | UnsetType = UNSET


class _HeadAnyBook(msgspec.Struct, gc=False):
    """The same of a depth update, whose `b` and `a` are lists."""

    e: str
    s: str


_head = msgspec.json.Decoder(_Head)
_event = msgspec.json.Decoder(_HeadAnyBook)


def route(venue: str, value: bytes) -> tuple[str, str]:
    """
    Channel (`spot.trade`) and routing key of a message; never raises.

    A depth snapshot that names no symbol keeps its channel and has key `*`. What is none of
    the known kinds, or no JSON at all, has channel `<market>.other` and key `*`.
    """
    market = MARKETS.get(venue, venue.lower())
    if match := _HEAD.match(value):
        name, kind = match.groups()
        return _routed(venue, market, name, kind)
    try:
        kind_, name_ = _slow(value)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return f"{market}.{OTHER}", UNROUTED
    if len(name_) > MAX_NAME:
        kind_, name_ = OTHER, ""
    key = routing_key(symbol_of(name_, venue)) if name_ else UNROUTED
    return f"{market}.{kind_}", key


@lru_cache(maxsize=65536)
def _routed(venue: str, market: str, name: bytes, kind: bytes) -> tuple[str, str]:
    try:
        symbol = symbol_of(name.decode(), venue)
    except UnicodeDecodeError:
        return f"{market}.{OTHER}", UNROUTED
    return f"{market}.{kind.decode()}", routing_key(symbol)


def _slow(value: bytes) -> tuple[str, str]:
    """Kind and vendor symbol ("" when unknown) of a frame of unusual shape; raises what it may."""
    try:
        head = _head.decode(value)
    except msgspec.ValidationError:
        event = _event.decode(value)
        return (_EVENTS[event.e], event.s) if event.e in _EVENTS else (OTHER, "")
    if head.stream is not UNSET:
        match = _STREAM.fullmatch(head.stream)
        return (match[2], match[1]) if match else (OTHER, "")
    if head.last_id is not UNSET:
        return "depthSnapshot", head.symbol or ""
    if head.s is UNSET:
        return OTHER, ""
    if head.e is not UNSET:
        return (_EVENTS[head.e], head.s) if head.e in _EVENTS else (OTHER, "")
    if head.u is not UNSET and head.b is not UNSET and head.a is not UNSET:
        return "bookTicker", head.s
    return OTHER, ""


@lru_cache(maxsize=65536)
def symbol_of(name: str, venue: str) -> str:
    """Our symbol of a vendor's name in either case: `btcusdt` on BN is `BTCUSDT.BN`."""
    return f"{name.upper()}.{venue}"
