"""
The codec of `market`: a record is a frame, NDJSON, one message a line (design §3).

Where a frame ends never changes a result.
"""

from collections.abc import Iterable

import msgspec

from schemas.market import MarketMessage

MAX_MESSAGES = 512
MAX_BYTES = 262_144

_decoder = msgspec.json.Decoder(MarketMessage)
_encoder = msgspec.json.Encoder()


class BadLine(ValueError):
    """A line of a frame that is no message; `line` is verbatim, `index` counts from 0."""

    def __init__(self, index: int, line: bytes, reason: str) -> None:
        super().__init__(f"line {index}: {reason}")
        self.index, self.line, self.reason = index, line, reason


def encode(message: MarketMessage) -> bytes:
    """One line of a frame, without its newline."""
    return _encoder.encode(message)


def encode_frame(messages: Iterable[MarketMessage]) -> bytes:
    """A frame of these messages; the caller keeps to MAX_MESSAGES and MAX_BYTES."""
    return _encoder.encode_lines(messages)


def messages(record: bytes) -> list[MarketMessage]:
    """
    All messages of a frame, in order.

    Raises:
        msgspec.DecodeError: when any line is no message; `messages_and_errors` says which.
    """
    try:
        return _decoder.decode_lines(record)
    except (UnicodeDecodeError, RecursionError) as e:
        # msgspec lets both through: broken UTF-8, and nesting beyond the interpreter's stack.
        raise msgspec.DecodeError(str(e)) from e


def messages_and_errors(record: bytes) -> list[MarketMessage | BadLine]:
    """Like `messages`, never raising: a bad line stands in its place as a `BadLine`."""
    out: list[MarketMessage | BadLine] = []
    for index, line in enumerate(record.split(b"\n")):
        if not line.strip():
            continue
        try:
            out.append(_decoder.decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
            out.append(BadLine(index, line, str(e)))
    return out
