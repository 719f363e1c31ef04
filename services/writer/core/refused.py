"""The row of a dead letter; nothing in one can make the database refuse it."""

import json
from typing import Any, get_args

import msgspec

from schemas.base import BROADCAST, Venue
from schemas.keys import venue_of
from services.writer.core.rows import Row, timestamp

COLUMNS: dict[str, str] = {
    "service": "text",
    "venue": "text",
    "key": "text",
    "reason": "text",
    "topic": "text",
    "origin": "bytea",
    "at": "int8",
    "value": "bytea",
}
"""Column -> type for COPY, in the order of `row`; origin is jsonb, at a time."""

# An index entry holds 2,704 bytes and a character takes up to four.
_KEY_CHARS = {"service": 50, "venue": 50, "key": 100, "reason": 400}


def row(record: Any) -> Row:
    """service, venue, key, reason, topic, origin, at, value of a record of `dead-letters`."""
    headers = {name: _text(value or b"") for name, value in record.headers}
    taken = {name: headers.pop(name, "") for name in ("service", "venue", "reason", "topic")}
    return (
        taken["service"][: _KEY_CHARS["service"]],
        taken["venue"][: _KEY_CHARS["venue"]],
        _text(record.key or b"")[: _KEY_CHARS["key"]],
        taken["reason"][: _KEY_CHARS["reason"]],
        taken["topic"] or None,
        b"\x01" + json.dumps(headers).encode(),
        timestamp(record.timestamp),
        record.value or b"",
    )


class _Source(msgspec.Struct):
    symbol: str = BROADCAST
    venue: str = ""


_source = msgspec.json.Decoder(_Source)


def venue(line: bytes) -> str:
    """
    The venue whose counter gave the seq of a refused message; empty where it does not say.

    >>> venue(b'{"symbol":"BTCUSDT.BN"}'), venue(b'{"symbol":"*","venue":"VN"}'), venue(b"?")
    ('BN', 'VN', '')
    """
    try:
        source = _source.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    if source.venue:
        return source.venue if source.venue in get_args(Venue) else ""
    return "" if source.symbol == BROADCAST else venue_of(source.symbol)


def _text(data: bytes) -> str:
    return data.decode(errors="replace").replace("\0", "\ufffd")
