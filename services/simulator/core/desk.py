"""
One instrument's day: its orders go in slot by slot, its messages come out.

A desk shares nothing with other desks, so they may run one after the other or in processes of
their own.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from services.simulator.core.day import SESSIONS, SLOT_NS, SPANS, SUBSCRIBED, Span, clock
from services.simulator.core.draws import Draws
from services.simulator.core.flow import NEVER, Flow
from services.simulator.core.message import Message
from services.simulator.core.side_boards import SideBoards
from services.simulator.core.trading import Trading
from services.simulator.core.universe import Instrument
from services.simulator.core.wire.ssi_v2 import Last

HALT_FROM, HALT_TO = clock("10:15"), clock("13:30")
_QUIET_DAY_LOTS = 1000


class _Action(NamedTuple):
    """What the exchange does at a time; `rank` orders those of one time."""

    time: int
    rank: int
    act: Callable[[int], None]


class Desk:
    """
    Args:
        targets: index of the price that the instrument is worth, by slot; of a future it
            grows while the day goes on.

    Attributes:
        due: when something happens next, in ns since midnight.
    """

    def __init__(
        self, instrument: Instrument, flow: Flow, targets: Sequence[int], trading: Trading,
        draws: Draws,
    ) -> None:  # fmt: skip
        self.instrument, self.trading = instrument, trading
        self._targets = targets
        self._events = flow.events()
        self._event = next(self._events)
        self._side_boards = SideBoards(instrument, len(flow.times), trading, draws)
        self._halted = False
        self._code = trading.voice.session
        self._handle = trading.on_continuous
        self._actions = sorted(self._planned(), key=lambda each: each[:2])
        self._next = 0
        self.due = 0

    def run(self, slot: int) -> list[Message]:
        """The messages of what happens in a slot; their arrivals may lie in later ones."""
        trading, end = self.trading, (slot + 1) * SLOT_NS
        out = trading.voice.begin()
        trading.worth(self._targets[slot])
        event, events = self._event, self._events
        while True:
            until = self._until(end)
            handle = self._ignore if self._halted else self._handle
            while event.time < until:
                handle(event)
                event = next(events)
            if until == end:
                break
            action = self._actions[self._next]
            self._next += 1
            action.act(action.time + self.instrument.number)
        self._event = event
        if self._side_boards.due < end:
            self._side_boards.run(end, self._halted)
        trading.end_slot(end + self.instrument.number)
        self.due = min(event.time, self._until(NEVER.time), self._side_boards.due)
        return out

    def _until(self, end: int) -> int:
        """The next action's time, or `end` when it is not before."""
        if self._next == len(self._actions):
            return end
        return min(self._actions[self._next].time, end)

    def _ignore(self, _event: object) -> None:
        """While the instrument is halted nobody's order is taken."""

    def _planned(self) -> list[_Action]:
        found = [_Action(SUBSCRIBED, 0, self._yesterday)]
        exchange = self.instrument.exchange
        for place, span in enumerate(SPANS[exchange]):
            found.append(_Action(span.start, 2, self._beginner(span, place == 0)))
            if span.mode == "auction":
                found.append(_Action(span.end, 0, self._uncrosser(span)))
        found += [_Action(time, 1, self._announcer(code)) for time, code in SESSIONS[exchange]]
        if self.instrument.halted:
            found += [_Action(HALT_FROM, 3, self._halt), _Action(HALT_TO, 3, self._resume)]
        return found

    def _beginner(self, span: Span, first: bool) -> Callable[[int], None]:
        trading = self.trading
        handle = {
            "auction": trading.on_auction,
            "continuous": trading.on_continuous,
            "plo": trading.on_plo,
        }[span.mode]

        def begin(time: int) -> None:
            trading.enter(span)
            self._handle = handle
            if first:
                trading.seed(time)

        return begin

    def _uncrosser(self, span: Span) -> Callable[[int], None]:
        # SSI's print of 14:45:00 says "C" and "SD"; those of 09:15:00 "LO", and no side.
        code, side = ("C", "SD") if span.phase == "atc" else ("LO", "")
        if self.instrument.kind == "future":
            side = ""

        def uncross(time: int) -> None:
            if not self._halted:
                self.trading.uncross(time, code, side)

        return uncross

    def _announcer(self, code: str) -> Callable[[int], None]:
        def announce(time: int) -> None:
            self._code = code
            if not self._halted:
                self._resume(time)

        return announce

    def _halt(self, time: int) -> None:
        self._halted = True
        # F says HALT, the other channels H.
        self.trading.voice.announce(time, "HALT", "H")
        self.trading.voice.session = "H"

    def _resume(self, time: int) -> None:
        self._halted = False
        voice = self.trading.voice
        voice.announce(time, self._code, voice.open_status)

    def _yesterday(self, time: int) -> None:
        trading, price = self.trading, self.trading.ladder.reference
        volume = _QUIET_DAY_LOTS * self.instrument.lot
        value = trading.ladder.prices[price] * volume * self.instrument.unit
        last = Last(price, price, price, price, self.instrument.lot, volume, value)
        trading.voice.yesterday(time, last)
