"""Records of `trades-classified`, as the classifier writes them, for services that read it."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator

import msgspec

from schemas import frames
from schemas.market import MarketMessage
from schemas.topics import TRADES_CLASSIFIED
from schemas.trades_classified import TradesClassifiedMessage
from services.classifier.app import SERVICE as CLASSIFIER
from services.runtime import kafka as clients
from services.runtime.outbox import Outboxes
from tests.support.load import Output, outcome
from tests.support.trades import framed

Log = dict[int, list[Output]]
"""Partition -> its records: key, value."""

_decode = msgspec.json.Decoder(TradesClassifiedMessage).decode


def classified(source: Iterator[MarketMessage], partitions: int) -> Log:
    """What the classifier gives for these messages: trades, and the clocks between them."""
    records = defaultdict[int, list[bytes]](list)
    for number, record in framed(source, partitions, frames.MAX_MESSAGES):
        records[number].append(record)
    found: Log = {}
    for number, inputs in records.items():
        given = outcome(CLASSIFIER, inputs)
        found[number] = [(key, value) for key, value in given if b'"session_flow"' not in value]
    return found


def messages(records: list[Output]) -> list[TradesClassifiedMessage]:
    """Decoded."""
    return [_decode(value) for _, value in records]


async def send(kafka: str, tape: str, log: Log, per_s: float = float("inf")) -> None:
    """Append to the topic, each partition in order; so many records a second of each at most."""
    producer = clients.producer(kafka, "test-classified")
    await producer.start()
    outboxes = Outboxes(producer)
    topic = TRADES_CLASSIFIED.on(tape)
    piece = max(1, int(min(per_s, 20_000) / 20))
    longest = max(map(len, log.values()))
    for start in range(0, longest, piece):
        for number, records in log.items():
            box = outboxes.get(topic, number)
            for key, value in records[start : start + piece]:
                box.append(key, value)
            await box.relieved()
        await asyncio.sleep(0.05 if per_s < float("inf") else 0)
    await outboxes.stop()
    await producer.stop()
