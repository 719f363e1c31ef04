"""
One instrument's day: its orders go in slot by slot, its messages come out.

A desk shares nothing with other desks, so they may run one after the other or in processes of
their own. What is dealt at a desk is in `services.simulator.core.trading`.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from services.simulator.core.day import NS, SLOT_NS, SPANS, SUBSCRIBED, Day, Span, time_of
from services.simulator.core.day import SESSIONS as ANNOUNCED
from services.simulator.core.draws import Draws
from services.simulator.core.flow import Event, Flow
from services.simulator.core.prices import Ladder
from services.simulator.core.side_boards import SideBoards
from services.simulator.core.trading import Message, Trading
from services.simulator.core.transit import LATENCY_NS
from services.simulator.core.universe import Instrument

HALT_FROM, HALT_TO = (10 * 60 + 15) * 60 * NS, (13 * 60 + 30) * 60 * NS


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
    """

    def __init__(
        self, instrument: Instrument, ladder: Ladder, flow: Flow, targets: Sequence[int],
        trading: Trading, draws: Draws, day: Day,
    ) -> None:  # fmt: skip
        self.instrument, self.trading = instrument, trading
        self._targets = targets
        self._ladder, self._day = ladder, day
        self._events = flow.events()
        self._event: Event = next(self._events)
        self._side_boards = SideBoards(instrument, len(flow.times), trading, draws)
        self._halted = False
        self._code = "C"
        self._handle = trading.on_continuous
        self._actions = sorted(self._planned(), key=lambda each: each[:2])
        self._next = 0

    def busy(self, slot: int) -> bool:
        """Whether anything happens in a slot."""
        end = (slot + 1) * SLOT_NS
        return (
            self._event.time < end
            or (self._next < len(self._actions) and self._actions[self._next].time < end)
            or self._side_boards.due < end
        )

    def run(self, slot: int) -> list[Message]:
        """The messages of what happens in a slot; their arrivals may lie in later ones."""
        trading, end = self.trading, (slot + 1) * SLOT_NS
        out = trading.begin(self._targets[slot])
        event, events = self._event, self._events
        while True:
            action = self._actions[self._next] if self._next < len(self._actions) else None
            until = end if action is None or action.time >= end else action.time
            if self._halted:
                while event.time < until:
                    event = next(events)
            else:
                handle = self._handle
                while event.time < until:
                    handle(event)
                    event = next(events)
            if action is None or action.time >= end:
                break
            self._next += 1
            action.act(action.time)
        self._event = event
        if self._side_boards.due < end:
            self._side_boards.run(end, self._halted)
        trading.end_slot(end + self.instrument.number)
        return out

    def _planned(self) -> list[_Action]:
        found = [_Action(SUBSCRIBED, 0, self._yesterday)]
        exchange = self.instrument.exchange
        for place, span in enumerate(SPANS[exchange]):
            found.append(_Action(span.start, 2, self._beginner(span, place == 0)))
            if span.mode == "auction":
                found.append(_Action(span.end, 0, self._uncrosser(span)))
        found += [_Action(time, 1, self._announcer(code)) for time, code in ANNOUNCED[exchange]]
        if self.instrument.halted:
            found += [_Action(HALT_FROM, 3, self._halt), _Action(HALT_TO, 3, self._resume)]
        return found

    def _beginner(self, span: Span, first: bool) -> Callable[[int], None]:
        def begin(time: int) -> None:
            trading = self.trading
            trading.enter(span)
            if first:
                trading.seed(time + self.instrument.number)
            self._handle = {
                "auction": trading.on_auction,
                "continuous": trading.on_continuous,
                "plo": trading.on_plo,
            }[span.mode]

        return begin

    def _uncrosser(self, span: Span) -> Callable[[int], None]:
        # SSI's print of 14:45:00 says "C" and "SD"; that of 09:15:00 "LO", and no side.
        code, side = ("C", "SD") if span.phase == "atc" else ("LO", "")

        def uncross(time: int) -> None:
            if not self._halted:
                self.trading.uncross(time + self.instrument.number, code, side)

        return uncross

    def _announcer(self, code: str) -> Callable[[int], None]:
        def announce(time: int) -> None:
            self._code = code
            if not self._halted:
                self._tell(time, code, self.trading.open_status)

        return announce

    def _halt(self, time: int) -> None:
        self._halted = True
        self._tell(time, "HALT", "H")
        self.trading.session = "H"

    def _resume(self, time: int) -> None:
        self._halted = False
        self._tell(time, self._code, self.trading.open_status)

    def _tell(self, time: int, code: str, status: str) -> None:
        trading = self.trading
        trading.session, trading.status = code, status
        if "F" in trading.channels:
            text = trading.writer.status(time_of(time), code, status)
            trading.tell(time + self.instrument.number + LATENCY_NS, "F", text)

    def _yesterday(self, time: int) -> None:
        """On subscribing SSI sends the last message, which is of the day before."""
        trading = self.trading
        if "X-TRADE" in trading.channels:
            text = trading.closing_message("14:45:00")
            today, before = self._day.written, f"{self._day.before:%d/%m/%Y}"
            text = text.replace(today, before)
            trading.tell(time + self.instrument.number + LATENCY_NS, "X-TRADE", text)
