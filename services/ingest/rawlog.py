"""Raw records as they stand in Kafka: reading them back, one venue in the order of seq."""

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, NamedTuple

from schemas.topic import Topic
from schemas.topics import BY_NAME, CONTROL, MARKET
from services.ingest.core.binance.route import MARKETS
from services.ingest.core.records import Raw
from services.runtime import kafka

TOO_LONG = "too_long"
"""Code of the one dead letter that has no raw record: not even the vendor's bytes fit."""

POSITION = "position"
"""Channel of the records in `control` that are no raw records."""

_VENUES = {market: venue for venue, market in MARKETS.items()}


class Standing(NamedTuple):
    """A raw record and where it stands; `topic` is the name without the tape."""

    topic: str
    partition: int
    offset: int
    raw: Raw


def headers(seq: int, feed: str, channel: str) -> list[tuple[str, bytes]]:
    """Headers of a raw record (design §3)."""
    return [("seq", b"%d" % seq), ("feed", feed.encode()), ("channel", channel.encode())]


def venue_of_channel(channel: str) -> str:
    """The venue of a vendor's raw record; its channel begins with the venue's market."""
    market = channel.partition(".")[0]
    return _VENUES.get(market, market.upper())


def parse(topic: str, record: Any) -> Standing | None:
    """
    A Kafka record of a raw topic; None when it is a position.

    Raises:
        ValueError: it is no record of ours; the text says where it stands.
    """
    found = dict(record.headers)
    try:
        channel = found["channel"].decode()
        if channel == POSITION:
            return None
        seq, feed, key = int(found["seq"]), found["feed"].decode(), (record.key or b"").decode()
    except (KeyError, ValueError) as e:
        raise ValueError(
            f"{topic}, partition {record.partition}, offset {record.offset} is no raw record: {e!r}"
        ) from e
    venue = key if topic == CONTROL.name else venue_of_channel(channel)
    raw = Raw(venue, seq, feed, channel, key, record.value or b"")
    return Standing(topic, record.partition, record.offset, raw)


async def tail(
    bootstrap: str, tape: str, topic: str, start: Mapping[int, int]
) -> AsyncIterator[Standing]:
    """Raw records of one topic from the offsets `start` on (absent: all), by partition."""
    async for record in kafka.read_all(bootstrap, BY_NAME[topic].on(tape), dict(start)):
        standing = parse(topic, record)
        if standing is not None:
            yield standing


def in_order(records: Iterable[Standing]) -> list[Standing]:
    """
    Raw records in the order in which they were received, as far as a venue can tell.

    Between venues the order is of no account: their states never meet.
    """
    return sorted(records, key=lambda standing: (standing.raw.seq, standing.raw.venue))


def market_topic(tape: str) -> str:
    """The Kafka name of `market`."""
    return MARKET.on(tape)


def raw_topics(names: Iterable[str]) -> list[Topic]:
    """Topics of these names and `control`, which every ingest writes."""
    return [BY_NAME[name] for name in {**dict.fromkeys(names), CONTROL.name: None}]
