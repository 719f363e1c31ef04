"""
The phases of the Vietnamese exchanges as broadcasts: a `status` when the schedule changes it.

A function of the raw records: of the times at which they came, and of reference data, whose
statuses stand as they were said and which alone knows holidays.
"""

from collections.abc import Iterable

import msgspec

from schemas.base import BROADCAST, Phase
from schemas.market import MarketMessage, Status
from services.ingest.core.feed import Output
from services.ingest.core.sequence import FEED
from services.ingest.core.vn.known import Known, day_of_seq
from services.ingest.core.vn.schedule import (
    DAY_MS,
    EXCHANGES,
    Boundary,
    boundaries,
    local,
    midnight_ms,
)


class SessionsState(msgspec.Struct):
    """
    Attributes:
        seen_ms: receive time up to which boundaries were broadcast, -1 before the first.
        next_ms: before this receive time there is none.
        phases: exchange -> phase that was broadcast last.
        said_ms: exchange -> receive time at which reference data said its phase.
    """

    seen_ms: int = -1
    next_ms: int = 0
    phases: dict[str, Phase] = {}
    said_ms: dict[str, int] = {}


class Sessions:
    """
    Broadcasts the phases of a venue; what stands at its first record is not its to say.

    Args:
        known: says which days are trading days.
    """

    def __init__(self, venue: str, known: Known) -> None:
        self._venue, self._known = venue, known
        self._state = SessionsState()

    def advance(self, raw_seq: int, out: Output) -> None:
        """
        A record came: give a `status` for each boundary passed since the last, today.

        Of reference data after `learn`: the day may be none of trading.
        """
        now_ms, seen_ms = raw_seq // 1000, self._state.seen_ms
        if now_ms < self._state.next_ms or now_ms <= seen_ms:
            return
        self._state.seen_ms = now_ms
        spans = self._today(raw_seq)
        later = [span.ts_ms for span in spans if span.ts_ms > now_ms]
        self._state.next_ms = min(later, default=midnight_ms(local(now_ms)[0]) + DAY_MS)
        if seen_ms < 0:
            return
        for span in spans:
            since_ms = max(seen_ms, self._state.said_ms.get(span.exchange, -1))
            if since_ms < span.ts_ms <= now_ms:
                self._tell(span, out)

    def learn(self, raw_seq: int, messages: Iterable[MarketMessage]) -> None:
        """Reference data came: the phases that its statuses give stand from here on."""
        for message in messages:
            if isinstance(message, Status) and message.symbol == BROADCAST and message.phase:
                self._state.phases[message.exchange] = message.phase
                self._state.said_ms[message.exchange] = raw_seq // 1000
        self._state.next_ms = 0

    def _today(self, raw_seq: int) -> list[Boundary]:
        """Boundaries of the local day, in their order."""
        day = local(raw_seq // 1000)[0]
        trading = self._known.is_trading_day(day_of_seq(raw_seq))
        spans = [span for each in EXCHANGES for span in boundaries(each, day, trading)]
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
