"""A compacted log with real holes: the writer and the gateway take what is left for the whole."""

import asyncio
from pathlib import Path

import pytest
from aiokafka.admin import NewTopic

from schemas.topics import BOARD
from services.runtime import kafka as clients
from services.runtime.topics_admin import admin, config_of
from services.stack import Addresses
from tests.integration.test_writer import rows, until_stored, writing
from tests.support.derived import board_row, send
from tests.support.eventually import eventually
from tests.support.gateway import gateway
from tests.support.writing import FIRST_SEQ, Sender, prepared

# The broker's cleaner takes its time.
pytestmark = [pytest.mark.broker, pytest.mark.database, pytest.mark.soak]


async def test_of_a_compacted_topic_writer_and_gateway_have_the_newest_rows(
    stack: Addresses, tape: str, tmp_path: Path
) -> None:
    quickly = {"segment.ms": "200", "min.cleanable.dirty.ratio": "0.001"}
    async with admin(stack.kafka) as client:
        topic = NewTopic(
            name=BOARD.on(tape),
            num_partitions=12,
            replication_factor=1,
            topic_configs=config_of(BOARD, tape) | quickly,
        )
        await client.create_topics([topic])
    settings = await prepared(stack, tape)

    async def compacted() -> bool:
        left = [r.offset async for r in clients.read_all(stack.kafka, BOARD.on(tape))]
        return len(left) < 200

    async with Sender(stack.kafka, tape) as sender:
        for run in range(8):
            seqs = range(FIRST_SEQ + run * 40, FIRST_SEQ + run * 40 + 40)
            await send(sender, [(("board", 5), board_row(f"S{s % 40}", s)) for s in seqs])
            await asyncio.sleep(0.3)  # past segment.ms: only closed segments are compacted
        await eventually(compacted, 60, every=1)
        async with writing(settings):
            await until_stored(stack, tape)
    newest = set(range(FIRST_SEQ + 280, FIRST_SEQ + 320))
    assert {seq for (seq,) in rows(stack.database, f"SELECT seq FROM {tape}.board")} == newest
    async with gateway(stack.kafka, tape, tmp_path) as served:
        assert {m["seq"] for m in served.get("/v1/latest/board")} == newest
