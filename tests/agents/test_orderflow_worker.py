"""orderflow as real Faust workers on a real broker, killed under load."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from schemas.bars import Bar
from schemas.frames import messages as framed_messages
from schemas.topics import BARS
from services.orderflow.app import build
from services.orderflow.index_app import build as build_index
from services.runtime import topics_admin
from services.runtime.partition import Partition
from services.runtime.settings import Settings
from tests.support.classified import Log, classified, messages, send
from tests.support.eventually import eventually
from tests.support.load import PARTITIONS, compare, load, output_log
from tests.support.price_tape import price_messages
from tests.support.trades import messages as trades
from tests.support.workers import killed, workers

pytestmark = [pytest.mark.broker, pytest.mark.timeout(240)]

SYMBOLS, TRADES = 40, 30_000


def undisturbed(service: Any, records: dict[int, list[list[Any]]]) -> Log:
    """Partition -> the bars that its records give, computed here."""
    bars: Log = {}
    for number, inputs in records.items():
        bars[number] = []

        def sink(key: bytes, value: bytes, at: int = number) -> None:
            bars[at].append((key, value))

        partition = Partition(service, {Bar: sink}, [])
        for offset, given in enumerate(inputs):
            partition.run(offset, given)
    return {number: given for number, given in bars.items() if given}


async def caught_up(kafka: str, tape: str, want: Log) -> Log:
    """The topic, once every partition ends as it must."""

    async def there() -> Log | None:
        got = await output_log(kafka, tape, BARS)
        ends = {number: given[-1] for number, given in want.items()}
        return got if {n: given[-1] for n, given in got.items()} == ends else None

    got = await eventually(there, 90, every=0.5)
    assert got is not None
    return got


async def test_killed_under_load_bars_are_those_of_an_undisturbed_run(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    """Byte for byte by the reader's rule."""
    log = classified(trades(TRADES, SYMBOLS, 1), PARTITIONS)
    one_by_one = {n: [[m] for m in messages(records)] for n, records in log.items()}
    want = undisturbed(build(Settings()), one_by_one)
    with workers(kafka, tape, tmp_path, snapshot_interval_s=0.2) as crew:
        await topics_admin.apply(kafka, tape, partitions=PARTITIONS)
        worker = crew.start_service("orderflow")
        flow = asyncio.create_task(send(kafka, tape, log, per_s=4000))
        await killed(worker, 2, 60)
        await flow
        got = await caught_up(kafka, tape, want)
        assert await worker.stop() == 0
    found = compare(want, got)
    assert (found.missing, found.wrong, found.same_order) == (0, 0, True)
    assert found.repeats > 0, "no kill came between an output and its snapshot"


async def test_bars_of_an_index_come_from_market(kafka: str, tape: str, tmp_path: Path) -> None:
    with workers(kafka, tape, tmp_path) as crew:
        async with load(kafka, tape, source=price_messages(SYMBOLS, 1, 9700)) as feed:
            await feed.more(4_000)
            worker = crew.start_service("orderflow-index")
            framed = {n: [framed_messages(r) for r in rs] for n, rs in feed.records.items()}
            want = undisturbed(build_index(Settings()), framed)
            got = await caught_up(kafka, tape, want)
            assert await worker.stop() == 0
    assert got == want
    assert len(got) == 1, "VN30 has one partition"
