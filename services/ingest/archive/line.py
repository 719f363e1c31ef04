"""
A line of an archive: one raw record as JSON, in the order of `seq`.

`{"seq":…,"topic":"ssi-x","feed":"ssi","channel":"vn.X-TRADE","key":"HPG","value":"…"}`. The
vendor's bytes are a string where they are UTF-8, which keeps them to the byte, else `base64`.
"""

import msgspec

from services.ingest.core.records import Raw


class BadArchive(ValueError):
    """A file that is no archive of ours, or is damaged; the text says where."""


class _Line(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    seq: int
    topic: str
    feed: str
    channel: str
    key: str
    value: str | None = None
    base64: bytes | None = None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Line).decode


def encode(topic: str, raw: Raw) -> bytes:
    """The line of a raw record of `topic` (without the tape), newline included."""
    value: str | None = None
    base64: bytes | None = None
    try:
        value = raw.value.decode()
    except UnicodeDecodeError:
        base64 = raw.value
    line = _Line(raw.seq, topic, raw.feed, raw.channel, raw.key, value, base64)
    return _encode(line) + b"\n"


def decode(line: bytes, venue: str) -> tuple[str, Raw]:
    """
    Topic and raw record of a line; `venue` is the file's.

    Raises:
        BadArchive: it is no such line.
    """
    try:
        found = _decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as e:
        raise BadArchive(f"no line of an archive: {e}: {line[:80]!r}") from e
    value = found.base64 if found.value is None else found.value.encode()
    if value is None:
        raise BadArchive(f"a line without its value: {line[:80]!r}")
    return found.topic, Raw(venue, found.seq, found.feed, found.channel, found.key, value)
