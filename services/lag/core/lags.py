"""What a service's position means against the log; pure."""

from collections.abc import Iterable
from typing import NamedTuple

from services.lag.core.groups import Reader


class Place(NamedTuple):
    """Where a service reads; `topic` is without the tape."""

    reader: Reader
    topic: str
    partition: int


class Span(NamedTuple):
    """Of a partition: the first offset in the log, and the next to be written."""

    first: int
    end: int


class Lag(NamedTuple):
    """
    Of one place.

    Attributes:
        position: the first offset that is not surely done.
        records: in the log, from the position on; of `market` a record is a frame of messages.
        expired: records that left the log before they were done.
        age_s: of the oldest record that waits, since its append; 0 when none does, None where
            nobody knows.
    """

    place: Place
    position: int
    records: int
    expired: int
    age_s: float | None


class Sum(NamedTuple):
    """Of one service and topic over its partitions; `worst` is the partition of `age_s`."""

    reader: Reader
    topic: str
    partitions: int
    records: int
    expired: int
    age_s: float | None
    worst: int


def lag(place: Place, position: int, span: Span, age_s: float | None) -> Lag:
    """A position past the end, of a log that was made anew, counts as at the end."""
    records = max(0, span.end - max(position, span.first))
    expired = max(0, min(span.first, span.end) - position)
    return Lag(place, position, records, expired, age_s if records else 0.0)


def sums(lags: Iterable[Lag]) -> list[Sum]:
    """One for each service and topic, by tape, service, topic."""
    by_topic: dict[tuple[Reader, str], list[Lag]] = {}
    for each in lags:
        by_topic.setdefault((each.place.reader, each.place.topic), []).append(each)
    out = []
    for (reader, topic), found in sorted(by_topic.items()):
        known = [each for each in found if each.age_s is not None]
        worst = max(known or found, key=lambda each: (each.age_s or 0.0, each.records))
        out.append(
            Sum(
                reader,
                topic,
                len(found),
                sum(each.records for each in found),
                sum(each.expired for each in found),
                worst.age_s if known else None,
                worst.place.partition,
            )
        )
    return out
