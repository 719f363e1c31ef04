"""Which worker has which partitions, and how far behind it is with them; pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from services.lag.core.groups import Reader
from services.lag.core.lags import Lag


class Share(NamedTuple):
    """
    Of one worker.

    Attributes:
        worker: its name; None for the partitions that nobody has.
        host: where it called from; empty for nobody.
        partitions: ascending.
        records: that wait in them; None where no position is known yet.
        age_s: of the oldest that waits; 0 when none does, None where nobody knows.
    """

    reader: Reader
    worker: str | None
    host: str
    partitions: list[int]
    records: int | None
    age_s: float | None


class Worker(NamedTuple):
    """A live member of a service's group."""

    name: str
    host: str
    partitions: frozenset[int]


def shares(crews: Mapping[Reader, Iterable[Worker]], lags: Iterable[Lag]) -> list[Share]:
    """A line for each worker, and one for what nobody has, by service."""
    behind: dict[Reader, dict[int, Lag]] = defaultdict(dict)
    for each in lags:
        behind[each.place.reader][each.place.partition] = each
    found: list[Share] = []
    for reader, workers in sorted(crews.items()):
        free = set(behind[reader])
        for worker in workers:
            free -= worker.partitions
            found.append(_share(reader, worker, behind[reader]))
        if free:
            found.append(_share(reader, Worker("", "", frozenset(free)), behind[reader]))
    return found


def _share(reader: Reader, worker: Worker, behind: Mapping[int, Lag]) -> Share:
    known = [behind[number] for number in sorted(worker.partitions) if number in behind]
    ages = [each.age_s for each in known if each.age_s is not None]
    return Share(
        reader,
        worker.name or None,
        worker.host,
        sorted(worker.partitions),
        sum(each.records for each in known) if known else None,
        max(ages) if ages else None,
    )
