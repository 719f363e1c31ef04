"""
When messages of one instrument reach a client: each channel is a queue of its own.

Without overtaking a quote never comes before the print that it is the effect of. With it, that
share of the orders has its prints held up for a while, and quotes pass them.
"""

from services.simulator.core.day import QUANTUM_NS
from services.simulator.core.draws import Draws

LATENCY_NS = 20_000_000
"""From the matching engine to the client, on a calm line."""
_HOLD_NS = 60_000_000
_BLOCK = 512


class Transit:
    """
    Arrival times, in ns since midnight, ascending in each channel.

    Args:
        overtaking: share of the orders whose prints are held up, 0 to 1.
    """

    def __init__(self, draws: Draws, overtaking: float) -> None:
        self._draws, self._ppm = draws, round(overtaking * 1_000_000)
        self._trade = self._quote = 0
        self._ready = 0
        self._held: list[int] = []

    def order(self, time: int) -> None:
        """An order is matched: its prints follow."""
        self._ready = time + LATENCY_NS
        if self._ppm:
            if not self._held:
                self._refill()
            self._ready += self._held.pop()

    def trade(self) -> int:
        """Arrival of the next print of the order."""
        self._trade = max(self._ready, self._trade + QUANTUM_NS)
        if not self._ppm:
            self._trade = max(self._trade, self._quote + QUANTUM_NS)
        return self._trade

    def quote(self, time: int) -> int:
        """Arrival of a quote of `time`."""
        arrival = max(time + LATENCY_NS, self._quote + QUANTUM_NS)
        # A print that is not held up comes at most these few quanta late.
        near = self._trade - time < LATENCY_NS + 1000 * QUANTUM_NS
        if near or not self._ppm:
            arrival = max(arrival, self._trade + QUANTUM_NS)
        self._quote = arrival
        return arrival

    def _refill(self) -> None:
        held = self._draws.below(1_000_000, _BLOCK) < self._ppm
        delays = self._draws.exponential(_HOLD_NS // QUANTUM_NS, _BLOCK) + 1
        self._held = (held * delays * QUANTUM_NS).tolist()
