"""
What the pump is measured against: getmany, decode, step, encode, the same ordered sender.

    python -m tests.bench.plain_loop TAPE OUT_TAPE SERVICE

No group, no contiguity, no repeats to ignore, no clocks to broadcast, no snapshots. Prints how
many outputs it wrote.
"""

import asyncio
import sys
from typing import Any

import msgspec
import uvloop
from aiokafka import TopicPartition

from schemas import frames
from schemas.base import BROADCAST
from schemas.keys import routing_key
from schemas.topics import MARKET, TRADES_CLASSIFIED
from services.runtime import kafka
from services.runtime.outbox import Outboxes
from services.runtime.service import Service
from services.runtime.settings_load import load


def declared(name: str) -> Service[Any]:
    """The classifier, or the counting service of the tests."""
    if name == "counting":
        from tests.support.counting import service

        return service()
    from services.classifier.app import SERVICE

    return SERVICE


async def run(bootstrap: str, tape: str, out_tape: str, service: Service[Any]) -> int:
    """Compute all input that stands in the log; returns the number of outputs."""
    producer, client = kafka.producer(bootstrap, "plain"), kafka.consumer(bootstrap, "plain")
    await producer.start()
    await client.start()
    topic = MARKET.on(tape)
    numbers = await kafka.partitions_of(client, topic)
    outboxes = Outboxes(producer)
    boxes = [outboxes.get(TRADES_CLASSIFIED.on(out_tape), n) for n in numbers]
    headers = [("schema", TRADES_CLASSIFIED.name.encode())]
    states: dict[str, Any] = {}
    keys: dict[str, bytes] = {}
    encode, step, initial = msgspec.json.Encoder().encode, service.step, service.initial
    end = await client.end_offsets([TopicPartition(topic, n) for n in numbers])
    client.assign(list(end))
    for tp in end:
        client.seek(tp, 0)
    at, count = dict.fromkeys(end, 0), 0
    while at != end:
        for tp, records in (await client.getmany(timeout_ms=100)).items():
            box = boxes[tp.partition]
            for record in records:
                for message in frames.messages(record.value):
                    symbol = message.symbol
                    if symbol == BROADCAST:
                        continue
                    state = states.get(symbol)
                    if state is None:
                        state = states[symbol] = initial(symbol)
                        keys[symbol] = routing_key(symbol).encode()
                    for output in step(state, message):
                        box.append(keys[symbol], encode(output), headers)
                        count += 1
                await box.relieved()
            at[tp] = records[-1].offset + 1
    await outboxes.stop()
    await client.stop()
    await producer.stop()
    return count


def main() -> None:
    """TAPE OUT_TAPE SERVICE; Kafka from VNTAPE_KAFKA."""
    tape, out_tape, name = sys.argv[1:]
    bootstrap = load().kafka
    assert bootstrap is not None
    uvloop.install()
    print(asyncio.run(run(bootstrap, tape, out_tape, declared(name))))


if __name__ == "__main__":
    main()
