"""Takes what a live feed receives into its spool, and says on the tape what it could not take."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from schemas.control import Connected, Lost, Tick
from schemas.topics import CONTROL
from services.ingest.core.engine import SCHEDULED
from services.ingest.core.sequence import FEED
from services.ingest.core.vn.schedule import EXCHANGES, local, phase_at
from services.ingest.feeds.base import Arrival
from services.ingest.spool import Spool

Clock = Callable[[], int]
"""µs since the epoch."""

Began = Literal["late_start", "restart"]
"""With this start the tape begins, or goes on."""

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
REFILL = 0.875
"""A spool that was full takes again below this share of its cap: one gap, not one a message."""
STANDS_S = 5.0
"""Kafka has so long to say where the tape stands; who asks receives nothing meanwhile."""
_SATURDAY = 5
_QUIET = ("pre_open", "closed")


@dataclass(slots=True)
class _Missed:
    """Messages that were not taken: first and last receive time in µs, and how many."""

    from_us: int
    to_us: int
    count: int


class Intake:
    """
    The one door into a spool. Nothing here waits, whatever Kafka does.

    Attributes:
        taken, missed: vendor messages, since the start.
        began: whether the tape is a new one.
        stood_us: after a restart, when the last record before it came.
        told_us: after a restart, until when it has told the loss of all channels at once.

    Args:
        heard: called after records were appended.
        image: the reference data's record for a receive time in µs, which comes before the
            first record of each local day, and before the first after a start.
        refused: called with how many vendor messages were not taken.
    """

    def __init__(
        self,
        spool: Spool,
        clock: Clock,
        heard: Callable[[], None],
        refused: Callable[[int], None],
        image: Callable[[int], Arrival] | None = None,
    ) -> None:
        self.clock, self._image, self._day = clock, image, ""
        self.began: Began = "late_start"
        self.stood_us: int | None = None
        self.told_us: int | None = None
        self._spool, self._heard, self._refused = spool, heard, refused
        self._missing: dict[str, _Missed] = {}
        self._last_us: dict[str, int] = {}
        self._latest_us = spool.last_us
        self._decoders: Mapping[str, Mapping[str, Any]] = {}
        self._stands = asyncio.Event()
        self.taken = self.missed = 0

    def stands(self, decoders: Mapping[str, Mapping[str, Any]]) -> None:
        """The tape's decoders, by venue and feed, as they stood before this start."""
        self._decoders = decoders
        self._stands.set()

    async def stood(self, venue: str, feed: str) -> Any:
        """See `Sink`."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stands.wait(), STANDS_S)
        return self._decoders.get(venue, {}).get(feed)

    def take(self, arrivals: Sequence[Arrival]) -> bool:
        """
        Take messages that were received just now, all or none.

        Returns:
            Whether they are safe: they will stand on the tape even if this process is killed.
            The others are counted in a `gap` that will stand in their place.
        """
        if (not self._missing or self.tell_missed()) and self._put(arrivals):
            self.taken += len(arrivals)
            return True
        for arrival in arrivals:
            found = self._missing.setdefault(
                arrival.venue, _Missed(arrival.received_us, arrival.received_us, 0)
            )
            found.to_us, found.count = arrival.received_us, found.count + 1
        self.missed += len(arrivals)
        self._refused(len(arrivals))
        return False

    @property
    def is_full(self) -> bool:
        """Messages are missing that the tape does not know of yet."""
        return bool(self._missing)

    @property
    def stepped_back_us(self) -> int:
        """
        By how much the clock shows less than the latest time it stamped; 0 when all is well.

        A seq never goes back, so no second passes on the tape until the clock is there again.
        """
        return max(0, self._latest_us - self.clock())

    def tell_missed(self) -> bool:
        """Write the gap of what was not taken, once there is room; False while there is none."""
        if not self._missing:
            return True
        if self._spool.used > self._spool.cap_bytes * REFILL:
            return False
        lost = [
            self._lost(venue, "spool_full", at.from_us, at.to_us, count=at.count)
            for venue, at in self._missing.items()
        ]
        if not self._put(lost, beyond_cap=True):
            return False
        self._missing.clear()
        return True

    def lost(
        self,
        venue: str,
        cause: Literal["disconnect", "restart"],
        from_us: int,
        feed: str = FEED,
        channel: str = "*",
    ) -> None:
        """Nothing was received from `from_us` until now."""
        now_us = self.clock()
        if cause == "restart":
            self.told_us = min(now_us, self.told_us or now_us)
        self._put([self._lost(venue, cause, from_us, now_us, feed, channel)], beyond_cap=True)

    def connected(self, venue: str, feed: str, detail: str) -> None:
        """Messages of a feed may come from now on."""
        message = Connected(venue=venue, channel=feed, detail=detail)
        self.put(self._control(venue, "connected", message, feed))

    def put(self, arrival: Arrival) -> None:
        """Put a control record in: what no vendor sent, but the tape depends on."""
        self._put([arrival], beyond_cap=True)

    def tick(self, venue: str) -> None:
        """
        Have time pass on a silent venue, when it is due; call it each second.

        It is each second in session hours, each minute outside (design §2).
        """
        now_us = self.clock()
        silence_us = SECOND_US if _in_session(venue, now_us // 1000) else MINUTE_US
        if abs(now_us - self._last_us.get(venue, 0)) >= silence_us:
            self._put([self._control(venue, "tick", Tick(venue=venue), FEED)])

    def _lost(
        self,
        venue: str,
        cause: Any,
        from_us: int,
        to_us: int,
        feed: str = FEED,
        channel: str = "*",
        count: int | None = None,
    ) -> Arrival:
        message = Lost(
            venue=venue,
            channel=channel,
            cause=cause,
            from_ts_ms=from_us // 1000,
            to_ts_ms=max(from_us, to_us) // 1000,
            count=count,
        )
        return self._control(venue, "lost", message, feed)

    def _control(self, venue: str, channel: str, message: Any, feed: str) -> Arrival:
        value = msgspec.json.encode(message)
        return Arrival(CONTROL.name, venue, self.clock(), feed, channel, venue, value)

    def _put(self, arrivals: Sequence[Arrival], *, beyond_cap: bool = False) -> bool:
        received_us = arrivals[0].received_us
        day = local(received_us // 1000)[0].isoformat()
        if self._image is not None and day > self._day:
            arrivals = [self._image(received_us), *arrivals]
        if not self._spool.append(arrivals, beyond_cap=beyond_cap):
            return False
        self._day = max(day, self._day)
        for arrival in arrivals:
            self._last_us[arrival.venue] = arrival.received_us
            self._latest_us = max(self._latest_us, arrival.received_us)
        self._heard()
        return True


def _in_session(venue: str, now_ms: int) -> bool:
    """Whether an exchange of the venue may be open; a holiday counts as a day like others."""
    if venue not in SCHEDULED:
        return True
    day, ms_of_day = local(now_ms)
    weekday = day.weekday() < _SATURDAY
    return any(phase_at(each, ms_of_day, weekday) not in _QUIET for each in EXCHANGES)
