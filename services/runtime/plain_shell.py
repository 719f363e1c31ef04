"""
The pump as a plain loop: for benches and for computing a tape offline, on one worker.

No group and no rebalance: it owns all partitions it is given, restores them, reads what the
log holds now, and ends with a snapshot.
"""

from collections.abc import Iterable
from typing import Any

from aiokafka import TopicPartition

from services.runtime import kafka
from services.runtime.expired import check_input
from services.runtime.metrics import Metrics
from services.runtime.outbox import Outboxes
from services.runtime.pump import Pump
from services.runtime.service import Service
from services.runtime.settings import Settings
from services.runtime.snapshots import read_latest


async def run_to_end(
    service: Service[Any], settings: Settings, partitions: Iterable[int] | None = None
) -> int:
    """
    Compute everything that stands in the input now; returns how many messages were new.

    Raises:
        InputExpiredError, RefusedSnapshotError, StepFailedError: as in the Faust shell.
    """
    assert settings.kafka is not None
    producer = kafka.producer(settings.kafka, f"vntape-{service.name}-plain")
    client = kafka.consumer(settings.kafka, f"vntape-{service.name}-plain")
    await producer.start()
    await client.start()
    outboxes = Outboxes(producer)
    pump = Pump(service, settings, outboxes, Metrics(service.name))
    topic = service.input.on(settings.tape)
    try:
        numbers = sorted(partitions or await kafka.partitions_of(client, topic))
        snapshots = service.snapshots.on(settings.tape)
        found = await read_latest(client, snapshots, numbers, service.version)
        at = {n: pump.restore(n, found[n]) for n in numbers}
        await check_input(client, topic, at)
        fresh = await _read(client, topic, at, pump)
        await pump.snapshot_all(deadline_s=60.0)
        await outboxes.stop()
    finally:
        await client.stop()
        await producer.stop()
    return fresh


async def _read(client: Any, topic: str, at: dict[int, int], pump: Pump[Any]) -> int:
    tps = [TopicPartition(topic, n) for n in at]
    client.assign(tps)
    end = await client.end_offsets(tps)
    for tp in tps:
        client.seek(tp, at[tp.partition])
    fresh = 0
    while any(at[tp.partition] < end[tp] for tp in tps):
        for tp, records in (await client.getmany(timeout_ms=200)).items():
            for record in records:
                if record.offset != at[tp.partition]:
                    raise LookupError(
                        f"{topic}/{tp.partition}: offset {at[tp.partition]} is missing, "
                        f"the log goes on at {record.offset}"
                    )
                fresh += pump.handle(tp.partition, record.offset, record.value)
                at[tp.partition] += 1
            await pump.relieved(tp.partition)
    return fresh
