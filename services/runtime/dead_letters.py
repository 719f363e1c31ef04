"""Dead letters: where they go, what they say, and when there are too many."""

import hashlib
import re
from collections import deque
from dataclasses import dataclass, field

from schemas.topics import DEAD_LETTERS
from services.runtime.outbox import Outboxes

_SEQ = re.compile(rb'"seq"\s*:\s*(\d{1,19})')

WINDOW_MINUTES = 60
RATIO_FROM = 1000
"""Messages before a ratio says anything."""


def source_key(line: bytes) -> bytes:
    """Key of a dead letter: the source's seq where the line says one, else its digest."""
    found = _SEQ.search(line)
    return (
        found.group(1) if found else hashlib.sha1(line, usedforsecurity=False).hexdigest().encode()
    )


class TooManyDeadLettersError(Exception):
    """The limit was passed: stop rather than dead-letter everything."""


class _Minute:
    """How many good and bad messages a minute had."""

    __slots__ = ("bad", "good", "number")

    def __init__(self, number: int) -> None:
        self.number, self.good, self.bad = number, 0, 0


@dataclass(slots=True)
class DeadLetterLimit:
    """
    Past `in_a_row` bad messages, or `ratio` of the last hour's, a worker stops.

    `now` is in seconds, of any monotonic clock.
    """

    in_a_row: int
    ratio: float
    _row: int = 0
    _minutes: deque[_Minute] = field(default_factory=deque)

    def good(self, count: int, now: float) -> None:
        """So many messages were fine."""
        if count:
            self._row = 0
            self._minute(now).good += count

    def bad(self, now: float) -> None:
        """
        One message was bad.

        Raises:
            TooManyDeadLettersError: saying which limit was passed.
        """
        self._row += 1
        self._minute(now).bad += 1
        if self._row > self.in_a_row:
            raise TooManyDeadLettersError(f"{self._row} bad messages in a row")
        bad = sum(m.bad for m in self._minutes)
        total = bad + sum(m.good for m in self._minutes)
        if total >= RATIO_FROM and bad > self.ratio * total:
            raise TooManyDeadLettersError(f"{bad} of the last hour's {total} messages are bad")

    def _minute(self, now: float) -> _Minute:
        number = int(now // 60)
        if not self._minutes or self._minutes[-1].number != number:
            self._minutes.append(_Minute(number))
            while self._minutes[0].number <= number - WINDOW_MINUTES:
                self._minutes.popleft()
        return self._minutes[-1]


class DeadLetters:
    """Sends dead letters of one service on one tape."""

    def __init__(self, service: str, tape: str, outboxes: Outboxes) -> None:
        self._service = service.encode()
        self.topic = DEAD_LETTERS.on(tape)
        self._outboxes = outboxes

    def send(self, reason: str, value: bytes, key: bytes | None = None, **origin: str) -> None:
        """
        Queue one, verbatim; `origin` says where it stood (topic, partition, offset, index) and,
        where the key is a venue's seq, the venue.

        A crash may repeat it: readers take (service, venue, key, reason) once.
        """
        headers = [("reason", reason.encode()), ("service", self._service)]
        headers += [(name, text.encode()) for name, text in origin.items()]
        self._outboxes.get(self.topic, 0).append(key or source_key(value), value, headers)
