"""How old messages are at a stage of their way: since ingest received them, which seq says."""

from collections.abc import Callable, Iterable
from typing import Any

from services.runtime.metrics import Metrics
from services.runtime.receive_clock import Clock, receive_clock, speed, told
from services.runtime.settings import Settings

At = Callable[[int, float], None]
"""Takes a seq, and how many seconds ago its message was there: 0 for now."""

OLDEST_S = 600.0
"""Older is no latency: a replay, a clock of another day, or a backlog, which the lag says."""
_SECOND_US = 1_000_000


class Ages:
    """
    Of one process, by stage. Once a record at most: an observation costs 1.6 µs.

    Seq is the receive time in µs (design §2), by ingest's clock: `VNTAPE_RECEIVE_CLOCK` must be
    the same here, and the machines' clocks must agree. While nobody knows it yet (`@FILE`), there
    are no ages.
    """

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self._metrics = metrics
        self._written = settings.receive_clock
        self._clock = self._told()

    def _told(self) -> tuple[Clock, float | None] | None:
        written = told(self._written)
        return None if written is None else (receive_clock(written), speed(written))

    def at(self, stage: str) -> At:
        """To be called when a message is at `stage`."""
        observe = self._metrics.event_age.labels(self._metrics.service, stage).observe

        def was(seq: int, ago_s: float) -> None:
            clock = self._clock
            if clock is None:
                clock = self._clock = self._told()
            if clock is None:
                return
            now_us, rate = clock
            if rate is None:
                return
            age_s = (now_us() - seq) / (_SECOND_US * rate) - ago_s
            if -1.0 < age_s < OLDEST_S:
                observe(max(0.0, age_s))

        return was


def first_seq(messages: Iterable[Any]) -> int | None:
    """
    Of the oldest message that ingest received; None when there is none.

    Whole seconds belong to clocks: what a clock closed has waited for it by design.
    """
    for message in messages:
        seq: int = message.seq
        if seq % _SECOND_US:
            return seq
    return None
