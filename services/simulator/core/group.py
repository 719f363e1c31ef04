"""
A group of desks in time: the exchange, or the part of it that one process runs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter

from services.simulator.core import factor, indices
from services.simulator.core.day import SLOT_NS, SLOTS, Day
from services.simulator.core.derivatives import OpenInterest, Targets
from services.simulator.core.desk import Desk
from services.simulator.core.draws import Draws
from services.simulator.core.flow import FULL_DAY_ORDERS, LEAST_ORDERS, UNIT, flow
from services.simulator.core.ledger import Foreign, Ledger
from services.simulator.core.prices import Ladder, ladder
from services.simulator.core.trading import Message, Trading
from services.simulator.core.transit import Transit
from services.simulator.core.universe import Instrument
from services.simulator.core.wire.ssi_v2 import Writer

FIRST_SLOT = 8 * 3600 * 10**9 // SLOT_NS
"""Nothing happens before 08:00."""
_arrival = itemgetter(0)


@dataclass(frozen=True, slots=True)
class Plan:
    """
    What decides a day, to the byte.

    Attributes:
        scale: of the number of orders; 1 is a peak day.
        overtaking: share of the orders whose quotes come before their prints.
    """

    seed: int
    day: Day
    instruments: Sequence[Instrument]
    scale: float
    overtaking: float
    channels: frozenset[str]

    def orders(self, instrument: Instrument) -> int:
        """How many of the day's orders are an instrument's."""
        weights = sum(each.weight for each in self.instruments)
        share = FULL_DAY_ORDERS * instrument.weight // weights
        return max(LEAST_ORDERS, int(share * self.scale))

    def shares(self) -> list[Instrument]:
        """All that is no future."""
        return [each for each in self.instruments if each.kind != "future"]

    def rank(self, instrument: Instrument) -> int:
        """A future's place, 0 the nearest."""
        return instrument.number - len(self.shares())


def _ladder(instrument: Instrument) -> Ladder:
    return ladder(instrument.reference, instrument.exchange, instrument.kind, instrument.band)


def _desk(plan: Plan, instrument: Instrument, rungs: Ladder, targets: Sequence[int]) -> Desk:
    draws = Draws(plan.seed, instrument.symbol, "desk")
    shares = draws.below(250, 2) * (3 if instrument.cap else 1) // 2
    total = instrument.shares * (30 if draws.one(3) == 0 else 49) // 100
    ledger = Ledger(foreign=Foreign(total * (20 + draws.one(75)) // 100, total))
    buyers, sellers = (UNIT - int(share) * UNIT // 1000 for share in shares)
    channels, interest = set(plan.channels), None
    if instrument.kind == "future":
        # SSI has no foreign room of futures, and no odd lots.
        interest = OpenInterest(
            Draws(plan.seed, instrument.symbol, "interest"), plan.rank(instrument)
        )
    elif "S-ALL" not in channels:
        channels.discard("S")
    trading = Trading(
        instrument, rungs, Writer(instrument, rungs, plan.day),
        Transit(draws, plan.overtaking), ledger, channels, (buyers, sellers), interest,
        plan.day.midnight_ns,
    )  # fmt: skip
    events = flow(instrument, plan.orders(instrument), plan.seed)
    return Desk(instrument, rungs, events, targets, trading, draws, plan.day)


def share_desks(plan: Plan, instruments: Sequence[Instrument]) -> list[Desk]:
    """Desks of all that is no future."""
    market = factor.common(plan.seed)
    found = []
    for instrument in instruments:
        rungs = _ladder(instrument)
        news = factor.own(instrument, plan.seed)
        targets = factor.targets(instrument, rungs, market, news)
        found.append(_desk(plan, instrument, rungs, targets))
    return found


def future_desks(plan: Plan) -> list[tuple[Desk, Targets]]:
    """Desks of the futures; their targets learn VN30 slot by slot."""
    found = []
    for instrument in plan.instruments:
        if instrument.kind == "future":
            rungs = _ladder(instrument)
            targets = Targets(instrument, rungs, plan.day, plan.seed)
            targets.start(FIRST_SLOT)
            found.append((_desk(plan, instrument, rungs, targets), targets))
    return found


class Group:
    """Runs desks slot by slot and counts what they add to the indices."""

    def __init__(self, desks: Sequence[Desk]) -> None:
        self.desks = desks
        self.counters = {index: indices.Counter(index, desks) for index in indices.NAMES}
        self._later: list[Message] = []

    def slots(self) -> Iterator[tuple[int, list[Message]]]:
        """(slot, messages that arrive in it, in the order of their arrival), to the last slot."""
        for slot in range(FIRST_SLOT, SLOTS):
            yield slot, self.run(slot)

    def run(self, slot: int) -> list[Message]:
        """The next slot."""
        found = self._later
        changed = []
        for each in self.desks:
            if each.busy(slot):
                found += each.run(slot)
                if each.trading.traded:
                    each.trading.traded = False
                    changed.append(each)
        for counter in self.counters.values():
            for each in changed:
                counter.count(each)
            counter.close()
        return self._due(found, (slot + 1) * SLOT_NS)

    def _due(self, found: list[Message], end: int) -> list[Message]:
        found.sort(key=_arrival)
        self._later = [message for message in found[-4096:] if message.arrival >= end]
        if len(self._later) == 4096:
            self._later = [message for message in found if message.arrival >= end]
        return found[: len(found) - len(self._later)]
