"""How an arrival stands in a spool's file. Pure."""

import struct
from collections.abc import Iterator
from zlib import crc32

import msgspec

from services.ingest.feeds.base import Arrival

HEAD = struct.Struct("<II")
"""Length of the body and its crc32, which begins with the record's own place: what was left of
a write that failed, at another place, is never taken for a record."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Arrival).decode


def write(arrival: Arrival, at: int) -> bytes:
    """The record of an arrival that will stand at byte `at` of the spool."""
    body = _encode(arrival)
    return HEAD.pack(len(body), _crc(body, at)) + body


def bodies(data: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """
    (place after it, body) of each whole record in `data`, which begins at byte `at`.

    Ends before the first that is cut short or damaged.
    """
    offset = 0
    while offset + HEAD.size <= len(data):
        length, crc = HEAD.unpack_from(data, offset)
        end = offset + HEAD.size + length
        body = data[offset + HEAD.size : end]
        if end > len(data) or _crc(body, at + offset) != crc:
            return
        offset = end
        yield at + offset, body


def length(head: bytes) -> int:
    """Bytes of the record that begins with `head`; 0 when that is too short to tell."""
    return HEAD.size + HEAD.unpack_from(head)[0] if len(head) >= HEAD.size else 0


def read(body: bytes) -> Arrival:
    """
    The arrival again.

    Raises:
        msgspec.MsgspecError: it is of another version of this program.
    """
    return _decode(body)


def _crc(body: bytes, at: int) -> int:
    return crc32(body, at & 0xFFFFFFFF)
