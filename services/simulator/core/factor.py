"""
What instruments are worth, slot by slot: one common factor, and each one's own news.

Paths are in billionths of the reference price; the last slot's value stands after the close.
"""

import numpy as np

from services.simulator.core.day import SLOT_NS, SLOTS, clock
from services.simulator.core.draws import Draws, Ints
from services.simulator.core.prices import Ladder
from services.simulator.core.universe import Instrument

BILLION = 1_000_000_000
_FIRST, _LAST = clock("09:00") // SLOT_NS, clock("14:45") // SLOT_NS
# 1.1 % and 1.3 % a day, over the 4,140 slots of a day: divided by their root.
_COMMON_STEP, _OWN_STEP = 171_000, 202_000
_COMMON_GAP, _OWN_GAP = 3_000_000, 4_000_000
_COMMON_BOUND, _OWN_BOUND = 45_000_000, 60_000_000


def common(seed: int) -> Ints:
    """The market's path, shape (SLOTS,)."""
    return _path(Draws(seed, "market"), _COMMON_GAP, _COMMON_STEP, _COMMON_BOUND)


def own(instrument: Instrument, seed: int) -> Ints:
    """An instrument's own path, shape (SLOTS,); an ETF has none, a warrant its share's."""
    if instrument.kind in ("etf", "future"):
        return np.zeros(SLOTS, dtype=np.int64)
    name = instrument.leads or instrument.symbol
    return _path(Draws(seed, name, "news"), _OWN_GAP, _OWN_STEP, _OWN_BOUND)


def targets(instrument: Instrument, ladder: Ladder, market: Ints, news: Ints) -> list[int]:
    """Index of the price that an instrument is worth, by slot."""
    if instrument.locked:
        # More than its ceiling: nobody asks there, but some holders sell.
        return [len(ladder.prices)] * SLOTS
    gain = BILLION + market * instrument.beta // 1000
    gain += news * (instrument.beta // 1000 if instrument.kind == "cw" else 1)
    worth = instrument.reference * gain // BILLION
    places = np.searchsorted(np.array(ladder.prices, dtype=np.int64), worth, side="right") - 1
    found: list[int] = np.clip(places, 0, len(ladder.prices) - 1).tolist()
    return found


def _path(draws: Draws, gap: int, step: int, bound: int) -> Ints:
    moves = np.zeros(SLOTS, dtype=np.int64)
    moves[_FIRST : _LAST + 1] = draws.normal(_LAST + 1 - _FIRST) * step // 1000
    moves[0] = draws.normal(1)[0] * gap // 1000
    path = np.cumsum(moves)
    # Reflected at the bounds: prices are wanted that move, not ones stuck at a limit.
    folded = np.abs((path + bound) % (4 * bound) - 2 * bound)
    return bound - folded
