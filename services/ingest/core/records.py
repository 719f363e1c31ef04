"""What ingest's core takes and gives."""

from typing import NamedTuple

from schemas.market import MarketMessage


class Raw(NamedTuple):
    """
    One raw record (design §2, §3), as it stands or will stand in a raw topic.

    `value` is exactly what the vendor sent. `channel` is venue's market and stream kind,
    like `spot.trade`; `seq` is the record's, unique and increasing within the venue.
    """

    venue: str
    seq: int
    feed: str
    channel: str
    key: str
    value: bytes


class Decoded(NamedTuple):
    """
    What one raw record became, in order, clocks before it included.

    A message with symbol "*" is a broadcast: it goes to every partition of `market`.
    `dead` are reasons to put the record into the dead letters; `dropped` are reasons of
    counted drops (a true duplicate, a futures print that is no market trade).
    """

    messages: list[MarketMessage]
    dead: list[str]
    dropped: list[str]
