"""The pump wired into a real Faust worker: what comes out, and what goes to the dead letters."""

from functools import partial
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas import frames
from schemas.keys import partition
from schemas.market import Trade
from schemas.topics import DEAD_LETTERS
from services.runtime import kafka as clients
from tests.support.counting import service
from tests.support.eventually import eventually
from tests.support.load import PARTITIONS, caught_up, compare, load, output_log
from tests.support.workers import workers

pytestmark = pytest.mark.broker

SEQ = 1_700_000_000_000_001
HOME = partition("AAA", PARTITIONS)


def line(number: int) -> bytes:
    return frames.encode(
        Trade(symbol="AAA", feed="t", seq=SEQ + number, ts_ms=1, price=10.0, volume=100)
    )


POISON_LINES = (
    b'{"type":"trade","symbol":"AAA","seq":1700000000000042,"price":"x"}',
    b'{"type":"unheard of","seq":1700000000000043}',
    b'{"type":"trade","seq":1700000000000044',
    b"[]",
)
POISON_RECORDS = (b"\x00\xff\xfe not a frame at all", b'{"seq":1700000000000045}')


async def test_poison_goes_to_the_dead_letters_verbatim_and_the_next_message_flows(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    """Bad lines and whole bad records, keyed by the source's seq; the good ones all come out."""
    with workers(kafka, tape, tmp_path) as crew:
        async with load(kafka, tape) as feed:
            for number, poison in enumerate(POISON_LINES):
                good, after = line(2 * number), line(2 * number + 1)
                frame = b"\n".join((good, poison, after))
                await feed.append(HOME, frame, counts_as=good + b"\n" + after)
            for poison in POISON_RECORDS:
                await feed.append(HOME, poison, counts_as=b"")
            await feed.append(HOME, line(100))
            worker = crew.start()
            want = feed.expected(service())
            await caught_up(kafka, tape, want)
            found = compare(want, await output_log(kafka, tape))
            assert (found.missing, found.wrong, found.right) == (0, 0, len(want[HOME]))
            assert await worker.stop() == 0
    dead = [r async for r in clients.read_all(kafka, DEAD_LETTERS.on(tape))]
    assert [r.value for r in dead] == [*POISON_LINES, *POISON_RECORDS]
    assert [r.key for r in dead[:3]] == [
        b"1700000000000042",
        b"1700000000000043",
        b"1700000000000044",
    ]
    head = dict(dead[1].headers)
    assert head["reason"].startswith(b"undecodable: ")
    assert head["topic"] == f"{tape}.market".encode()
    assert (head["partition"], head["offset"], head["index"]) == (b"%d" % HOME, b"1", b"1")


async def test_a_record_that_is_no_message_does_not_stay_waiting(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    """The last record of a quiet topic: its place is told, or lag and stall would be alerted."""
    with workers(kafka, tape, tmp_path, snapshot_interval_s=1) as crew:
        async with load(kafka, tape) as feed:
            await feed.append(HOME, line(0))
            crew.start()
            group = AIOKafkaConsumer(bootstrap_servers=kafka, group_id=service().app_id(tape))
            await group.start()
            place = TopicPartition(f"{tape}.market", HOME)
            group.assign([place])

            async def stands_at(offset: int) -> bool:
                return await group.committed(place) == offset

            try:
                await eventually(partial(stands_at, 1), 20, every=0.5)
                await feed.append(HOME, POISON_RECORDS[0], counts_as=b"")
                await eventually(partial(stands_at, 2), 20, every=0.5)
            finally:
                await group.stop()


async def test_more_bad_messages_in_a_row_than_the_limit_stop_the_worker_for_good(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    """One good line first: it must not hide the row of bad ones that follows in its frame."""
    with workers(kafka, tape, tmp_path, dead_letters_in_a_row=20) as crew:
        async with load(kafka, tape) as feed:
            await feed.append(HOME, b"\n".join([line(0), *[b"{}"] * 21]))
            worker = crew.start()
            assert await worker.ended() == 78
            (said,) = worker.said("too_many_dead_letters")
            assert "21 bad messages in a row" in said["error"]


async def test_idle_worker_is_told_from_a_starting_one(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    with workers(kafka, tape, tmp_path) as crew:
        async with load(kafka, tape):
            worker = crew.start()
            await eventually(lambda: crew.health()["state"] == "ok", 20)
            assert crew.health()["waiting_records"] == 0
            assert await worker.stop() == 0
