"""The engine's state inside a `position`: as it is while small, else compressed. Pure."""

from base64 import b64decode, b64encode
from typing import Any

import msgspec
import zstandard

PLAIN_BYTES = 65_536
"""Up to here a state stays JSON that a person can read."""
MAX_STATE_BYTES = 256 * 1024 * 1024
"""Of JSON; more than all the symbols that a feed may have need, so it is damage."""


def pack(state: Any) -> Any:
    """`state` as JSON carries it, or text that `unpack` makes it again from."""
    plain = msgspec.json.encode(state)
    if len(plain) <= PLAIN_BYTES:
        return state
    return b64encode(zstandard.ZstdCompressor(level=1).compress(plain)).decode()


def unpack(packed: Any) -> Any:
    """
    What `pack` was given; positions of before, never compressed, are given back as they are.

    Raises:
        ValueError: a compressed one is damaged.
    """
    if not isinstance(packed, str):
        return packed
    try:
        data = b64decode(packed, validate=True)
        if zstandard.frame_content_size(data) > MAX_STATE_BYTES:
            raise ValueError(f"the state is longer than {MAX_STATE_BYTES} bytes")
        return msgspec.json.decode(zstandard.ZstdDecompressor().decompress(data))
    except zstandard.ZstdError as e:
        raise ValueError(f"the compressed state is damaged: {e}") from e
