"""An example through those that store and serve what stands on the tape."""

import json
from types import SimpleNamespace
from typing import Any

from schemas.base import BROADCAST
from schemas.topics import (
    TRADES_CLASSIFIED,
)
from services.gateway.core import wire
from services.gateway.core.channels import BY_TOPIC_AND_TYPE
from services.gateway.core.hub import Hub
from services.gateway.core.outbound import Outbound
from services.writer.core.batch import Batch
from tests.support.cores.ingest import RECEIVED_US
from tests.support.examples import Example


def through_writer(example: Example) -> None:
    """A row, or nothing where the type is not stored; never a refusal."""
    topic = example.topic
    batch = Batch({(topic.name, 0): 0})
    batch.add(topic.name, kafka_record(example))
    assert batch.refused == []
    assert sum(map(len, batch.rows.values())) == is_stored(example)


def is_stored(example: Example) -> int:
    kind = (example.topic.name, example.json.get("type"))
    never = {("market", "trade"), ("market", "clock"), (TRADES_CLASSIFIED.name, "clock")}
    return int(kind not in never)


def kafka_record(example: Example) -> Any:
    fields = example.json
    dead = example.topic.codec == "dead_letter"
    value = fields["value"].encode() if dead else example.line
    return SimpleNamespace(
        partition=0,
        offset=0,
        timestamp=RECEIVED_US // 1000,
        key=fields["key"].encode() if dead else None,
        value=value,
        headers=[(k, v.encode()) for k, v in fields["headers"].items()] if dead else [],
    )


def through_gateway(example: Example) -> None:
    """What a channel serves reaches a client as the fields of the example."""
    topic = example.topic
    ((head, payload),), bad = wire.heads(example.line, frame=topic.codec == "frames")
    assert bad == 0
    channel = BY_TOPIC_AND_TYPE.get((topic.name, head.type))
    client, hub = Outbound(lambda: None), Hub("t1")
    broadcast = f"*{head.venue}" if head.symbol == BROADCAST else head.symbol
    if channel is None:
        assert hub.take(topic.name, 0, head, payload) is None
        return
    hub.join(hub.stream(channel, broadcast), client, 0, "new")
    assert hub.take(topic.name, 0, head, payload) is True
    assert hub.take(topic.name, 0, head, payload) is False, "a repeat is dropped"
    frame = json.loads(client.take(0.0) or "[]") + json.loads(client.take(1e9) or "[]")
    (served,) = [m for m in frame if m.get("ch") == channel.name and "op" not in m]
    assert {k: v for k, v in served.items() if k in example.json} == example.json
