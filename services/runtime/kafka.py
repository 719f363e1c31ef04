"""Clients of Kafka, made one way."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition

from services.runtime import kafka_line, kafka_login

kafka_line.install()

Consumer = AIOKafkaConsumer
Record = ConsumerRecord
Partition = TopicPartition

BATCH_BYTES = 262_144
"""16 KiB, the default, costs a quarter of the throughput (measured)."""


def producer(bootstrap: str, client_id: str, compression: str | None = None) -> AIOKafkaProducer:
    """
    An idempotent producer, acks=all, not started.

    It never lingers: an `Outbox` coalesces while a batch is in flight.
    """
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        client_id=client_id,
        acks="all",
        enable_idempotence=True,
        linger_ms=0,
        max_batch_size=BATCH_BYTES,
        max_request_size=16 * 1024 * 1024,
        compression_type=compression,
        **kafka_login.at(bootstrap).options(),
    )


def consumer(bootstrap: str, client_id: str, **options: Any) -> AIOKafkaConsumer:
    """
    A consumer for manual assignment, not started; `group_id` only lets it commit, for display.

    It refuses to guess where to read when an offset is outside the log (the default is a
    silent jump to the end).
    """
    return AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        client_id=client_id,
        group_id=options.pop("group_id", None),
        enable_auto_commit=False,
        auto_offset_reset="none",
        fetch_max_wait_ms=options.pop("fetch_max_wait_ms", 20),
        max_partition_fetch_bytes=options.pop("max_partition_fetch_bytes", 4 * 1024 * 1024),
        **kafka_login.at(bootstrap).options(),
        **options,
    )


async def partitions_of(client: AIOKafkaConsumer, topic: str, wait_s: float = 10.0) -> list[int]:
    """
    The partitions of a topic, ascending.

    Raises:
        LookupError: when the topic is not there after `wait_s` (new topics take a moment).
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + wait_s
    while True:
        client._client.add_topic(topic)
        await client._client.force_metadata_update()
        if found := client.partitions_for_topic(topic):
            return sorted(found)
        if loop.time() > deadline:
            allowed = "" if (user := _user_of(client)) is None else f", or {user} may not see it"
            raise LookupError(
                f"there is no topic {topic!r}; `vntape topics apply` creates it{allowed}"
            )
        await asyncio.sleep(0.1)


def _user_of(client: AIOKafkaConsumer) -> str | None:
    user: str | None = client._client._sasl_plain_username
    return user


async def bounds(client: AIOKafkaConsumer, topic: str) -> dict[TopicPartition, tuple[int, int]]:
    """Partition -> (first offset in the log, next offset to be written)."""
    tps = [TopicPartition(topic, p) for p in await partitions_of(client, topic)]
    first, end = await client.beginning_offsets(tps), await client.end_offsets(tps)
    return {tp: (first[tp], end[tp]) for tp in tps}


async def read_all(
    bootstrap: str,
    topic: str,
    start: dict[int, int] | None = None,
    partitions: Iterable[int] | None = None,
) -> AsyncIterator[ConsumerRecord]:
    """
    Every record that stands in a topic now, partition by partition in offset order.

    Args:
        start: partition -> first offset wanted; the log's first where absent.
        partitions: only these.
    """
    client = consumer(bootstrap, "vntape-read")
    await client.start()
    try:
        span = await bounds(client, topic)
        wanted = set(partitions) if partitions is not None else {tp.partition for tp in span}
        for tp, (first, end) in span.items():
            at = max(first, (start or {}).get(tp.partition, first))
            if tp.partition not in wanted or at >= end:
                continue
            client.assign([tp])
            client.seek(tp, at)
            while at < end:
                for record in (await client.getmany(tp, timeout_ms=1000)).get(tp, []):
                    at = record.offset + 1
                    if record.offset < end:
                        yield record
                at = max(at, await client.position(tp))
    finally:
        await client.stop()


async def spans(bootstrap: str, topics: Iterable[str]) -> dict[str, dict[int, tuple[int, int]]]:
    """Topic -> partition -> (first offset in the log, next offset to be written), now."""
    client = consumer(bootstrap, "vntape-spans")
    try:
        await client.start()
        return {
            topic: {tp.partition: span for tp, span in (await bounds(client, topic)).items()}
            for topic in topics
        }
    finally:
        await client.stop()
