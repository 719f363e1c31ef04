"""
What a channel lost, in exchange time. Pure.

A loss begins at the newest data before it. It ends where the new connection begins to tell
everything again: vendors first push the last message of each symbol, so the newest of what
comes in the first second is the last that can have been missed.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

Cause = Literal["disconnect", "silence", "restart", "late_start"]

SETTLE_S = 1.0
"""After the first data of a new connection: what comes so soon may be the snapshot."""


class Loss(NamedTuple):
    """A stretch of exchange time of which data may be missing, ms since the epoch."""

    cause: Cause
    from_ms: int
    to_ms: int


@dataclass(slots=True)
class _Open:
    cause: Cause
    from_ms: int
    first_s: float | None = None


@dataclass(slots=True)
class Outage:
    """
    One channel's losses, each told once.

    Attributes:
        newest_ms: exchange time of the newest data; until there are any, when it was begun.
    """

    newest_ms: int
    _open: _Open | None = None

    @property
    def since_ms(self) -> int | None:
        """When the loss began whose end is not known yet; None: there is none."""
        return None if self._open is None else self._open.from_ms

    @property
    def is_open(self) -> bool:
        """A loss has begun whose end is not known yet."""
        return self._open is not None

    def lost(self, cause: Cause, from_ms: int | None = None) -> None:
        """
        The connection is gone; one that breaks before its data are whole prolongs the loss.

        It begins with the newest data, or at `from_ms`.
        """
        if self._open is None:
            self._open = _Open(cause, self.newest_ms if from_ms is None else from_ms)
        self._open.first_s = None

    def mended(self) -> None:
        """All that was lost came by another way."""
        self._open = None

    def heard(self, ts_ms: int, now_s: float) -> None:
        """Data of this exchange time came at `now_s` of any monotonic clock."""
        self.newest_ms = max(self.newest_ms, ts_ms)
        if self._open is not None and self._open.first_s is None:
            self._open.first_s = now_s

    def ended(self, now_s: float) -> Loss | None:
        """
        The loss that is over now.

        A silence after which nothing newer comes goes on: a new connection only repeated
        what was known.
        """
        loss = self._open
        if loss is None or loss.first_s is None or now_s - loss.first_s < SETTLE_S:
            return None
        if loss.cause == "silence" and self.newest_ms <= loss.from_ms:
            return None
        self._open = None
        return Loss(loss.cause, loss.from_ms, self.newest_ms)

    def cut(self, to_ms: int) -> Loss | None:
        """The loss that is not over, up to `to_ms`: who would tell its end, stops."""
        loss, self._open = self._open, None
        return None if loss is None else Loss(loss.cause, loss.from_ms, max(loss.from_ms, to_ms))
