"""What rules would have told on a recorded tape: the live code over the tape's topics."""

from typing import Any

import msgspec

from schemas import frames
from schemas.alerts import Alert
from schemas.topic import Topic
from schemas.topics import ALERT_INPUTS
from services.analytics.app import engine, service
from services.runtime import kafka
from services.runtime.partition import Partition
from services.runtime.settings import Settings

Told = tuple[dict[str, Any], str]
"""An alert, decoded and as its text."""


async def backtest(settings: Settings, span: tuple[int, int]) -> list[Told]:
    """
    The alerts that fired in `span` (ms since the epoch, end exclusive), in order of time.

    A venue's alert, which stands in every partition, once. A topic that the tape does not have
    gives none.

    Raises:
        SettingsError: the rules cannot be used.
    """
    found: dict[tuple[str, str, str, int, int], tuple[Alert, str]] = {}
    for topic in ALERT_INPUTS:
        async for alert, text in _alerts(settings, topic):
            if span[0] <= alert.ts_ms < span[1]:
                name = alert.rule, alert.symbol, alert.venue, alert.seq, alert.part
                found[name] = alert, text
    ordered = sorted(found.values(), key=lambda each: (each[0].seq, each[0].rule, each[0].part))
    return [(msgspec.to_builtins(alert), text) for alert, text in ordered]


async def _alerts(settings: Settings, topic: Topic) -> Any:
    rules = engine(settings, topic.name)
    if not rules.rules:
        return
    computed = service(topic.name, rules)
    decode = msgspec.json.Decoder(topic.value).decode
    partitions: dict[int, Partition[Any]] = {}
    told: list[bytes] = []

    def tell(_: bytes, value: bytes) -> None:
        told.append(value)

    assert settings.kafka is not None
    try:
        async for record in kafka.read_all(settings.kafka, topic.on(settings.tape)):
            partition = partitions.get(record.partition)
            if partition is None:
                partition = Partition(computed, {Alert: tell}, [])
                partitions[record.partition] = partition
            framed = topic.codec == "frames"
            try:
                messages = frames.messages(record.value) if framed else [decode(record.value)]
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                # Live it is a dead letter; the good lines of a frame count.
                lines = frames.messages_and_errors(record.value) if framed else []
                messages = [m for m in lines if not isinstance(m, frames.BadLine)]
            partition.run(record.offset, messages)
            for value in told:
                yield msgspec.json.decode(value, type=Alert), value.decode()
            told.clear()
    except LookupError:
        return
