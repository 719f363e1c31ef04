"""Every example goes through the core of every consumer that schemas/topics.py declares."""

from collections.abc import Callable

import pytest

from schemas.keys import partition, routing_key
from schemas.topics import (
    ALERT_INPUTS,
    BY_NAME,
    TOPICS,
    TRADES_CLASSIFIED,
)
from services.gateway.core import wire
from services.writer.core.batch import Batch
from tests.support.cores.analytics import (
    through_analytics,
    through_busd,
    through_busd_merge,
    through_delivery,
)
from tests.support.cores.computing import (
    through_board,
    through_classifier,
    through_derivatives,
    through_foreign,
    through_index,
    through_merge,
    through_orderflow,
)
from tests.support.cores.ingest import through_ingest
from tests.support.cores.readers import kafka_record, through_gateway, through_writer
from tests.support.examples import Example, examples

LATEST = [t.name for t in TOPICS if t.compacted]
CORES: dict[tuple[str, str], Callable[[Example], None]] = {
    ("binance", "ingest"): through_ingest,
    **{(t.name, "ingest"): through_ingest for t in TOPICS if t.name.startswith("ssi-")},
    ("iboard", "ingest"): through_ingest,
    ("ssi3", "ingest"): through_ingest,
    ("control", "ingest"): through_ingest,
    ("market", "classifier"): through_classifier,
    ("market", "board"): through_board,
    ("market", "foreign"): through_foreign,
    ("market", "index"): through_index,
    ("market-partials", "index-merge"): through_merge,
    ("market", "derivatives"): through_derivatives,
    ("market", "writer"): through_writer,
    ("market", "gateway"): through_gateway,
    ("market", "orderflow-index"): through_orderflow,
    ("trades-classified", "orderflow"): through_orderflow,
    ("trades-classified", "writer"): through_writer,
    ("trades-classified", "gateway"): through_gateway,
    ("basis", "writer"): through_writer,
    ("basis", "gateway"): through_gateway,
    ("foreign-flow", "writer"): through_writer,
    ("foreign-flow", "gateway"): through_gateway,
    ("session-flow", "writer"): through_writer,
    ("session-flow", "gateway"): through_gateway,
    ("bars", "writer"): through_writer,
    ("bars", "gateway"): through_gateway,
    **{(t.name, f"analytics-{t.name}"): through_analytics for t in ALERT_INPUTS},
    ("alerts", "writer"): through_writer,
    ("alerts", "gateway"): through_gateway,
    ("alerts", "delivery"): through_delivery,
    **{(t, "writer"): through_writer for t in ("index-estimates", "market-summary")},
    **{(t, "gateway"): through_gateway for t in ("index-estimates", "market-summary")},
    ("market", "analytics-busd"): through_busd,
    ("busd-partials", "analytics-busd-merge"): through_busd_merge,
    ("busd-patterns", "writer"): through_writer,
    ("busd-patterns", "gateway"): through_gateway,
    ("busd-forecasts", "writer"): through_writer,
    ("busd-forecasts", "gateway"): through_gateway,
    ("dead-letters", "writer"): through_writer,
    **{(t, "writer"): through_writer for t in LATEST},
    **{(t, "gateway"): through_gateway for t in LATEST},
}
"""(topic, consumer) -> what puts an example through the consumer's core."""

DECLARED = [(t.name, c) for t in TOPICS if t.codec != "snapshot" for c in t.consumers]
PAIRS = [(topic, consumer, e) for topic, consumer in DECLARED for e in examples(topic)]


def test_every_declared_consumer_has_its_core_here() -> None:
    assert CORES.keys() == set(DECLARED)


@pytest.mark.parametrize(
    ("topic", "consumer", "example"), PAIRS, ids=[f"{c}-{e.id}" for _, c, e in PAIRS]
)
def test_an_example_goes_through_the_core_of_a_consumer(
    topic: str, consumer: str, example: Example
) -> None:
    CORES[topic, consumer](example)


def test_a_snapshot_topic_is_read_by_the_service_that_writes_it_only() -> None:
    for topic in TOPICS:
        if topic.codec == "snapshot":
            assert topic.producers == topic.consumers
            assert topic.name == f"{topic.producers[0]}-snapshots"


def test_an_example_of_market_can_stand_in_the_partition_of_its_symbol() -> None:
    for example in examples("market"):
        symbol = example.message.symbol
        assert 0 <= partition(routing_key(symbol), BY_NAME["market"].partitions) < 12


POISON = {
    "nested too deeply": b'{"type":"trade","symbol":"S","x":'
    + b"[" * 50_000
    + b"]" * 50_000
    + b"}",
    "broken UTF-8": b'{"type":"trade","symbol":"\xc3\x28","seq":1}',
    "no JSON": b"\x00",
}


@pytest.mark.parametrize("line", POISON.values(), ids=POISON)
@pytest.mark.parametrize("topic", ["market", TRADES_CLASSIFIED.name])
def test_a_poisonous_line_is_refused_and_kills_no_reader(topic: str, line: bytes) -> None:
    (example, *_) = examples(topic)
    good, record = example.line, kafka_record(example)
    framed = BY_NAME[topic].codec == "frames"
    record.value = b"\n".join([good, line, good]) if framed else line
    batch = Batch({(topic, 0): 0})
    batch.add(topic, record)
    assert [refused.line for refused in batch.refused] == [line]
    found, bad = wire.heads(record.value, frame=framed)
    assert (len(found), bad) == (2 * framed, 1)
