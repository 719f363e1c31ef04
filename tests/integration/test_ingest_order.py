"""`market` never leads the raw topics."""

import asyncio
from collections.abc import Callable

import pytest
from aiokafka import AIOKafkaProducer

from schemas.topics import BINANCE, CONTROL, MARKET
from services.ingest.core.binance import route
from services.ingest.core.engine import Engine
from services.ingest.feeds.base import Arrival
from services.ingest.pipeline import Pipeline
from services.ingest.positions import Ground
from services.ingest.stamping import Stamper
from services.ingest.tally import Tally
from services.runtime import kafka as clients
from services.runtime import topics_admin
from services.runtime.health import Health
from services.runtime.metrics import Metrics
from services.runtime.outbox import Outboxes
from tests.support.eventually import eventually
from tests.support.ingest_data import captured

pytestmark = [pytest.mark.broker, pytest.mark.timeout(60)]


class HeldProducer:
    """A real producer whose batches wait until `open` is set: a broker slow to answer."""

    def __init__(self, producer: AIOKafkaProducer, opened: asyncio.Event) -> None:
        self._producer, self._opened = producer, opened
        self.create_batch: Callable[[], object] = producer.create_batch

    async def send_batch(self, batch: object, topic: str, *, partition: int) -> object:
        """Late."""
        await self._opened.wait()
        return await self._producer.send_batch(batch, topic, partition=partition)


@pytest.mark.parametrize("held", ["raw", "market"])
async def test_messages_wait_for_their_raw_records_and_positions_for_both(
    kafka: str, tape: str, held: str
) -> None:
    """While Kafka has not taken raw records `market` is empty; without both no position is."""
    await topics_admin.apply(kafka, tape, topics_admin.needed(["ingest"], [BINANCE.name]))
    opened = asyncio.Event()
    producer = clients.producer(kafka, "test")
    await producer.start()
    late = HeldProducer(producer, opened)
    raw = Outboxes(late if held == "raw" else producer)
    market = Outboxes(late if held == "market" else producer)
    partitions = {BINANCE.name: 12, CONTROL.name: 1, MARKET.name: 12}
    pipeline = Pipeline(
        tape,
        ["BN"],
        decoder=Engine(["BN"]),
        stamper=Stamper({}, recorded=True),
        ground=Ground({}, {}),
        raw=raw,
        market=market,
        partitions=partitions,
        tally=Tally(Metrics("ingest"), Health()),
    )
    publisher = asyncio.create_task(pipeline.publish())

    async def stands() -> dict[str, int]:
        found = await clients.spans(kafka, [t.on(tape) for t in (BINANCE, CONTROL, MARKET)])
        return {topic: sum(end for _, end in span.values()) for topic, span in found.items()}

    try:
        await pipeline.take(
            [
                Arrival("binance", "BN", ns // 1000, "binance", *route("BN", value), value)
                for ns, value in captured(100)
            ]
        )
        await pipeline.mark(None)
        # A hundred times the wait of a frame.
        await asyncio.sleep(0.5)
        raw_there = 0 if held == "raw" else 100
        assert list((await stands()).values()) == [raw_there, 0, 0]
        opened.set()

        async def all_there() -> bool:
            found = await stands()
            assert found[BINANCE.on(tape)] == 100
            assert found[CONTROL.on(tape)] == 1
            return found[MARKET.on(tape)] > 0

        await eventually(all_there)
    finally:
        opened.set()
        await pipeline.finish()
        publisher.cancel()
        await raw.stop()
        await market.stop()
        await producer.stop()
