"""Which feed and channel writes each kind of message of the venue VN (design §2)."""

from collections.abc import Mapping
from typing import Literal, cast

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

Source = tuple[str, str]
"""Feed and kind of channel."""

Sources = Mapping[Kind, Source]
"""A kind that is not in it is written by nobody."""

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


ALLOWED: Mapping[Kind, tuple[str, ...]] = {
    "trade": ("ssi:X-TRADE", "ssi:X", "ssi:B", "ssi3:trade", "iboard:L"),
    "auction": ("ssi:X-TRADE", "ssi:X", "iboard:S"),
    "day": ("ssi:X-TRADE", "ssi:X", "ssi3:trade", "iboard:S"),
    "quote": ("ssi:X-QUOTE", "ssi:X", "ssi3:quote", "iboard:S"),
    "odd_lot": ("ssi:OL",),
    "foreign": ("ssi:R", "ssi3:room", "iboard:S"),
    "index": ("ssi:MI", "ssi3:index"),
    "candle": ("ssi:B",),
    "status": ("ssi:F",),
    "open_interest": ("iboard:S",),
}
"""Kind -> the channels, as `feed:channel`, that can give it. OL never makes a trade."""


class BadChoice(ValueError):
    """A choice of sources names what there is not; the text says what there is."""


def kinds_of(sources: Sources, feed: str, channel: str) -> frozenset[Kind]:
    """What a channel of a feed writes."""
    return frozenset(kind for kind, source in sources.items() if source == (feed, channel))


def named(text: str) -> dict[str, str]:
    """
    The choice that a person wrote, like `trade=iboard:L,quote=iboard:S`; empty text: none.

    Raises:
        BadChoice: naming what is allowed.
    """
    choice: dict[str, str] = {}
    for part in filter(None, (each.strip() for each in text.split(","))):
        kind, equals, source = (each.strip() for each in part.partition("="))
        if not equals or kind in choice:
            raise BadChoice(f"must be KIND=FEED:CHANNEL, each kind once, was {part!r}")
        choice[kind] = source
    chosen(choice)
    return choice


def chosen(choice: Mapping[str, str]) -> Sources:
    """
    All sources, with this choice instead of PRIMARY's where it says something.

    Raises:
        BadChoice: naming what is allowed.
    """
    for kind, source in choice.items():
        allowed = ALLOWED.get(cast(Kind, kind))
        if allowed is None:
            raise BadChoice(f"{kind!r} is no kind of message; there are {', '.join(ALLOWED)}")
        if source not in allowed:
            raise BadChoice(f"{kind} cannot come from {source!r}, only from {', '.join(allowed)}")
    return in_force(choice)


def in_force(choice: Mapping[str, str], usual: Sources = PRIMARY) -> Sources:
    """The same for a choice that `chosen` has passed."""
    return {**usual, **{cast(Kind, kind): _source(text) for kind, text in choice.items()}}


def _source(text: str) -> Source:
    feed, _, channel = text.partition(":")
    return feed, channel
