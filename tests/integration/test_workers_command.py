"""`vntape workers` beside real workers on a real Kafka."""

import asyncio
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services import cli
from tests.support.eventually import eventually
from tests.support.load import load
from tests.support.workers import workers

pytestmark = pytest.mark.broker


def listed(kafka: str, *words: str) -> Result:
    return CliRunner().invoke(cli.root, ["workers", *words], env={"VNTAPE_KAFKA": kafka})


async def cells(kafka: str, tape: str) -> list[list[str]]:
    """Of each line below the headings."""
    result = await asyncio.to_thread(listed, kafka, "--tape", tape)
    assert result.exit_code == 0, result.output
    return [re.split(r"\s{2,}", line.strip()) for line in result.stdout.splitlines()[1:]]


async def test_each_worker_is_listed_with_its_partitions_and_the_dead_ones_are_nobodys(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    """Two share; one leaves and the other has all; it is killed and nobody has them."""
    with workers(kafka, tape, tmp_path, snapshot_interval_s=0.3) as crew:
        async with load(kafka, tape) as feed:
            await feed.more(2000)
            one, two = crew.start(1), crew.start(2)

            async def shared() -> bool:
                lines = await cells(kafka, tape)
                assert len(lines) == 2, lines
                first, second = lines
                assert [first[:3], second[:3]] == [[tape, "classifier", n] for n in "12"]
                assert sorted(f"{first[4]} {second[4]}".split()) == list("0123")
                return len(first[4]) == len(second[4])

            await eventually(shared, 30, every=0.5)
            await feed.more(1000)

            async def done() -> bool:
                return [each[5:] for each in await cells(kafka, tape)] == [["0", "-"]] * 2

            await eventually(done, 15, every=0.5)
            assert await two.stop() == 0

            async def alone() -> bool:
                return [each[2:5:2] for each in await cells(kafka, tape)] == [["1", "0 1 2 3"]]

            await eventually(alone, 10, every=0.5)
            one.kill()

            async def gone() -> bool:
                return [each[2:5] for each in await cells(kafka, tape)] == [
                    ["nobody", "-", "0 1 2 3"]
                ]

            await eventually(gone, 10, every=0.5)
