"""Derivatives as a real Faust worker on a real broker: killed under load, and without a rate."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from schemas.basis import Basis
from schemas.topics import BASIS
from tests.bench.bench_derivatives import tape as day
from tests.support.eventually import eventually
from tests.support.load import Output, compare, load, outcome, output_log
from tests.support.workers import killed, workers
from tests.unit.derivatives.support import DIVIDENDS, RATE, service

pytestmark = pytest.mark.broker

RATES = {"derivatives_rate": RATE, "derivatives_dividend_yield": DIVIDENDS}


async def test_killed_under_load_it_writes_what_an_undisturbed_run_gives(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    """Byte for byte, by the reader's rule: windows of four contracts go on over six kills."""
    with workers(kafka, tape, tmp_path, snapshot_interval_s=0.2, **RATES) as crew:
        async with load(kafka, tape, source=day(seconds=10**6)) as feed:
            over = asyncio.Event()
            flow = asyncio.create_task(feed.flow(over, per_s=3_000))
            worker = crew.start_service("derivatives")
            await killed(worker, 6)
            over.set()
            await flow
            want = {number: outcome(service(), sent) for number, sent in feed.records.items()}
            want = {number: outputs for number, outputs in want.items() if outputs}

            async def there() -> dict[int, list[Output]] | None:
                got = await output_log(kafka, tape, BASIS)
                ends = {number: outputs[-1] for number, outputs in got.items()}
                return got if ends == {n: outputs[-1] for n, outputs in want.items()} else None

            got = await eventually(there, 60, every=0.3)
            await eventually(lambda: len(worker.said("assigned")) > 6, 20)
            assert await worker.stop() == 0
    assert got is not None
    found = compare(want, got)
    assert (found.missing, found.wrong, found.same_order) == (0, 0, True)
    assert found.repeats > 0, "no kill came between an output and its snapshot: nothing was tested"
    (rows,) = ([msgspec.json.decode(v, type=Basis) for _, v in outs] for outs in want.values())
    assert {row.continuous for row in rows} == {"VN30F1M", "VN30F2M", "VN30F1Q", "VN30F2Q"}
    assert any(row.divergence is not None for row in rows), "no window was ever full"


async def test_without_a_rate_the_process_refuses_and_names_the_variable(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    with workers(kafka, tape, tmp_path, derivatives_dividend_yield=DIVIDENDS) as crew:
        worker = crew.start_service("derivatives")
        assert await worker.ended(30) == 78
        assert "VNTAPE_DERIVATIVES_RATE is not set" in worker.log()
