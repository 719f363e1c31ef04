"""What decides a simulated day, and the desks that it gives."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.simulator.core import factor
from services.simulator.core.day import SLOT_NS, Day, clock
from services.simulator.core.derivatives import OpenInterest, Targets
from services.simulator.core.desk import Desk
from services.simulator.core.draws import Draws
from services.simulator.core.flow import FULL_DAY_ORDERS, LEAST_ORDERS, UNIT, flow
from services.simulator.core.ledger import Foreign, Ledger
from services.simulator.core.prices import Ladder, ladder
from services.simulator.core.trading import Trading
from services.simulator.core.transit import Transit
from services.simulator.core.universe import Instrument
from services.simulator.core.voice import Voice

FIRST_SLOT = clock("08:00") // SLOT_NS
"""Nothing happens before."""
FUTURES_ONLY, EVERYBODY = "S", "S-ALL"
"""S# frames are written of futures, or of everybody."""
_MOST_FOREIGN = 250
"""Per mille of a share's orders; half as many again in VN30."""


@dataclass(frozen=True, slots=True)
class Plan:
    """
    Everything that a day is a function of, to the byte.

    Attributes:
        scale: of the number of orders; 1 is a peak day.
        overtaking: share of the orders whose quotes come before their prints.
        channels: those that are written: SSI's and iBoard's, and `S-ALL`.
    """

    seed: int
    day: Day
    instruments: Sequence[Instrument]
    scale: float
    overtaking: float
    channels: frozenset[str]

    def orders(self, instrument: Instrument) -> int:
        """How many of the day's orders are an instrument's, about."""
        weights = sum(each.weight for each in self.instruments)
        share = FULL_DAY_ORDERS * instrument.weight // weights
        return max(LEAST_ORDERS, int(share * self.scale))

    def shares(self) -> list[Instrument]:
        """All that is no future."""
        return [each for each in self.instruments if each.kind != "future"]

    def futures(self) -> list[Instrument]:
        """The futures, nearest first."""
        return [each for each in self.instruments if each.kind == "future"]


def share_desks(plan: Plan, instruments: Sequence[Instrument]) -> list[Desk]:
    """Desks of some of the plan's shares, before the day begins."""
    market = factor.common(plan.seed)
    found = []
    for instrument in instruments:
        rungs = _ladder(instrument)
        news = factor.own(instrument, plan.seed)
        targets = factor.targets(instrument, rungs, market, news)
        found.append(_desk(plan, instrument, rungs, targets, None))
    return found


def future_desks(plan: Plan) -> list[tuple[Desk, Targets]]:
    """Desks of the futures; their targets learn VN30 after each slot from FIRST_SLOT on."""
    found = []
    for rank, instrument in enumerate(plan.futures()):
        rungs = _ladder(instrument)
        targets = Targets(instrument, rungs, plan.day, plan.seed, FIRST_SLOT)
        interest = OpenInterest(Draws(plan.seed, instrument.symbol, "interest"), rank)
        found.append((_desk(plan, instrument, rungs, targets, interest), targets))
    return found


def _ladder(instrument: Instrument) -> Ladder:
    return ladder(instrument.reference, instrument.exchange, instrument.kind, instrument.band)


def _desk(
    plan: Plan, instrument: Instrument, rungs: Ladder, targets: Sequence[int],
    interest: OpenInterest | None,
) -> Desk:  # fmt: skip
    draws = Draws(plan.seed, instrument.symbol, "desk")
    shares = draws.below(_MOST_FOREIGN, 2) * (3 if instrument.cap else 2) // 2
    buyers, sellers = (UNIT - int(share) * UNIT // 1000 for share in shares)
    # Banks have 30 % for foreigners, most others 49 %.
    total = instrument.shares * (30 if draws.one(3) == 0 else 49) // 100
    ledger = Ledger(foreign=Foreign(total * (20 + draws.one(75)) // 100, total))
    channels = set(plan.channels)
    if interest is None and EVERYBODY not in channels:
        channels.discard(FUTURES_ONLY)
    transit = Transit(Draws(plan.seed, instrument.symbol, "transit"), plan.overtaking)
    voice = Voice(instrument, rungs, plan.day, transit, channels)
    trading = Trading(instrument, rungs, voice, ledger, (buyers, sellers), interest)
    events = flow(instrument, plan.orders(instrument), plan.seed)
    return Desk(instrument, events, targets, trading, draws)
