"""
The counters of a venue (design §2): numbers of raw records, of messages, and clocks.

Everything here is a function of receive times and of how many messages each raw record
gave. Times and sequence numbers are µs since the epoch.
"""

from collections.abc import Iterator

import msgspec

from schemas.base import BROADCAST
from schemas.market import Clock, MarketMessage

SECOND = 1_000_000
MINUTE = 60 * SECOND
MAX_HOLE = 31 * 24 * 60 * MINUTE
"""A longer hole between two raw records has clocks for its last 31 days only, so that one
corrupt receive time cannot ask for millions of them."""

FEED = "ingest"
"""The feed of a clock: no vendor sent it."""


class ReceiveCounter:
    """Numbers a venue's raw records: one more than the last, or the receive time if later."""

    def __init__(self, last: int | None = None) -> None:
        self.last = last

    def next(self, receive_us: int) -> int:
        """The `seq` of a raw record received at `receive_us`, which may run backwards."""
        last = self.last
        self.last = receive_us if last is None or receive_us > last else last + 1
        return self.last


class SequencerState(msgspec.Struct, frozen=True):
    """`raw`: the last raw record's seq, None before the first. `last`: of messages, clocks in."""

    raw: int | None = None
    last: int = 0


class Sequencer:
    """
    Numbers a venue's messages and puts its clocks between them.

    For each raw record call `begin`, then `next` once for each of its messages; both append
    the clocks that are due to the list they are given. Whole seconds belong to clocks: the
    numbering skips them, and where it reaches one itself the clock is written there.
    """

    def __init__(self, venue: str, state: SequencerState | None = None) -> None:
        self._venue = venue
        state = state or SequencerState()
        self._raw, self._last = state.raw, state.last

    def state(self) -> SequencerState:
        """What `restore` needs to go on after the last raw record."""
        return SequencerState(self._raw, self._last)

    def restore(self, state: SequencerState) -> None:
        """Go on as the sequencer that gave `state` would."""
        self._raw, self._last = state.raw, state.last

    def begin(self, raw_seq: int, out: list[MarketMessage]) -> None:
        """
        A raw record arrived, whether or not it will give messages.

        A record that is not newer than the last one (it cannot come from a `ReceiveCounter`)
        moves no clock.
        """
        previous = self._raw
        if previous is None:
            previous = raw_seq - 1
            self._last = raw_seq - 1
        elif raw_seq <= previous:
            return
        self._raw = raw_seq
        if raw_seq // SECOND == previous // SECOND:
            return
        for second in _whole_seconds(previous, raw_seq):
            if second > self._last:
                out.append(self._clock(second))
                self._last = second

    def next(self, out: list[MarketMessage]) -> int:
        """The seq of the next message of the raw record begun last."""
        seq = self._last + 1
        if self._raw is not None and self._raw > seq:
            seq = self._raw
        if seq % SECOND == 0:
            out.append(self._clock(seq))
            seq += 1
        self._last = seq
        return seq

    def _clock(self, second: int) -> Clock:
        return Clock(
            symbol=BROADCAST,
            feed=FEED,
            seq=second,
            ts_ms=second // 1000,
            ts_source="receive",
            venue=self._venue,
        )


def _whole_seconds(after: int, until: int) -> Iterator[int]:
    """Seconds in (after, until]: all when less than 60 s lie between, else minutes and the last."""
    if until - after < MINUTE:
        yield from range((after // SECOND + 1) * SECOND, until + 1, SECOND)
        return
    after = max(after, until - MAX_HOLE)
    yield from range((after // MINUTE + 1) * MINUTE, until + 1, MINUTE)
    last = until // SECOND * SECOND
    if last % MINUTE:
        yield last
