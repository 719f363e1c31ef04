"""Futures: what they are worth beside VN30, and their open interest."""

from collections.abc import Sequence

from services.simulator.core.day import SLOTS, Day
from services.simulator.core.draws import Draws
from services.simulator.core.prices import Ladder
from services.simulator.core.universe import VN30_PRIOR, Instrument

_CARRY_PPM_A_DAY = 65
"""Of the index; about 2.4 % a year: interest less dividends."""
_MILLI = 1000
_NOISE_STEP, _NOISE_MEMORY = 220, 995
"""The basis wanders by 0.02 points a slot and comes back with a half-life of 12 minutes."""
_BLOCK = 512
_OPEN_INTEREST = (42_000, 3_100, 900, 350)


class Targets(Sequence[int]):
    """
    Index of the price that a future is worth, by slot; known one slot ahead of VN30.

    Args:
        first: the slot whose VN30 is the first to be learnt.
    """

    def __init__(
        self, instrument: Instrument, ladder: Ladder, day: Day, seed: int, first: int
    ) -> None:
        assert instrument.expiry is not None
        days = (instrument.expiry - day.date).days
        self._gain = 1_000_000 + _CARRY_PPM_A_DAY * days
        self._ladder = ladder
        noise, level = [], 0
        for step in Draws(seed, instrument.symbol, "basis").normal(SLOTS).tolist():
            level = level * _NOISE_MEMORY // _MILLI + step * _NOISE_STEP // _MILLI
            noise.append(level)
        self._noise = noise
        self._places = [self._place(VN30_PRIOR, 0)] * (first + 1)

    def learn(self, vn30: int) -> None:
        """VN30 at the end of the last known slot, in hundredths of a point."""
        self._places.append(self._place(vn30, len(self._places)))

    def _place(self, vn30: int, slot: int) -> int:
        # Hundredths of a point, the noise in thousandths; prices are tenths.
        fair = vn30 * self._gain // 1_000_000 * 10 + self._noise[slot % SLOTS]
        return self._ladder.near(fair // 100)

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, slot: int) -> int:  # type: ignore[override]  # never sliced
        return self._places[slot]


class OpenInterest:
    """Contracts that are open; a trade opens, closes or passes on."""

    def __init__(self, draws: Draws, rank: int) -> None:
        self.value = _OPEN_INTEREST[min(rank, len(_OPEN_INTEREST) - 1)]
        self._draws = draws
        self._kinds: list[int] = []

    def trade(self, quantity: int) -> None:
        """So many contracts changed hands."""
        if not self._kinds:
            self._kinds = self._draws.below(4, _BLOCK).tolist()
        kind = self._kinds.pop()
        if kind == 0:
            self.value += quantity
        elif kind == 1:
            self.value = max(0, self.value - quantity)
