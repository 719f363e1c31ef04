"""What the rules remember of a venue within one partition of one topic."""

import msgspec

Minutes = dict[int, int]
"""Minute of the local day -> volume in it, in 1e-8 of the unit."""


class Surge(msgspec.Struct, array_like=True):
    """Volumes by minute: of the day `day`, and of the days before it, newest last."""

    day: int = -1
    today: Minutes = {}
    before: list[Minutes] = []


class Memory(msgspec.Struct, array_like=True):
    """
    One rule on one symbol.

    Attributes:
        day: local day (`schemas.days`) of what follows but `surge`.
        up, down: told of, and not yet back behind the mark that arms it again.
        up_seq, down_seq: of the last alert of each side, also of days before.
        last: (seq, part) of the last alert.
        window: (second, bought, sold) so far that day, oldest first, of rules with a window.
    """

    day: int = -1
    up: bool = False
    down: bool = False
    up_seq: int = 0
    down_seq: int = 0
    last: tuple[int, int] = (-1, 0)
    window: list[tuple[int, float, float]] = []
    surge: Surge | None = None


class VenueState(msgspec.Struct, array_like=True):
    """
    Mutable state; only the engine's `step` changes it.

    Attributes:
        symbols: symbol -> key of a rule -> its memory; made when there is something to remember.
        aliases: name -> the symbol that an instrument claims for it, of names that rules use.
    """

    venue: str
    symbols: dict[str, dict[str, Memory]] = {}
    aliases: dict[str, str] = {}


def initial(venue: str) -> VenueState:
    """The state before any message of the venue."""
    return VenueState(venue)
