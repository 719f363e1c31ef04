"""
The orders of one instrument's day: when they come, and what each wants.

Orders come in clusters (a Hawkes process, by its branching form: a cluster is one order and
those that it excites). Those of a cluster lean to one side, and one that begins with an order
to trade at once holds more of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from services.simulator.core.day import NS, QUANTUM_NS, SPANS
from services.simulator.core.draws import Draws, Ints
from services.simulator.core.universe import Instrument

FULL_DAY_ORDERS = 3_300_000
"""Of all instruments at scale 1: gives about 500 thousand prints and 3 million quotes."""
LEAST_ORDERS = 60
"""Of an instrument, however small the scale: a price needs some."""

UNIT = 1 << 16
"""What `side` and `foreign` of an order are uniform below."""

_CHUNK = 4096
_GAP_NS = 80_000_000
_MARKET = UNIT * 45 // 1000
_MARKET_EXCITED = UNIT * 20 // 100
_HERDING = UNIT * 22 // 100

# Lots of 100: small ones are most, round ones are liked.
_LOTS = (
    (1, 210), (2, 130), (3, 80), (4, 45), (5, 95), (6, 30), (8, 25), (10, 130), (15, 30),
    (20, 70), (30, 38), (50, 50), (80, 12), (100, 34), (150, 8), (200, 8), (300, 3), (500, 2),
)  # fmt: skip
_DEPTHS = (46, 27, 15, 5, 3, 2, 1, 1)
"""How often an order goes so many prices behind the best."""
_CLUSTERS = (500, 210, 110, 62, 38, 24, 16, 11, 8, 6, 4, 3, 2, 2, 1, 1, 1, 1, 1, 1)


class Event(NamedTuple):
    """
    Something an investor does at `time`.

    Attributes:
        market: an order to trade at once, else one to rest, or its cancellation.
        side: below UNIT; high buys.
        depth: prices behind the best.
        foreign: below UNIT; high is a foreign investor.
    """

    time: int
    market: bool
    side: int
    lots: int
    depth: int
    foreign: int


NEVER = Event(1 << 62, False, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Flow:
    """All events of a day, ascending in time; arrays of one length."""

    times: Ints
    markets: npt.NDArray[np.bool_]
    sides: Ints
    lots: Ints
    depths: Ints
    foreigns: Ints

    def events(self) -> Iterator[Event]:
        """One after the other, then `NEVER` for ever."""
        for start in range(0, len(self.times), _CHUNK):
            part = slice(start, start + _CHUNK)
            yield from map(
                Event,
                self.times[part].tolist(),
                self.markets[part].tolist(),
                self.sides[part].tolist(),
                self.lots[part].tolist(),
                self.depths[part].tolist(),
                self.foreigns[part].tolist(),
            )
        while True:
            yield NEVER


def flow(instrument: Instrument, orders: int, seed: int) -> Flow:
    """The flow of an instrument with about so many orders."""
    draws = Draws(seed, instrument.symbol, "flow")
    spans = SPANS[instrument.exchange]
    loads = np.array([(s.end - s.start) // NS * s.intensity for s in spans], dtype=np.int64)
    sizes = np.array(_CLUSTERS, dtype=np.int64)
    mean_milli = int((sizes * np.arange(1, len(sizes) + 1)).sum() * 1000 // sizes.sum())
    clusters = max(1, orders * 1000 // mean_milli)
    span = draws.pick(loads, clusters)
    starts = np.array([s.start for s in spans], dtype=np.int64)[span]
    ends = np.array([s.end for s in spans], dtype=np.int64)[span]
    begins = starts + (draws.below(1 << 31, clusters) * ((ends - starts) >> 20) >> 11)
    members = draws.pick(sizes, clusters) + 1
    count = int(members.sum())
    cluster = np.repeat(np.arange(clusters), members)
    first = np.repeat(np.cumsum(members) - members, members)
    gaps = draws.exponential(_GAP_NS, count)
    gaps[np.cumsum(members) - members] = 0
    passed = np.cumsum(gaps)
    times = begins[cluster] + passed - passed[first]
    words = draws.words(count)
    markets, sides = _intents(words, first, draws.words(clusters)[cluster])
    inside = times < ends[cluster] - QUANTUM_NS
    order = np.argsort(times, kind="stable")
    order = order[inside[order]]
    at = times[order] // QUANTUM_NS
    steps = np.arange(len(at), dtype=np.int64)
    # Strictly ascending, a quantum apart at least.
    at = np.maximum.accumulate(at - steps) + steps
    words = words[order]
    return Flow(
        times=at * QUANTUM_NS + instrument.number,
        markets=markets[order],
        sides=sides[order],
        lots=_table(_LOTS)[_bits(words, 32, 10)],
        depths=_table(tuple(enumerate(_DEPTHS)))[_bits(words, 42, 10)],
        foreigns=_bits(words, 52, 12) << 4,
    )


def _intents(
    words: npt.NDArray[np.uint64], first: Ints, moods: npt.NDArray[np.uint64]
) -> tuple[npt.NDArray[np.bool_], Ints]:
    """Who trades at once, and the sides."""
    kind = _bits(words, 0, 16)
    led = kind[first] < _MARKET
    markets = (kind < np.where(led, _MARKET_EXCITED, _MARKET)) | (
        led & (first == np.arange(len(first)))
    )
    lean = np.where(_bits(moods, 0, 1) == 1, _HERDING, -_HERDING)
    return markets, np.clip(_bits(words, 16, 16) + lean, 0, UNIT - 1)


def _bits(words: npt.NDArray[np.uint64], shift: int, count: int) -> Ints:
    return ((words >> np.uint64(shift)) & np.uint64((1 << count) - 1)).astype(np.int64)


@cache
def _table(weighted: tuple[tuple[int, int], ...]) -> Ints:
    """1,024 values in proportion to their weights."""
    total = sum(weight for _, weight in weighted)
    bounds = np.cumsum([weight * 1024 for _, weight in weighted])
    values = np.array([value for value, _ in weighted], dtype=np.int64)
    return values[np.searchsorted(bounds, np.arange(1024) * total, side="right")]
