"""What the exchange sends."""

from operator import attrgetter
from typing import NamedTuple


class Message(NamedTuple):
    """
    Attributes:
        arrival: at a client, ns since local midnight.
        channel: SSI's DataType, or L and S of iBoard.
        text: as the vendor writes it.
    """

    arrival: int
    channel: str
    symbol: str
    text: str


_arrival = attrgetter("arrival")


class Waiting:
    """Messages on their way."""

    def __init__(self) -> None:
        self._later: list[Message] = []

    def due(self, new: list[Message], end: int) -> list[Message]:
        """
        Those that arrive before `end`, of the new ones and of those that waited, by arrival;
        of one arrival, those that waited first.
        """
        found = self._later + new
        found.sort(key=_arrival)
        at = len(found)
        while at and found[at - 1].arrival >= end:
            at -= 1
        self._later = found[at:]
        return found[:at]
