"""Channel and routing key of an iBoard message, told cheaply from its bytes."""

import re
from functools import lru_cache

from schemas.keys import UNROUTED, routing_key
from services.ingest.core.feed import BadFrame, Routed
from services.ingest.core.vn.codes import symbol_of

TOPIC = "iboard"
OTHER = "other"
KINDS = ("L", "S")
_HEAD = re.compile(rb"[A-Z_]{1,12}\|([A-Z])#([A-Za-z0-9_-]{1,32})(?:\||\"|\s|$)")
_REACH = 600
"""Where the frame begins: at once, after a receive time, or in a wrapper of JSON."""


def route(_venue: str, message: bytes) -> Routed:
    """
    Topic, channel (`vn.L`, `vn.S`, else `vn.other`) and routing key; never raises.

    The whole message is kept, a wrapper too.
    """
    found = _HEAD.search(message, 0, _REACH)
    if found is None or found[1].decode() not in KINDS:
        return Routed(TOPIC, f"vn.{OTHER}", UNROUTED, message)
    return Routed(TOPIC, f"vn.{found[1].decode()}", _key_of(found[2]), message)


@lru_cache(maxsize=65536)
def _key_of(code: bytes) -> str:
    try:
        return routing_key(symbol_of(code.decode()))
    except (BadFrame, UnicodeDecodeError):
        return UNROUTED
