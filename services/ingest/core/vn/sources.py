"""Which feed and channel writes each kind of message of the venue VN (design §2)."""

from collections.abc import Mapping
from typing import Literal

Kind = Literal[
    "trade",
    "quote",
    "auction",
    "day",
    "odd_lot",
    "foreign",
    "index",
    "candle",
    "status",
    "open_interest",
]

Sources = Mapping[Kind, tuple[str, str]]
"""Kind -> (feed, kind of channel). A kind that is not in it is written by nobody."""

PRIMARY: Sources = {
    "trade": ("ssi", "X-TRADE"),
    "auction": ("ssi", "X-TRADE"),
    "day": ("ssi", "X-TRADE"),
    "quote": ("ssi", "X-QUOTE"),
    "odd_lot": ("ssi", "OL"),
    "foreign": ("ssi", "R"),
    "index": ("ssi", "MI"),
    "status": ("ssi", "F"),
    # SSI's own API has no open interest.
    "open_interest": ("iboard", "S"),
}


def kinds_of(sources: Sources, feed: str, channel: str) -> frozenset[Kind]:
    """What a channel of a feed writes."""
    return frozenset(kind for kind, source in sources.items() if source == (feed, channel))
