"""`vntape classify --out` gives what a run through the broker publishes."""

import asyncio
import json
from collections import defaultdict
from pathlib import Path

import pytest
from click.testing import CliRunner

from schemas.topics import TRADES_CLASSIFIED
from services.classifier.app import SERVICE
from services.commands.classify import command
from services.runtime import kafka as clients
from services.runtime import plain_shell, topics_admin
from services.runtime.settings_load import load
from tests.support.ingest import THREE_VENUES, IngestProcess

pytestmark = [pytest.mark.broker]


def _by_symbol(values: list[bytes]) -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = defaultdict(list)
    for value in values:
        message = json.loads(value)
        if message["type"] == "trade_classified":
            found[message["symbol"]].append(value)
    return found


def test_classify_out_is_byte_for_byte_what_the_topic_holds(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    """Three venues merged: every value of trades-classified, in the order of each symbol."""
    asyncio.run(topics_admin.apply(kafka, tape))
    played = IngestProcess(tape, THREE_VENUES, kafka, tmp_path / "local")
    assert played.process.wait(120) == 0
    settings = load({}, tape=tape, kafka=kafka)
    asyncio.run(plain_shell.run_to_end(SERVICE, settings))

    async def topic() -> list[bytes]:
        name = TRADES_CLASSIFIED.on(tape)
        return [record.value async for record in clients.read_all(kafka, name)]

    published = _by_symbol(asyncio.run(topic()))
    out = tmp_path / "classified.ndjson"
    said = CliRunner().invoke(command, [str(THREE_VENUES), "--out", str(out)])
    assert said.exit_code == 0, said.output
    offline = _by_symbol(out.read_bytes().splitlines())
    assert {s: len(v) for s, v in offline.items()} == {s: len(v) for s, v in published.items()}
    assert offline == published
    assert len(offline) == 3
