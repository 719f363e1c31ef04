"""The fixtures give a real broker and a real database, and a test's tape leaves nothing."""

import psycopg
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from services.stack import Addresses
from tests.support.eventually import eventually
from tests.support.tapes import forget

pytestmark = [pytest.mark.broker, pytest.mark.database]


async def topics(kafka: str) -> set[str]:
    async with AIOKafkaConsumer(bootstrap_servers=kafka) as consumer:
        return await consumer.topics()


async def test_a_tape_leaves_no_topic_and_no_schema_and_no_other_tape_is_touched(
    stack: Addresses, tape: str
) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka)
    await admin.start()
    mine, other = f"{tape}.market", f"{tape}x.market"
    await admin.create_topics([NewTopic(mine, 1, 1), NewTopic(other, 1, 1)])
    with psycopg.connect(stack.database, autocommit=True) as c:
        c.execute(f"CREATE SCHEMA {tape}")
        c.execute(f"CREATE TABLE {tape}.trade (at timestamptz NOT NULL)")
        c.execute("SELECT create_hypertable(%s, by_range('at'))", [f"{tape}.trade"])

    async def both_seen() -> bool:
        return {mine, other} <= await topics(stack.kafka)

    # A broker shows a topic some 0.1 s after it promised to make it.
    assert await eventually(both_seen)
    forget(tape, stack)

    async def only_other() -> bool:
        there = await topics(stack.kafka)
        return mine not in there and other in there

    assert await eventually(only_other)
    with psycopg.connect(stack.database) as c:
        assert c.execute("SELECT to_regnamespace(%s)", [tape]).fetchone() == (None,)
    await admin.delete_topics([other])
    await admin.close()


def test_kafka_and_database_are_those_of_the_stack(
    stack: Addresses, kafka: str, database: str
) -> None:
    assert (kafka, database) == (stack.kafka, stack.database)
    with psycopg.connect(database) as c:
        assert c.execute("SELECT current_database()").fetchone() == ("vntape",)
