"""What ingest hands from the feed's side to the publisher's."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from services.ingest.core.records import Decoded, Raw
from services.runtime.outbox import Outbox


class Decoder(Protocol):
    """The engine of ingest's core."""

    def decode(self, raw: Raw) -> Decoded:
        """Never raises, whatever `raw.value` is."""

    def state(self) -> Any:
        """As JSON carries it."""


@dataclass(slots=True)
class Batch:
    """
    What a chunk of arrivals became, waiting for its raw records' acknowledgement.

    Each line stands once, with the partitions of `market` that it goes to. `seq`: of the first
    arrival; 0: there is none.
    """

    number: int
    arrived_s: float
    tickets: Sequence[tuple[Outbox, int]] = ()
    lines: list[tuple[Sequence[int], bytes]] = field(default_factory=list)
    letters: list[tuple[str, int, Raw, str]] = field(default_factory=list)
    position: bytes | None = None
    cursor: Any = None
    seq: int = 0
