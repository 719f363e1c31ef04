"""What a worker refuses to do, with a sentence and exit status 78, rather than guess."""

import signal
from pathlib import Path

import pytest

from schemas.topics import CLASSIFIER_SNAPSHOTS, MARKET
from services.runtime.accept_loss import alive
from tests.support.broker import empty, ends, expire
from tests.support.counting import service
from tests.support.eventually import eventually
from tests.support.load import caught_up, compare, load, output_log
from tests.support.workers import Worker, workers

pytestmark = pytest.mark.broker


def refusal(worker: Worker) -> str:
    """The sentence of the last refusal."""
    return str(worker.said("refused")[-1]["error"])


async def test_input_that_expired_is_refused_not_skipped(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    with workers(kafka, tape, tmp_path) as crew:
        async with load(kafka, tape) as feed:
            await feed.more(2000)
            worker = crew.start()
            await caught_up(kafka, tape, feed.expected(service()))
            assert await worker.stop() == 0
            stood = await ends(kafka, MARKET.on(tape))
            await feed.more(2000)
            await expire(kafka, MARKET.on(tape), {0: stood[0] + 3, 1: stood[1] + 4})
            worker.start()
            assert await worker.ended() == 78
            assert "input expired, 7 records" in refusal(worker)
            assert "vntape accept-loss" in refusal(worker)


async def test_input_that_expires_under_a_stopped_worker_is_refused_when_it_goes_on(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    """The broker says "out of range"; the worker restarts, and then refuses with the sentence."""
    with workers(kafka, tape, tmp_path, snapshot_interval_s=60, session_timeout_s=30) as crew:
        async with load(kafka, tape) as feed:
            await feed.more(400)
            worker = crew.start()
            await caught_up(kafka, tape, feed.expected(service()))
            worker.signal(signal.SIGSTOP)
            await feed.more(4000)
            await expire(kafka, MARKET.on(tape), dict.fromkeys(range(4), 15))
            worker.signal(signal.SIGCONT)
            code = await worker.ended(20)
            if code == 70:
                worker.start()
                code = await worker.ended(20)
            assert code == 78
            assert "input expired" in refusal(worker)


async def test_snapshots_lost_with_all_input_there_recomputes_and_readers_see_only_repeats(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    with workers(kafka, tape, tmp_path) as crew:
        async with load(kafka, tape) as feed:
            await feed.more(3000)
            worker = crew.start()
            await caught_up(kafka, tape, feed.expected(service()))
            assert await worker.stop() == 0
            await empty(kafka, CLASSIFIER_SNAPSHOTS, tape)
            worker.start()
            await eventually(lambda: len(worker.said("assigned")) == 2, 20)
            assert set(worker.said("assigned")[-1]["offsets"].values()) == {0}
            await feed.more(3000)
            want = feed.expected(service())
            await caught_up(kafka, tape, want)
            found = compare(want, await output_log(kafka, tape))
            assert (found.missing, found.wrong) == (0, 0)
            assert found.repeats >= 3000
            assert await worker.stop() == 0


async def test_snapshots_lost_and_input_no_longer_from_its_beginning_is_refused(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    with workers(kafka, tape, tmp_path) as crew:
        async with load(kafka, tape) as feed:
            await feed.more(3000)
            worker = crew.start()
            await caught_up(kafka, tape, feed.expected(service()))
            assert await worker.stop() == 0
            await empty(kafka, CLASSIFIER_SNAPSHOTS, tape)
            await expire(kafka, MARKET.on(tape), {2: 5})
            worker.start()
            assert await worker.ended() == 78
            assert "input expired, 5 records" in refusal(worker)


async def test_a_snapshot_of_another_state_version_is_refused(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    with workers(kafka, tape, tmp_path) as crew:
        async with load(kafka, tape) as feed:
            await feed.more(500)
            worker = crew.start()
            await caught_up(kafka, tape, feed.expected(service()))
            assert await worker.stop() == 0
            newer = crew.start(2, version=2)
            assert await newer.ended() == 78
            assert "written by state version 1, this service is version 2" in refusal(newer)
            before = await output_log(kafka, tape)
            assert compare(feed.expected(service()), before).repeats == 0


async def test_an_input_topic_made_anew_under_a_worker_is_refused(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    """Its offsets start again below the state: reading on would skip what they say."""
    with workers(kafka, tape, tmp_path) as crew:
        async with load(kafka, tape) as feed:
            await feed.more(3000)
            worker = crew.start()
            await caught_up(kafka, tape, feed.expected(service()))
            await empty(kafka, MARKET, tape)

            async def the_group_forgot_it() -> bool:
                # Within the session timeout a static member gets its old assignment, here none.
                return not await alive(kafka, service().app_id(tape))

            code = await worker.ended(20)
            if code == 70:  # it saw the log end below its place; else a rebalance came before that
                await eventually(the_group_forgot_it, 15)
                worker.start()
                code = await worker.ended(20)
            assert code == 78
            assert "this is another log" in refusal(worker)
