"""Channel and routing key of a message of SSI v3, told cheaply from its bytes."""

import re
from functools import lru_cache

from schemas.keys import UNROUTED, routing_key
from services.ingest.core.feed import BadFrame, Routed
from services.ingest.core.vn.codes import symbol_of

TOPIC = "ssi3"
MARKET = "vn"
OTHER = "other"
KINDS = (
    "trade", "candle", "quote", "room", "index", "indexsummary", "flag", "master", "put", "oddlot",
)  # fmt: skip
"""The second half of a channel: what the topic of a frame says."""
_TOPIC = re.compile(rb'"topic"\s*:\s*"([^"\\\x00-\x20]{1,64})"')
_KINDS = {"quote": "quote", "room": "room", "put": "put", "oddlot": "oddlot"}


def route(_venue: str, message: bytes) -> Routed:
    """Topic, channel (`vn.trade`, else `vn.other`), routing key and the whole frame."""
    found = _TOPIC.search(message)
    kind, key = (OTHER, UNROUTED) if found is None else _of(found[1])
    return Routed(TOPIC, f"{MARKET}.{kind}", key, message)


@lru_cache(maxsize=65536)
def _of(topic: bytes) -> tuple[str, str]:
    head, _, rest = topic.decode("ascii", "replace").partition(".")
    head, (code, _, interval) = head.lower(), rest.partition("@")
    if head == "trade" and code.lower().startswith("index."):
        kind, code = "index", code[len("index.") :]
    elif head == "trade":
        kind = "candle" if interval not in ("", "tick", "*") else "trade"
    elif head == "market":
        kind = "flag" if code.upper() == "FLAG" else "master"
    elif head == "indexsummary":
        kind = head
    else:
        kind = _KINDS.get(head, OTHER)
    if kind in (OTHER, "flag"):
        return kind, UNROUTED
    try:
        return kind, routing_key(symbol_of(code))
    except BadFrame:
        return kind, UNROUTED
