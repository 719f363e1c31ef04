"""Foreign flow as a real Faust worker on a real broker: killed under load."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from schemas.foreign_flow import ForeignFlow
from schemas.topics import FOREIGN_FLOW
from services.foreign.app import SERVICE
from tests.support.eventually import eventually
from tests.support.load import Output, compare, load, outcome, output_log
from tests.support.price_tape import price_messages
from tests.support.workers import killed, workers

pytestmark = pytest.mark.broker

SYMBOLS = 40
STEP_US = 5_000
"""So that minutes of trading time pass, and windows are full."""


async def test_killed_under_load_it_writes_what_an_undisturbed_run_gives(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    """Byte for byte, by the reader's rule: windows go on over three kills."""
    with workers(kafka, tape, tmp_path, snapshot_interval_s=0.2) as crew:
        async with load(kafka, tape, source=price_messages(SYMBOLS, 1, STEP_US)) as feed:
            over = asyncio.Event()
            flow = asyncio.create_task(feed.flow(over))
            worker = crew.start_service("foreign")
            await killed(worker, 3)
            over.set()
            await flow
            want = {number: outcome(SERVICE, records) for number, records in feed.records.items()}
            want = {number: outputs for number, outputs in want.items() if outputs}

            async def there() -> dict[int, list[Output]] | None:
                got = await output_log(kafka, tape, FOREIGN_FLOW)
                ends = {number: outputs[-1] for number, outputs in got.items()}
                return got if ends == {n: outputs[-1] for n, outputs in want.items()} else None

            got = await eventually(there, 30, every=0.3)
            await eventually(lambda: len(worker.said("assigned")) > 3, 20)
            assert await worker.stop() == 0
    assert got is not None
    found = compare(want, got)
    assert (found.missing, found.wrong, found.same_order) == (0, 0, True)
    assert found.repeats > 0, "no kill came between an output and its snapshot: nothing was tested"
    rows = [
        msgspec.json.decode(v, type=ForeignFlow) for outputs in want.values() for _, v in outputs
    ]
    assert {row.symbol for row in rows} == {f"S{n:04d}" for n in range(SYMBOLS)}
    assert sum(row.correlation_1m is not None for row in rows) > 100, "no window was ever full"
