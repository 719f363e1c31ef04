"""Raw records of a tape, as they stand in its topics."""

from collections.abc import AsyncIterator
from typing import Any, NamedTuple

from schemas.topics import CONTROL, TOPICS
from services.report.independent import Counting, Recording
from services.runtime import kafka, topics_admin

RAW = tuple(topic.name for topic in TOPICS if topic.codec == "raw" and topic is not CONTROL)
"""Topics of what vendors sent, without the tape."""

VENUES = {"spot": "BN", "usdm": "BNF", "coinm": "BNC", "vn": "VN"}
"""The first half of a channel -> its venue."""


class RawRecord(NamedTuple):
    """One raw record; `channel` is whole, `kind` its second half; `appended_ms` the broker's."""

    partition: int
    venue: str
    seq: int
    feed: str
    channel: str
    kind: str
    key: str
    value: bytes
    appended_ms: int


def opened(partition: int, record: Any) -> RawRecord:
    """A record of a raw topic with its headers read."""
    head = dict(record.headers)
    channel = head["channel"].decode()
    market, _, kind = channel.partition(".")
    return RawRecord(
        partition,
        VENUES[market],
        int(head["seq"]),
        head["feed"].decode(),
        channel,
        kind,
        (record.key or b"").decode(),
        record.value or b"",
        record.timestamp,
    )


async def topics(bootstrap: str, tape: str) -> list[str]:
    """The raw topics (full names) that the tape has, sorted."""
    there = (await topics_admin.tapes(bootstrap)).get(tape, [])
    return sorted(name for name in there if name.rpartition(".")[2] in RAW)


async def records(bootstrap: str, topic: str) -> AsyncIterator[RawRecord]:
    """Of one raw topic, partition by partition: those of one symbol in their order."""
    async for record in kafka.read_all(bootstrap, topic):
        yield opened(record.partition, record)


async def counted(bootstrap: str, tape: str) -> Recording:
    """All of a tape's raw records, counted by plain JSON."""
    counting = Counting()
    for topic in await topics(bootstrap, tape):
        async for raw in records(bootstrap, topic):
            counting.record(raw.feed, raw.venue, raw.kind, raw.seq, raw.value)
    return counting.settle()
