"""Killed at any moment and started again, ingest leaves no trace of it."""

import asyncio
import os
import random
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.ingest.verify import verify
from services.stack import Addresses
from tests.support.ingest import THREE_VENUES, IngestProcess, Written, make_topics, written
from tests.support.tapes import forget

pytestmark = [pytest.mark.broker, pytest.mark.timeout(240)]

KILLS = (0, 1, 3_000, 8_000, 14_000, 20_000)
"""Records after its start at which it dies, and up to 2,000 more: two at the very start, the others
in the middle of the load."""
SEED = int(os.environ.get("VNTAPE_TEST_SEED") or secrets.randbelow(10**6))


@pytest.fixture(scope="module")
def undisturbed(stack: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Written]:
    """What a run without any trouble writes."""
    tape = f"t{secrets.token_hex(6)}"
    make_topics(stack.kafka, tape)
    run = IngestProcess(tape, THREE_VENUES, stack.kafka, tmp_path_factory.mktemp("undisturbed"))
    assert run.wait() == 0, run.said()
    yield asyncio.run(written(stack.kafka, tape))
    forget(tape, stack)


def assert_same(found: Written, wanted: Written) -> None:
    """The same records, in order; says where not without printing them all."""
    for name in ("raw", "market"):
        mine, theirs = getattr(found, name), getattr(wanted, name)
        assert set(mine) == set(theirs), name
        for place, records in mine.items():
            assert len(records) == len(theirs[place]), (name, place)
            differ = (n for n, pair in enumerate(zip(records, theirs[place], strict=True))
                      if pair[0] != pair[1])  # fmt: skip
            assert next(differ, None) is None, (name, place)
    assert found.letters == wanted.letters


def test_killed_at_random_moments_it_writes_what_an_undisturbed_run_writes(
    kafka: str, database: str, tape: str, tmp_path: Path, undisturbed: Written
) -> None:
    """Six kills -9 under load: raw topics, market and dead letters are the same, in order."""
    print(f"\nseed {SEED} (VNTAPE_TEST_SEED repeats it)")
    chance = random.Random(SEED)
    make_topics(kafka, tape)
    aims = [place + chance.randrange(2_000) for place in chance.sample(KILLS, len(KILLS))]
    while True:
        run = IngestProcess(tape, THREE_VENUES, kafka, tmp_path, database)
        if not aims:
            assert run.wait() == 0, run.said()
            break
        began = run.done()
        aim = aims.pop()
        deadline = time.monotonic() + 30
        while run.process.poll() is None and time.monotonic() < deadline:
            done = run.done()
            began = began or done
            if began and done - began >= aim:
                break
        assert run.process.poll() is None, f"ended with {len(aims)} kills to come: {run.said()}"
        time.sleep(chance.random() * 0.02)
        run.kill()
    assert_same(asyncio.run(written(kafka, tape)), undisturbed)
    verdict = asyncio.run(verify(kafka, tape))
    assert verdict.ok, verdict.faults
