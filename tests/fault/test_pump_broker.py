"""The broker is killed under a worker and comes back."""

import asyncio
from pathlib import Path

import pytest

from tests.support.counting import service
from tests.support.eventually import eventually
from tests.support.load import caught_up, compare, load, output_log
from tests.support.stack import OwnStack
from tests.support.workers import Worker, workers

pytestmark = pytest.mark.broker


async def test_broker_killed_and_back_loses_nothing(own_stack: OwnStack, tmp_path: Path) -> None:
    """A worker may live through it or restart; the outputs are exact either way."""
    kafka = own_stack.addresses.kafka
    with workers(kafka, "t", tmp_path, snapshot_interval_s=0.3) as crew:
        async with load(kafka, "t") as feed:
            over = asyncio.Event()
            flow = asyncio.create_task(feed.flow(over))
            worker = crew.start()
            await eventually(lambda: worker.said("assigned"), 60)
            await asyncio.sleep(1)  # under load
            pid = worker.pid
            await asyncio.to_thread(own_stack.kill, "kafka")
            await asyncio.sleep(2)  # an outage, not a blip
            await asyncio.to_thread(own_stack.start, "kafka")

            await asyncio.sleep(1)
            over.set()
            await flow
            await feed.more(2000)
            want = feed.expected(service())
            keeper = asyncio.create_task(_keep_alive(worker))
            await caught_up(kafka, "t", want, 60)
            keeper.cancel()
            found = compare(want, await output_log(kafka, "t"))
            print(found, "same pid" if worker.pid == pid else "restarted")
            assert (found.missing, found.wrong) == (0, 0)
            assert found.same_order
            assert await worker.stop() == 0


async def _keep_alive(worker: Worker) -> None:
    while True:
        if worker.poll() == 70:
            worker.start()
        await asyncio.sleep(0.1)
