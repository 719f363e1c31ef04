"""Into which partitions of `market` a message goes, and what stands there already. Pure."""

from collections.abc import Mapping, Sequence

from schemas import keys
from schemas.base import BROADCAST
from schemas.market import MarketMessage


class Lanes:
    """
    The last seq of each venue in each partition of `market`.

    Args:
        partitions: how many there are.
        last: partition -> venue -> last seq that stands there.
    """

    def __init__(self, partitions: int, last: Mapping[int, Mapping[str, int]]) -> None:
        self._last = [dict(last.get(p, {})) for p in range(partitions)]
        self._all = tuple(range(partitions))
        self._each = [(p,) for p in self._all]

    def targets(self, message: MarketMessage, venue: str) -> Sequence[int]:
        """
        Partitions for a message, which stands there from now on.

        After a restart none, or not all, are left: what stands is not sent again.
        """
        seq, symbol = message.seq, message.symbol
        if symbol != BROADCAST:
            partition = keys.partition(keys.routing_key(symbol), len(self._last))
            last = self._last[partition]
            if seq <= last.get(venue, -1):
                return ()
            last[venue] = seq
            return self._each[partition]
        missing = [p for p, last in enumerate(self._last) if seq > last.get(venue, -1)]
        for partition in missing:
            self._last[partition][venue] = seq
        # One object for all of a long silence's clocks.
        return self._all if len(missing) == len(self._all) else missing

    def last_seq(self) -> dict[int, dict[str, int]]:
        """As `last` was given, now; partitions without a message left out."""
        return {p: dict(last) for p, last in enumerate(self._last) if last}
