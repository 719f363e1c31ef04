"""Both steps of the index as real Faust workers: one or three of the first, calm or killed."""

import asyncio
import json
import urllib.request
from pathlib import Path

import msgspec
import pytest

from schemas.frames import messages
from schemas.topic import PARTITIONS
from schemas.topics import INDEX_ESTIMATES, MARKET_SUMMARY
from services.runtime import kafka as clients
from tests.support.eventually import eventually
from tests.support.index_run import Merged, in_step, partials_of
from tests.support.load import Load, Output, load, readers_rule
from tests.support.price_tape import price_messages
from tests.support.workers import Worker, workers

pytestmark = [pytest.mark.broker, pytest.mark.timeout(240)]

SYMBOLS, STEP_US = 60, 20_011
PATIENCE_S = 60
"""Four Faust workers start on a machine that is busy."""
Logs = dict[str, list[Output]]


def undisturbed(feed: Load) -> Logs:
    """What everything sent so far must give, computed here."""
    lanes = [
        [m for record in feed.records[number] for m in messages(record)]
        for number in range(PARTITIONS)
    ]
    merged = Merged(in_step(partials_of(lanes)))
    kinds = {"index_estimate": INDEX_ESTIMATES, "market_summary": MARKET_SUMMARY}
    found: Logs = {INDEX_ESTIMATES.name: [], MARKET_SUMMARY.name: []}
    for key, value in zip(merged.keys, merged.values, strict=True):
        topic = kinds.get(msgspec.json.decode(value)["type"], MARKET_SUMMARY)
        found[topic.name].append((key, value))
    return found


async def in_kafka(kafka: str, tape: str) -> Logs:
    found: Logs = {}
    for topic in (INDEX_ESTIMATES, MARKET_SUMMARY):
        found[topic.name] = [
            (r.key, r.value) async for r in clients.read_all(kafka, topic.on(tape))
        ]
    return found


async def finished(kafka: str, tape: str, want: Logs) -> Logs:
    async def there() -> Logs | None:
        got = await in_kafka(kafka, tape)
        return got if all(set(want[name]) <= set(got[name]) for name in want) else None

    got = await eventually(there, PATIENCE_S, every=0.3)
    assert got is not None
    return got


@pytest.mark.parametrize("crew_of", [1, 3], ids=["one calm worker", "three, killed like the merge"])
async def test_the_market_is_the_same_with_any_number_of_workers_calm_or_killed(
    kafka: str, tape: str, tmp_path: Path, crew_of: int
) -> None:
    """Every record of both topics, in order, byte for byte what one process computes here."""
    source = price_messages(SYMBOLS, 3, STEP_US)
    with workers(kafka, tape, tmp_path, snapshot_interval_s=0.4) as crew:
        async with load(kafka, tape, source=source, partitions=PARTITIONS) as feed:
            over = asyncio.Event()
            flow = asyncio.create_task(feed.flow(over, per_s=800))
            merge = crew.start_service("index-merge")
            steps = [crew.start_service("index", n) for n in range(1, crew_of + 1)]
            if crew_of > 1:
                await killed_at_work(steps[0], merge)
                await killed_at_work(steps[2], merge)
            else:
                await eventually(lambda: steps[0].said("assigned"), PATIENCE_S)
            over.set()
            await flow
            await feed.more(25 * 1_000_000 // STEP_US)  # 25 s of the tape: errors settle after 2
            want = undisturbed(feed)
            got = await finished(kafka, tape, want)

            async def measured() -> bool:
                return "vntape_index_error_ratio{" in await metrics(tmp_path, tape)

            await eventually(measured, 20)
            for worker in (merge, *steps):
                assert await worker.stop() == 0
    repeats = 0
    for name, expected in want.items():
        assert len(expected) > 20
        assert readers_rule(got[name]) == expected, name
        repeats += len(got[name]) - len(expected)
    assert (repeats > 0) is (crew_of > 1), "kills repeat outputs, and nothing else does"


async def metrics(folder: Path, tape: str) -> str:
    """What the merge measures of itself."""
    said = json.loads((folder / f"local/main/run/{tape}-index-merge-1.json").read_text())

    def read() -> str:
        with urllib.request.urlopen(f"{said['http']}/metrics", timeout=10) as answer:
            return str(answer.read().decode())

    return await asyncio.to_thread(read)


async def killed_at_work(*victims: Worker) -> None:
    """`kill -9` of these together, in the middle of the load, and each started again."""
    await eventually(lambda: all(worker.said("assigned") for worker in victims), PATIENCE_S)
    await asyncio.sleep(0.7)  # the moment of the kill, anywhere in the load
    lives = {worker: len(worker.said("assigned")) for worker in victims}
    for worker in victims:
        worker.kill()
    for worker in victims:
        worker.start()
    await eventually(
        lambda: all(len(worker.said("assigned")) > n for worker, n in lives.items()), PATIENCE_S
    )
