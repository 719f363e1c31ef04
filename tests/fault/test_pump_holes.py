"""A hole in the input, readers who forget a part, an output that failed: each ends as it must."""

import os
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from schemas.topics import MARKET
from tests.support.broker import ends
from tests.support.counting import service
from tests.support.eventually import eventually
from tests.support.load import compare, load, outcome, output_log, readers_rule
from tests.support.pump_input import numbered, of
from tests.support.workers import workers

pytestmark = pytest.mark.broker


async def test_a_hole_in_the_input_is_met_by_one_more_seek_and_then_the_end(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    """The end of a transaction takes an offset that no reader ever gets: a real hole."""
    with workers(kafka, tape, tmp_path) as crew:
        async with load(kafka, tape) as feed:
            await feed.more(300)
            worker = crew.start()
            await eventually(lambda: crew.health()["state"] == "ok", 20)
            foreign = AIOKafkaProducer(bootstrap_servers=kafka, transactional_id=tape)
            await foreign.start()
            async with foreign.transaction():
                await foreign.send_and_wait(MARKET.on(tape), b"", partition=1)
            await foreign.stop()

            async def marked() -> bool:
                """The mark of a transaction's end is written some time after it has ended."""
                return (await ends(kafka, market))[1] == len(feed.records[1]) + 2

            market = MARKET.on(tape)
            await eventually(marked)
            feed.records[1].append(b"")
            await feed.more(2000)
            assert await worker.ended() == 70
            assert len(worker.said("hole_in_input")) == 1, "the second line within 1 s is dropped"
            hole = worker.said("input_hole")[0]
            assert (hole["partition"], hole["got"]) == (1, hole["at"] + 1)
            before = compare(feed.expected(service()), await output_log(kafka, tape))
            assert before.wrong == 0, "it went on over the hole"


async def test_readers_who_forget_the_part_lose_outputs(kafka: str, tape: str) -> None:
    """What `part` is for: two outputs of one input are two records of one seq."""
    values = of(numbered(3000), 0)
    outputs = outcome(service(), values)
    assert readers_rule(outputs) == outputs
    assert len(readers_rule(outputs, use_part=False)) < len(outputs)


def test_end_of_a_failed_output_is_a_real_exit() -> None:
    """`die` ends the process at once: no cleanup could send what is still queued."""
    child = os.fork()
    if not child:
        from services.runtime.outbox import die

        try:
            die("topic", 0, ConnectionError())
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 70
