"""SIGKILL at random moments, zombies and twins: what readers see is never wrong."""

import asyncio
import os
import random
import signal
from pathlib import Path

import pytest

from tests.support.counting import service
from tests.support.eventually import eventually
from tests.support.load import Difference, Load, caught_up, compare, load, output_log
from tests.support.workers import Workers, workers

pytestmark = pytest.mark.broker

SEED = int(os.environ.get("VNTAPE_TEST_SEED", random.SystemRandom().randrange(10_000)))


async def difference(feed: Load, kafka: str, tape: str, seconds: float = 40.0) -> Difference:
    """Wait for the last output, then compare everything."""
    want = feed.expected(service())
    await caught_up(kafka, tape, want, seconds)
    found = compare(want, await output_log(kafka, tape))
    print(f"{tape}: {found}")
    return found


def assert_exact(found: Difference) -> None:
    assert (found.missing, found.wrong) == (0, 0)
    assert found.same_order


async def kills_under_load(
    kafka: str, tape: str, folder: Path, seed: int, kills: int, padding: int = 0
) -> Difference:
    rng = random.Random(seed)
    print(f"seed {seed}, {kills} kills; VNTAPE_TEST_SEED={seed} repeats it")
    with workers(kafka, tape, folder, snapshot_interval_s=0.2) as crew:
        async with load(kafka, tape, seed=seed) as feed:
            over = asyncio.Event()
            flow = asyncio.create_task(feed.flow(over))
            worker = crew.start(padding=padding)
            for _ in range(kills):
                before = len(worker.said("assigned"))
                await eventually(lambda n=before: len(worker.said("assigned")) > n - 1, 20)
                await asyncio.sleep(rng.uniform(0.0, 0.8))
                worker.kill()
                worker.start()
                await eventually(lambda n=before: len(worker.said("assigned")) > n, 20)
            over.set()
            await flow
            found = await difference(feed, kafka, tape)
            assert await worker.stop() == 0
            return found


async def test_ten_kills_under_load_lose_and_alter_nothing(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    """Killed ten times at random while input flows, the readers' view is byte for byte exact."""
    found = await kills_under_load(kafka, tape, tmp_path, SEED, kills=10)
    assert_exact(found)
    assert found.repeats > 0, "no kill came between an output and its snapshot: no crash was tested"


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("round_", range(5))
async def test_many_kills_with_heavy_state(
    kafka: str, tape: str, tmp_path: Path, round_: int
) -> None:
    """The same with 4 KB a symbol, 20 kills a round."""
    found = await kills_under_load(kafka, tape, tmp_path, SEED + round_, kills=20, padding=4096)
    assert_exact(found)


async def test_workers_join_leave_and_are_killed_and_what_they_write_is_exact(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    """
    Under load partitions move to whoever is there, and readers see what one worker would write.

    Those of a worker that leaves cleanly at once: nobody waits for its session to time out.
    """
    with workers(kafka, tape, tmp_path, snapshot_interval_s=0.3) as crew:
        async with load(kafka, tape, seed=SEED) as feed:
            over = asyncio.Event()
            flow = asyncio.create_task(feed.flow(over))
            first, slow = crew.start(1), crew.make(3, session_timeout_s=60)
            await eventually(lambda: first.said("assigned"), 20)
            slow.start()
            await eventually(lambda: owned(crew, 1) == owned(crew, 3) == 2, 20)
            assert await slow.stop() == 0
            await eventually(lambda: owned(crew, 1) == 4, 10)
            second = crew.start(2)
            await eventually(lambda: owned(crew, 1) == owned(crew, 2) == 2, 20)
            first.kill()
            await eventually(lambda: owned(crew, 2) == 4, 20)
            first.start()
            await eventually(lambda: owned(crew, 1) == owned(crew, 2) == 2, 20)
            over.set()
            await flow
            assert_exact(await difference(feed, kafka, tape))
            assert await second.stop() == 0
            assert await first.stop() == 0


async def test_workers_stopped_one_close_behind_the_other_all_end_well(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    """Each leaves the group while those before it make the others share the partitions anew."""
    with workers(kafka, tape, tmp_path) as crew:
        async with load(kafka, tape):
            numbers = (1, 2, 3, 4)  # of three, Faust may leave one idle: 2 + 2 + 0 is even to it
            all_ = [crew.start(number) for number in numbers]
            await eventually(lambda: [owned(crew, n) for n in numbers] == [1, 1, 1, 1], 60)
            for worker in all_:
                worker.signal(signal.SIGTERM)
                await asyncio.sleep(0.15)  # less than an end takes, more than a leave does
            assert [await worker.ended() for worker in all_] == [0, 0, 0, 0]


def owned(crew: Workers, number: int) -> int:
    """How many partitions a worker says it owns."""
    return len(crew.health(number).get("partitions", ()))


async def test_zombie_harms_nobody(kafka: str, tape: str, tmp_path: Path) -> None:
    """
    Stopped beyond the session timeout, taken over, continued, all killed, then more input.

    The input after the restart is what tells: it is computed from whatever the zombie left.
    """
    with workers(kafka, tape, tmp_path, snapshot_interval_s=0.2) as crew:
        async with load(kafka, tape, seed=SEED) as feed:
            over = asyncio.Event()
            flow = asyncio.create_task(feed.flow(over))
            first, second = crew.start(1), crew.start(2)
            await eventually(lambda: owned(crew, 1) == owned(crew, 2) == 2, 20)
            first.signal(signal.SIGSTOP)
            await eventually(lambda: owned(crew, 2) == 4, 20)
            await asyncio.sleep(1)  # the successor gets ahead of what the zombie holds
            first.signal(signal.SIGCONT)
            await asyncio.sleep(1)  # the zombie writes what it can
            first.kill()
            second.kill()
            over.set()
            await flow
            await feed.more(10_000)
            third = crew.start(3)
            assert_exact(await difference(feed, kafka, tape))
            assert await third.stop() == 0


async def test_two_groups_that_both_own_everything(kafka: str, tape: str, tmp_path: Path) -> None:
    """
    Twins sharing outputs and snapshots, killed in turn: still exact for a reader.

    Half of all is sent when both stand, and so computed by both: more than a third is repeated.
    """
    rng = random.Random(SEED)
    with workers(kafka, tape, tmp_path, snapshot_interval_s=0.2) as crew:
        async with load(kafka, tape, seed=SEED) as feed:
            over = asyncio.Event()
            flow = asyncio.create_task(feed.flow(over))
            twins = [crew.start(1), crew.start(1, group="twin")]
            for turn, twin in enumerate(twins * 2):
                await eventually(lambda w=twin, n=turn // 2: len(w.said("assigned")) > n, 20)
                await asyncio.sleep(rng.uniform(0.2, 0.8))
                twin.kill()
                twin.start()
            over.set()
            await flow
            for twin in twins:
                await eventually(lambda w=twin: len(w.said("assigned")) == 3, 20)
            await feed.more(feed.sent)  # as much again, which both compute

            async def both() -> bool:
                found = await difference(feed, kafka, tape)
                assert_exact(found)
                assert found.repeats > found.right / 3, "they did not both compute everything"
                return True

            await eventually(both, 30, every=0.5)
            assert_exact(await difference(feed, kafka, tape))
