"""What ingest leans on while it waits for its raw records."""

import pytest

from schemas.topics import MARKET
from services.runtime import kafka as clients
from services.runtime import topics_admin
from services.runtime.outbox import Outboxes

pytestmark = pytest.mark.broker


async def test_asking_for_every_record_does_not_send_every_record_alone(
    kafka: str, tape: str
) -> None:
    """A mark leaves the open batch open, and covers all that was appended before it."""
    topic = MARKET.on(tape)
    await topics_admin.apply(kafka, tape, [MARKET])
    producer = clients.producer(kafka, "test")
    await producer.start()
    try:
        boxes = Outboxes(producer)
        box = boxes.get(topic, 0)
        for n in range(500):
            box.append(None, b"%d" % n)
            ((_, mark),) = boxes.tickets()
        assert mark == 1, f"{mark} batches for 500 records that nobody could send meanwhile"
        await box.acknowledged(mark)
        assert box.next_offset == 500
        assert boxes.tickets() == [(box, 1)], "nothing waits, so nothing new is to be waited for"
        await boxes.stop()
    finally:
        await producer.stop()
    got = [r.value async for r in clients.read_all(kafka, topic, partitions=[0])]
    assert got == [b"%d" % n for n in range(500)]
