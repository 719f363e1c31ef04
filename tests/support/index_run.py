"""A recorded Vietnamese day through ingest's engine and both steps of the index, in process."""

import heapq
import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any

import msgspec

from schemas.base import BROADCAST
from schemas.index_estimates import IndexEstimate
from schemas.keys import partition, routing_key
from schemas.market import MarketMessage
from schemas.market_partials import MarketPartial
from schemas.market_summary import MarketLeaders, MarketSummary
from schemas.topic import PARTITIONS
from services.index.app import SERVICE
from services.index.merge_app import SERVICE as MERGE
from services.ingest.core.engine import Engine
from services.ingest.core.manifest import Manifest, Spaced
from services.ingest.core.records import Raw
from services.ingest.core.registry import FEEDS
from services.ingest.core.sequence import ReceiveCounter
from services.ingest.core.vn.reference_data import ReferenceData
from services.ingest.feeds.lines import stamped_lines
from services.runtime.partition import Partition
from tests.support.vn_day_run import LOCAL


def recorded(manifest: Path, data: ReferenceData | None = None) -> Iterator[MarketMessage]:
    """What ingest makes of a recording, the image of reference data before its own."""
    told = Manifest.parse(manifest.read_bytes())
    counter, engine = ReceiveCounter(), Engine(["VN"])
    files = [_stamped(manifest.parent / f.path, f.feed, f.spaced()) for f in told.files]
    fresh = True
    for ns, feed, value in heapq.merge(*files, key=itemgetter(0)):
        if fresh:
            fresh = False
            at = datetime.fromtimestamp(ns // 10**9, UTC) + LOCAL
            images = [data.record(at.date(), 0)] if data else []
            for image in [*map(msgspec.json.encode, images), told.references()["VN"]]:
                raw = Raw("VN", counter.next(ns // 1000), "ingest", "reference", "VN", image)
                yield from engine.decode(raw).messages
        _, channel, key, kept = FEEDS[feed].route("VN", value)
        yield from engine.decode(
            Raw("VN", counter.next(ns // 1000), feed, channel, key, kept)
        ).messages


def _stamped(path: Path, feed: str, spaced: Spaced | None) -> Iterator[tuple[int, str, bytes]]:
    return ((ns, feed, value) for ns, _, value in stamped_lines(path, spaced=spaced))


def lanes(messages: Iterable[MarketMessage]) -> list[list[MarketMessage]]:
    """By partition of `market`; broadcasts in each."""
    found: list[list[MarketMessage]] = [[] for _ in range(PARTITIONS)]
    for message in messages:
        if message.symbol == BROADCAST:
            for lane in found:
                lane.append(message)
        else:
            found[partition(routing_key(message.symbol), PARTITIONS)].append(message)
    return found


def partials(messages: Iterable[MarketMessage]) -> list[list[bytes]]:
    """What step 1 gives of each partition."""
    return partials_of(lanes(messages))


def partials_of(by_partition: Sequence[Sequence[MarketMessage]]) -> list[list[bytes]]:
    """The same of messages that are already by partition."""
    found = []
    for number, lane in enumerate(by_partition):
        out: list[bytes] = []
        step1 = Partition(
            SERVICE, {MarketPartial: lambda _, value, to=out: to.append(value)}, [], number=number
        )
        assert step1.run(0, lane) == []
        found.append(out)
    return found


class Merged:
    """What step 2 gives for partials in some order."""

    def __init__(self, order: Iterable[bytes]) -> None:
        self.keys: list[bytes] = []
        self.values: list[bytes] = []
        sinks: dict[type[Any], Any] = dict.fromkeys(MERGE.outputs, self._sink)
        self.step2 = Partition(MERGE, sinks, [])
        for offset, value in enumerate(order):
            self.step2.run(offset, [msgspec.json.decode(value, type=MarketPartial)])

    def _sink(self, key: bytes, value: bytes) -> None:
        self.keys.append(key)
        self.values.append(value)

    def messages(self) -> Sequence[IndexEstimate | MarketSummary | MarketLeaders]:
        kinds = IndexEstimate | MarketSummary | MarketLeaders
        return [msgspec.json.decode(value, type=kinds) for value in self.values]  # type: ignore[arg-type]

    def estimates(self, symbol: str = "VN30") -> list[IndexEstimate]:
        return [m for m in self.messages() if isinstance(m, IndexEstimate) and m.symbol == symbol]

    def summaries(self, symbol: str) -> list[MarketSummary]:
        return [m for m in self.messages() if isinstance(m, MarketSummary) and m.symbol == symbol]

    def leaders(self) -> list[MarketLeaders]:
        return [m for m in self.messages() if isinstance(m, MarketLeaders)]


def in_step(by_partition: Sequence[Sequence[bytes]]) -> list[bytes]:
    """As one worker gives them: second by second."""
    return [value for second in zip(*by_partition, strict=True) for value in second]


def shuffled(by_partition: Sequence[Sequence[bytes]], seed: int, ahead: int = 40) -> list[bytes]:
    """In an order that six workers could give: each partition's own is kept."""
    rng, places = random.Random(seed), [0] * len(by_partition)
    order = []
    while open_ := [n for n, lane in enumerate(by_partition) if places[n] < len(lane)]:
        slowest = min(places[n] for n in open_)
        number = rng.choice([n for n in open_ if places[n] <= slowest + ahead])
        for _ in range(rng.randrange(1, 6)):
            if places[number] < len(by_partition[number]):
                order.append(by_partition[number][places[number]])
                places[number] += 1
    return order
