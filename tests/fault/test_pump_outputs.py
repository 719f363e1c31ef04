"""The ordered sender against a real broker: order, coalescing, and nothing after a failure."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from schemas.topics import MARKET
from services.runtime import kafka as clients
from services.runtime import topics_admin
from services.runtime.outbox import Outbox, Outboxes
from tests.support.eventually import eventually
from tests.support.load import PARTITIONS

pytestmark = pytest.mark.broker


# ---- the ordered sender --------------------------------------------------------------------------


@asynccontextmanager
async def a_producer(kafka: str, tape: str) -> AsyncIterator[AIOKafkaProducer]:
    await topics_admin.apply(kafka, tape, partitions=PARTITIONS)
    producer = clients.producer(kafka, "test")
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def test_records_are_in_the_log_in_the_order_of_their_appends(kafka: str, tape: str) -> None:
    """Six tasks append and close batches at will; one sender keeps the order of the appends."""
    async with a_producer(kafka, tape) as producer:
        box = Outbox(producer, MARKET.on(tape), 0, on_failure=_raise)
        box.start()
        appended = 0

        async def writer() -> None:
            nonlocal appended
            for n in range(400):
                box.append(None, str(appended).encode())
                appended += 1
                if n % 3 == 0:
                    box.ticket()
                if n % 5 == 0:
                    await asyncio.sleep(0)
                if n % 100 == 0:
                    await box.acknowledged(box.ticket())

        async with asyncio.timeout(20):
            await asyncio.gather(*(writer() for _ in range(6)))
            await box.acknowledged(box.ticket())
        await box.stop()
    got = [int(r.value) async for r in clients.read_all(kafka, MARKET.on(tape), partitions=[0])]
    late = sum(a > b for a, b in itertools.pairwise(got))
    assert (late, len(got)) == (0, 2400)


async def test_the_open_batch_grows_while_one_is_in_flight(kafka: str, tape: str) -> None:
    async with a_producer(kafka, tape) as producer:
        box = Outbox(producer, MARKET.on(tape), 0, on_failure=_raise)
        box.start()
        for n in range(2000):
            box.append(None, b"x")
            if n % 4 == 0:
                await asyncio.sleep(0)
        ticket = box.ticket()
        await box.acknowledged(ticket)
        await box.stop()
        assert ticket < 400, f"{ticket} batches for 500 turns of the loop"


async def test_nothing_is_sent_after_a_failed_output(kafka: str, tape: str) -> None:
    """The second batch fails: it is told once, the third never leaves, nobody is told "done"."""
    failures: list[str] = []
    async with a_producer(kafka, tape) as producer:
        real, sent = producer.send_batch, 0

        async def second_fails(*args: Any, **options: Any) -> Any:
            nonlocal sent
            sent += 1
            if sent == 2:
                raise ConnectionError("the cable")
            return await real(*args, **options)

        producer.send_batch = second_fails
        boxes = Outboxes(producer, lambda topic, n, e: failures.append(f"{topic}/{n}: {e}"))
        box = boxes.get(MARKET.on(tape), 0)
        for value in (b"1", b"2", b"3"):
            box.append(None, value)
            ticket = box.ticket()
        await eventually(lambda: failures)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await box.acknowledged(ticket)
        await boxes.stop()
    assert failures == [f"{MARKET.on(tape)}/0: the cable"]
    got = [r.value async for r in clients.read_all(kafka, MARKET.on(tape), partitions=[0])]
    assert got == [b"1"]


def _raise(_topic: str, _partition: int, error: BaseException) -> None:
    raise error


# ---- a shell in this process ---------------------------------------------------------------------
