"""Both steps of the BUSD flow as real Faust workers on a real broker, killed under load."""

import asyncio
import csv
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from schemas.busd_forecasts import BusdForecast
from schemas.busd_partials import BusdPartial
from schemas.busd_patterns import BusdPattern
from schemas.frames import messages
from schemas.topic import PARTITIONS
from schemas.topics import BUSD_FORECASTS, BUSD_PATTERNS
from services.analytics.busd_app import build
from services.analytics.busd_merge_app import build as build_merge
from services.runtime.partition import Partition
from services.runtime.settings import Settings
from tests.support.busd import busd_messages
from tests.support.eventually import eventually
from tests.support.load import Load, Output, load, output_log, readers_rule
from tests.support.stack import ROOT
from tests.support.workers import workers

pytestmark = [pytest.mark.broker, pytest.mark.timeout(240)]

PATIENCE_S = 60
"""Workers start on a machine that is busy."""
SYMBOLS, STEP_US = 20, 20_003


def undisturbed(feed: Load) -> tuple[dict[int, list[Output]], list[Output]]:
    """Patterns by partition, and the forecasts, of everything sent so far, computed here."""
    patterns: dict[int, list[Output]] = {}
    partials: list[list[bytes]] = []
    for number in range(PARTITIONS):
        found: list[Output] = []
        mine: list[bytes] = []
        sinks = {
            BusdPattern: lambda key, value, to=found: to.append((key, value)),
            BusdPartial: lambda _, value, to=mine: to.append(value),
        }
        step = Partition(build(Settings()), sinks, [], number=number)
        for offset, record in enumerate(feed.records[number]):
            step.run(offset, messages(record))
        partials.append(mine)
        if found:
            patterns[number] = found
    forecasts: list[Output] = []
    sink = {BusdForecast: lambda key, value: forecasts.append((key, value))}
    merge = Partition(build_merge(Settings()), sink, [])
    for offset, value in enumerate(each for lane in partials for each in lane):
        merge.run(offset, [msgspec.json.decode(value, type=BusdPartial)])
    return patterns, forecasts


def export(kafka: str, tape: str, folder: Path) -> list[str]:
    """The times of the rows that `vntape busd --tape` writes."""
    command = [sys.executable, "-m", "services.cli", "busd", "--tape", tape, "--csv", str(folder)]
    env = os.environ | {"VNTAPE_KAFKA": kafka}
    subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True)
    with (folder / "timeseries.csv").open(newline="") as file:
        return [row["timestamp"] for row in csv.DictReader(file)]


async def test_killed_under_load_patterns_and_forecasts_are_those_of_an_undisturbed_run(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    """Two workers of the first step and the merge, byte for byte by the reader's rule."""
    source = busd_messages(SYMBOLS, 3, STEP_US)
    with workers(kafka, tape, tmp_path, snapshot_interval_s=0.4) as crew:
        async with load(kafka, tape, source=source, partitions=PARTITIONS) as feed:
            over = asyncio.Event()
            flow = asyncio.create_task(feed.flow(over, per_s=1000))
            victims = [
                crew.start_service("analytics-busd"),
                crew.start_service("analytics-busd-merge"),
            ]
            second = crew.start_service("analytics-busd", 2)
            await eventually(
                lambda: all(w.said("assigned") for w in [*victims, second]), PATIENCE_S
            )
            await asyncio.sleep(0.7)  # the moment of the kill, anywhere in the load
            for worker in victims:
                worker.kill()
                worker.start()
            await eventually(lambda: all(len(w.said("assigned")) > 1 for w in victims), PATIENCE_S)
            over.set()
            await flow
            await feed.more(1500)
            patterns, forecasts = undisturbed(feed)

            async def there() -> bool:
                got = await output_log(kafka, tape, BUSD_PATTERNS)
                ends = {number: log[-1] for number, log in got.items()}
                if ends != {number: log[-1] for number, log in patterns.items()}:
                    return False
                said = await output_log(kafka, tape, BUSD_FORECASTS)
                return said.get(0, [()])[-1] == forecasts[-1]

            await eventually(there, PATIENCE_S, every=0.5)
            got = await output_log(kafka, tape, BUSD_PATTERNS)
            said = await output_log(kafka, tape, BUSD_FORECASTS)
            for worker in (*victims, second):
                assert await worker.stop() == 0
            exported = await asyncio.to_thread(export, kafka, tape, tmp_path / "tables")
    assert {number: readers_rule(log) for number, log in got.items()} == patterns
    assert readers_rule(said[0]) == forecasts
    assert exported == [str(msgspec.json.decode(value)["ts_ms"]) for _, value in forecasts]
    assert sum(map(len, patterns.values())) > 500
    assert len(forecasts) > 20
