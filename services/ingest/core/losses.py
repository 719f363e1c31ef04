"""
From when on a feed's data may be missing, as the tape itself knows it. Pure.

A process that is killed cannot say what it was just losing. So each connection's loss is on the
tape when it begins, and a restart closes those that nobody closed; and a loss begins with the
newest exchange time before it, which is older than the time at which the last record came.
"""

from collections.abc import Iterator

import msgspec

from schemas.base import BROADCAST
from schemas.control import Changed, Connected, Lost
from services.ingest.core.records import Raw

LIVELY_MS = 10_000
"""A channel that was heard so shortly before a restart would have gone on."""


class LossesState(msgspec.Struct):
    """
    Attributes:
        newest: feed -> raw channel -> when its last record came, and its newest exchange time.
        open: feed -> a connection's channel -> exchange time from which its loss is open.
        All in ms since the epoch.
    """

    newest: dict[str, dict[str, tuple[int, int]]] = {}
    open: dict[str, dict[str, int]] = {}


class Losses:
    """Of one venue."""

    def __init__(self) -> None:
        self._state = LossesState()

    def heard(self, raw: Raw, ts_ms: int) -> None:
        """A record gave a message of this exchange time; one in the future is not believed."""
        now_ms = raw.seq // 1000
        channels = self._state.newest.setdefault(raw.feed, {})
        _, newest_ms = channels.get(raw.channel, (0, 0))
        channels[raw.channel] = now_ms, max(newest_ms, min(ts_ms, now_ms))

    def changed(self, raw: Raw, message: Changed) -> None:
        """A connection came to another state: a loss may begin."""
        if message.loses:
            channels = self._state.open.setdefault(raw.feed, {})
            channels.setdefault(message.channel, message.newest_ms)

    def connected(self, raw: Raw, message: Connected) -> None:
        """A connection is there: with all that was lost, or the loss is still open."""
        if message.whole:
            self._state.open.get(raw.feed, {}).pop(message.channel, None)

    def told(self, raw: Raw, lost: Lost) -> Iterator[tuple[str, Lost]]:
        """The losses, each with its feed, that one told on the tape stands for."""
        if lost.cause != "restart" or lost.channel != BROADCAST:
            self._state.open.get(raw.feed, {}).pop(lost.channel, None)
            yield raw.feed, lost
            return
        since_ms = lost.from_ts_ms
        lively = [
            ts_ms
            for channels in self._state.newest.values()
            for heard_ms, ts_ms in channels.values()
            if since_ms - LIVELY_MS <= heard_ms
        ]
        yield raw.feed, msgspec.structs.replace(lost, from_ts_ms=min([since_ms, *lively]))
        opened, self._state.open = self._state.open, {}
        for feed, channels in sorted(opened.items()):
            for channel, from_ms in sorted(channels.items()):
                yield (
                    feed,
                    msgspec.structs.replace(
                        lost, channel=channel, cause="disconnect", from_ts_ms=from_ms
                    ),
                )

    def state(self) -> LossesState:
        """What `restore` needs."""
        return self._state

    def restore(self, state: LossesState) -> None:
        """Go on as the one that gave `state` would."""
        self._state = state
