"""
The phases of the Vietnamese exchanges as broadcasts: a `status` when the schedule changes it.

A function of the raw records: of the times at which they came, and of the statuses in
reference data, which alone know holidays.
"""

from collections.abc import Iterable

import msgspec

from schemas.base import BROADCAST, Phase
from schemas.market import MarketMessage, Status
from services.ingest.core.feed import Output
from services.ingest.core.sequence import FEED
from services.ingest.core.vn.schedule import (
    DAY_MS,
    EXCHANGES,
    Boundary,
    boundaries,
    local,
    midnight_ms,
)

_SATURDAY = 5


class SessionsState(msgspec.Struct):
    """
    Attributes:
        seen_ms: receive time up to which boundaries were broadcast, -1 before the first.
        next_ms: before this receive time there is none.
        phases: exchange -> phase that was broadcast last.
        off: exchange -> local midnight, in ms, of a day that reference data says is off.
    """

    seen_ms: int = -1
    next_ms: int = 0
    phases: dict[str, Phase] = {}
    off: dict[str, int] = {}


class Sessions:
    """Broadcasts the phases of a venue; what stands at its first record is not its to say."""

    def __init__(self, venue: str) -> None:
        self._venue = venue
        self._state = SessionsState()

    def advance(self, raw_seq: int, out: Output) -> None:
        """A record came: give a `status` for each boundary passed since the last, today."""
        now_ms, seen_ms = raw_seq // 1000, self._state.seen_ms
        if now_ms < self._state.next_ms or now_ms <= seen_ms:
            return
        self._state.seen_ms = now_ms
        spans = self._today(now_ms)
        later = [span.ts_ms for span in spans if span.ts_ms > now_ms]
        self._state.next_ms = min(later, default=midnight_ms(local(now_ms)[0]) + DAY_MS)
        if seen_ms < 0:
            return
        for span in spans:
            if seen_ms < span.ts_ms <= now_ms:
                self._tell(span, out)

    def learn(self, messages: Iterable[MarketMessage]) -> None:
        """Reference data entered the tape: the phases that its statuses give stand."""
        for message in messages:
            if isinstance(message, Status) and message.symbol == BROADCAST and message.phase:
                self._state.phases[message.exchange] = message.phase
                if message.phase == "closed":
                    self._close(message)
        self._state.next_ms = 0

    def _close(self, message: Status) -> None:
        """Closed at a time at which the schedule has something else: the day is off."""
        scheduled = [
            span.phase
            for span in self._today(message.ts_ms)
            if span.exchange == message.exchange and span.ts_ms <= message.ts_ms
        ]
        if scheduled and scheduled[-1] != "closed":
            self._state.off[message.exchange] = midnight_ms(local(message.ts_ms)[0])

    def _today(self, now_ms: int) -> list[Boundary]:
        """Boundaries of the local day, in their order; none of an exchange that is off."""
        day = local(now_ms)[0]
        spans = [
            span
            for exchange in EXCHANGES
            if self._state.off.get(exchange) != midnight_ms(day)
            for span in boundaries(exchange, day, day.weekday() < _SATURDAY)
        ]
        return sorted(spans, key=lambda span: span.ts_ms)

    def _tell(self, span: Boundary, out: Output) -> None:
        if self._state.phases.get(span.exchange) == span.phase:
            return
        self._state.phases[span.exchange] = span.phase
        out.messages.append(
            Status(
                symbol=BROADCAST,
                feed=FEED,
                seq=out.next_seq(),
                ts_ms=span.ts_ms,
                venue=self._venue,
                exchange=span.exchange,
                phase=span.phase,
            )
        )

    def state(self) -> SessionsState:
        """What `restore` needs."""
        return self._state

    def restore(self, state: SessionsState) -> None:
        """Go on as the one that gave `state` would."""
        self._state = state
