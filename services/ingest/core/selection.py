"""A part of recorded days: what of `market` an excerpt has."""

from dataclasses import dataclass

from schemas.base import BROADCAST
from schemas.market import Basket, Clock, Instrument, MarketMessage, Status
from services.ingest.core.records import Decoded

DAY_US = 86_400_000_000
_UTC_PLUS_7_US = 7 * 3_600_000_000


class BadSelection(ValueError):
    """A selection that can select nothing; the text says why."""


@dataclass(frozen=True, slots=True)
class Selection:
    """
    From a time up to, not including, another one of each day, of all symbols or of some.

    What a reader must know before has no beginning: instruments, baskets and statuses of the
    day. What concerns a whole venue is of every symbol. The clock of the end belongs to it: it
    closes the last second.

    Args:
        from_us, to_us: µs since local midnight (VN: UTC+7, others UTC), up to DAY_US.
        symbols: as in `market`; empty: all.

    Raises:
        BadSelection: it ends before it begins.
    """

    from_us: int = 0
    to_us: int = DAY_US
    symbols: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if not 0 <= self.from_us < self.to_us <= DAY_US:
            raise BadSelection("it must end after it begins, and on the same day")

    def takes(self, message: MarketMessage, venue: str) -> bool:
        """Whether a message of a venue is in it."""
        if self.symbols and message.symbol not in self.symbols and message.symbol != BROADCAST:
            return False
        us = _since_midnight(venue, message.seq)
        if isinstance(message, Clock):
            return self.from_us <= us <= self.to_us or (us == 0 and self.to_us == DAY_US)
        known_before = isinstance(message, Instrument | Basket | Status)
        return (known_before or self.from_us <= us) and us < self.to_us

    def is_inside(self, venue: str, seq: int) -> bool:
        """Whether a raw record was received in the selected time."""
        return self.from_us <= _since_midnight(venue, seq) < self.to_us

    def is_over(self, venue: str, seq: int) -> bool:
        """Whether the selected time of a raw record's day was over when it was received."""
        return _since_midnight(venue, seq) > self.to_us

    def of(self, venue: str, decoded: Decoded) -> Decoded:
        """What a raw record became, as far as it is selected; dead letters and drops are not."""
        takes = self.takes
        return Decoded([m for m in decoded.messages if takes(m, venue)], [], [])

    @property
    def written(self) -> str:
        """What it is, for digests: another text is another selection."""
        return f"{self.from_us} {self.to_us} {','.join(sorted(self.symbols))}"


def _since_midnight(venue: str, seq: int) -> int:
    return (seq + (_UTC_PLUS_7_US if venue == "VN" else 0)) % DAY_US
