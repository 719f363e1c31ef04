"""
The phase of a Vietnamese symbol: the exchange's schedule, and what the exchange says of it.

Never a trade's own session: the real print of 14:45:00 says "C" and belongs to the ATC.
"""

from functools import cache
from typing import NamedTuple

import msgspec

from schemas.base import Phase
from services.ingest.core.vn.codes import SUSPENDED
from services.ingest.core.vn.schedule import TRADING, Exchange, phase_at, print_phase
from services.ingest.core.vn.times import Moment

AUCTIONS: frozenset[Phase] = frozenset({"ato", "atc"})
_IN_CALLS = AUCTIONS | {"continuous"}
_SECOND_MS = 1000
_MINUTE_MS = 60_000


class Hours(NamedTuple):
    """
    When a symbol trades on a day, by the schedule and by reference data.

    `periodic`: in call auctions all day; `halted`: not at all until the vendor says otherwise.
    """

    exchange: Exchange
    trading_day: bool = True
    periodic: bool = False
    halted: bool = False

    def at(self, ms_of_day: int) -> Phase:
        """What the schedule has at a local time of the day."""
        return phase_at(self.exchange, ms_of_day, self.trading_day, self.periodic)


class SymbolPhase(msgspec.Struct, gc=False, frozen=True):
    """
    What the exchange last said of a symbol.

    Attributes:
        phase: which it named, `halted` when its trading status says so.
        scheduled: which its schedule had at that moment.
        before: which stood before.
        trading_status: its code.
    """

    day: int
    ts_ms: int
    phase: Phase
    scheduled: Phase
    before: Phase
    trading_status: str | None = None


def said(
    last: SymbolPhase | None, hours: Hours, at: Moment, session: Phase | None, code: str | None
) -> SymbolPhase:
    """What stands after the exchange said `session` (None: nothing known) and status `code`."""
    scheduled = hours.at(at.ms_of_day)
    phase = session or scheduled
    if scheduled == "plo" and phase != "halted":
        # SSI has no code for it; what it says from 14:45 to 15:00 at HNX is unknown.
        phase = "plo"
    if scheduled == "periodic" and phase in _IN_CALLS:
        # Nor for this: it can only name the phase of the other stocks.
        phase = "periodic"
    if code in SUSPENDED:
        phase = "halted"
    before = phase_of(last, hours, at._replace(ms_of_day=max(0, at.ms_of_day - 1)))
    return SymbolPhase(at.day, at.ts_ms, phase, scheduled, before, code)


def phase_of(last: SymbolPhase | None, hours: Hours, at: Moment) -> Phase:
    """
    The phase at a moment.

    What the exchange said of the symbol holds as long as the schedule's phase of then; a
    halt until it says otherwise, that day.
    """
    scheduled = hours.at(at.ms_of_day)
    if last is None or last.day != at.day or at.ts_ms < last.ts_ms:
        return "halted" if hours.halted else scheduled
    return last.phase if last.phase == "halted" or last.scheduled == scheduled else scheduled


def trade_phase(last: SymbolPhase | None, hours: Hours, at: Moment) -> Phase:
    """
    The phase of a print at a moment.

    A print stamped in the second in which an auction ends belongs to the auction. What the
    exchange said counts where it said auction: a print proves that there is trading. On a day
    without any by the calendar it is closed, or what the exchange said.
    """
    phase = print_phase(hours.exchange, at.ms_of_day, hours.trading_day, hours.periodic)
    if last is None or last.day != at.day:
        return phase
    if not hours.trading_day:
        return phase_of(last, hours, at)
    if last.before in AUCTIONS and 0 <= at.ts_ms - last.ts_ms < _SECOND_MS:
        return last.before
    if last.phase in AUCTIONS and at.ts_ms >= last.ts_ms and last.scheduled == phase:
        return last.phase
    return phase


@cache
def opening_ms(exchange: Exchange) -> int:
    """When the first trades of a day may happen, ms since local midnight."""
    minutes = (minute * _MINUTE_MS for minute in range(24 * 60))
    return next(ms for ms in minutes if phase_at(exchange, ms, trading_day=True) in TRADING)
