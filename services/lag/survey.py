"""One look at all services: where each stands, and how old the oldest record that waits is."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import psycopg

from services.lag import stored
from services.lag.core.groups import Reader
from services.lag.core.lags import Lag, Place, Span, lag
from services.lag.core.timeline import Timeline
from services.lag.log import Log, Where


@dataclass(frozen=True, slots=True)
class Survey:
    """
    What was found.

    Attributes:
        lags: one for each place, in its order.
        members: live ones of each service on the pump; the writer and the delivery own by the
            database.
        spans: of the topics that were looked at.
        at_s: unix time.
        problem: why positions of the database are missing; then those that Kafka has stand in.
    """

    lags: list[Lag]
    members: dict[Reader, int]
    spans: dict[Where, Span]
    at_s: float
    problem: str | None = None


@dataclass(slots=True)
class Surveyor:
    """
    Looks again and again, and remembers how the ends moved: what is recent is not read.

    Args:
        log: open.
        database_url: of a role that may read; None: positions as Kafka has them.
        topics: looked at whether or not somebody reads them.
    """

    log: Log
    database_url: str | None
    topics: tuple[str, ...] = ()
    _lines: dict[Where, Timeline] = field(default_factory=dict)

    async def look(self) -> Survey:
        """
        Raises:
            KafkaError, LookupError: the broker is away, or a topic went away meanwhile.
        """
        positions, members = await self.log.groups()
        problem = None
        if self.database_url is not None:
            try:
                positions |= await stored.positions(self.database_url, self.log.tapes)
            except psycopg.OperationalError as e:
                problem = f"the database does not answer: {' '.join(str(e).split())}"
        named = {(place.reader.tape, place.topic) for place in positions}
        named |= {(tape, topic) for tape in self.log.tapes for topic in self.topics}
        # After the positions: so nobody is ahead of the log.
        spans = await self.log.spans(sorted(named))
        at_s = time.time()
        positions |= _never_saved(positions, members, spans)
        self._lines = {where: self._lines.get(where) or Timeline() for where in spans}
        for where, span in spans.items():
            self._lines[where].seen(span.end, at_s)
        await self._ask(positions, spans)
        lags = [
            lag(place, at, spans[where], self._age_s(where, at, spans[where], at_s))
            for place, at in sorted(positions.items())
            if (where := _where(place)) in spans
        ]
        return Survey(lags, members, spans, at_s, problem)

    async def _ask(self, positions: Mapping[Place, int], spans: Mapping[Where, Span]) -> None:
        """Read the records whose age the ends do not tell."""
        unknown = set()
        for place, at in positions.items():
            where = _where(place)
            if (span := spans.get(where)) is None:
                continue
            due = max(at, span.first)
            if due < span.end and self._lines[where].appended_s(due) is None:
                unknown.add((where, due))
        lowest = dict[Where, int]()
        for place, at in positions.items():
            lowest[_where(place)] = min(at, lowest.get(_where(place), at))
        for where, line in self._lines.items():
            line.forget(lowest.get(where, 0))
        for (where, due), appended_s in (await self.log.appended_s(unknown)).items():
            self._lines[where].fact(due, appended_s)

    def _age_s(self, where: Where, at: int, span: Span, now_s: float) -> float | None:
        appended_s = self._lines[where].appended_s(max(at, span.first))
        return None if appended_s is None else max(0.0, now_s - appended_s)


def _never_saved(
    positions: Mapping[Place, int], members: Mapping[Reader, int], spans: Mapping[Where, Span]
) -> dict[Place, int]:
    """Partitions of which a service on the pump has no snapshot: it would begin at 0."""
    read = {(p.reader, p.topic) for p in positions if p.reader in members}
    all_ = {
        Place(reader, topic, number)
        for reader, topic in read
        for tape, name, number in spans
        if (tape, name) == (reader.tape, topic)
    }
    return dict.fromkeys(all_ - positions.keys(), 0)


def _where(place: Place) -> Where:
    return place.reader.tape, place.topic, place.partition
