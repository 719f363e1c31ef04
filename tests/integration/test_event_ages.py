"""From a vendor's socket to the table and the client: the age at every stage, measured there."""

import asyncio
import json
import re
import urllib.request
from itertools import islice
from pathlib import Path

import pytest

from services.runtime import topics_admin
from services.stack import Addresses
from tests.integration.test_ingest_live import pass_on
from tests.support.eventually import eventually
from tests.support.gateway import gateway, writer
from tests.support.live import binance_trades, listening, live
from tests.support.workers import workers

pytestmark = [pytest.mark.broker, pytest.mark.database]

AGE = re.compile(r'vntape_event_age_seconds_(count|sum)\{service="(.*?)",stage="(.*?)"\} (\S+)')


def ages(file: Path) -> dict[tuple[str, str], tuple[float, float]]:
    """(Service, stage) -> how many were counted, and their mean age in seconds."""
    try:
        url = json.loads(file.read_text())["http"]
        with urllib.request.urlopen(f"{url}/metrics", timeout=5) as reply:
            said = AGE.findall(reply.read().decode())
    except OSError as e:
        raise AssertionError(f"{file.name} does not answer: {e}") from e
    found: dict[tuple[str, str], dict[str, float]] = {}
    for what, service, stage, value in said:
        found.setdefault((service, stage), {})[what] = float(value)
    return {key: (one["count"], one["sum"] / max(1.0, one["count"])) for key, one in found.items()}


async def test_every_stage_says_how_long_after_the_receipt_a_message_was_there(
    stack: Addresses, tape: str, tmp_path: Path
) -> None:
    """Later stages are later; nothing that is minutes old, or of another clock, is counted."""
    await topics_admin.apply(stack.kafka, tape, partitions=4)
    with (
        workers(stack.kafka, tape, tmp_path) as crew,
        writer(stack.kafka, tape, tmp_path / "writer", stack.database),
    ):
        crew.start_service("classifier")
        async with gateway(stack.kafka, tape, tmp_path / "gateway"):
            run = await asyncio.to_thread(live, tape, stack.kafka, tmp_path / "ingest")
            try:
                port = await asyncio.to_thread(listening, run, "binance")
                lines = binance_trades()
                folders = {"ingest": "ingest/nowhere", "classifier": "local/main"}
                folders |= {"writer": "writer/main", "gateway": "gateway/main"}
                files = [
                    tmp_path / folder / "run" / f"{tape}-{name}-1.json"
                    for name, folder in folders.items()
                ]

                async def measured() -> dict[tuple[str, str], tuple[float, float]]:
                    await asyncio.to_thread(pass_on, port, list(islice(lines, 16)))
                    found: dict[tuple[str, str], tuple[float, float]] = {}
                    for file in files:
                        found |= await asyncio.to_thread(ages, file)
                    stages = {stage for (_, stage), (count, _) in found.items() if count}
                    assert stages == {"raw", "market", "derived", "step", "written", "served"}
                    return found

                found = await eventually(measured, 30, every=0.3)
            finally:
                await asyncio.to_thread(run.terminate)
    mean = {stage: age for (_, stage), (_, age) in found.items()}
    assert all(0 <= age < 30 for age in mean.values()), mean
    assert mean["raw"] <= mean["market"] + 0.05
    assert mean["market"] <= mean["served"]
