"""The board as a real Faust worker on a real broker: killed under load, and compacted."""

import asyncio
from collections import Counter, defaultdict
from pathlib import Path

import msgspec
import pytest

from schemas.frames import messages
from schemas.topic import Topic
from schemas.topics import BOARD, INDEX_VALUES, INSTRUMENTS, SESSIONS
from services.board.app import SERVICE
from services.runtime.partition import Partition, Sink
from tests.support.broker import configure
from tests.support.eventually import eventually
from tests.support.load import PARTITIONS, Load, Output, compare, load, output_log
from tests.support.price_tape import price_messages
from tests.support.workers import killed, workers

pytestmark = pytest.mark.broker

LATEST = (BOARD, INSTRUMENTS, SESSIONS, INDEX_VALUES)
SYMBOLS = 60

Logs = dict[str, dict[int, list[Output]]]
"""Topic -> partition -> its records."""
View = dict[tuple[str, int, bytes], bytes]
"""(topic, partition, key) -> value: what a reader holds of a compacted topic."""


def undisturbed(feed: Load) -> Logs:
    """What everything sent so far must give, computed here."""
    logs: Logs = {topic.name: defaultdict(list) for topic in LATEST}
    for number, records in feed.records.items():

        def sink(topic: Topic, at: int = number) -> Sink:
            return lambda key, value: logs[topic.name][at].append((key, value))

        sinks = {kind: sink(topic) for kind, topic in SERVICE.outputs.items()}
        partition = Partition(SERVICE, sinks, [])
        for offset, record in enumerate(records):
            partition.run(offset, messages(record))
    return logs


async def in_kafka(kafka: str, tape: str) -> Logs:
    return {topic.name: await output_log(kafka, tape, topic) for topic in LATEST}


def view(logs: Logs) -> View:
    """By a late reader's rule: of each key the newest `(seq, part)`, wherever it stands."""
    held: View = {}
    newest: dict[tuple[str, int, bytes], tuple[int, int]] = {}
    for topic, partitions in logs.items():
        for number, records in partitions.items():
            for key, value in records:
                head = msgspec.json.decode(value)
                place, at = (topic, number, key), (head["seq"], head.get("part", 0))
                if at > newest.get(place, (-1, 0)):
                    newest[place], held[place] = at, value
    return held


async def caught_up(kafka: str, tape: str, want: Logs) -> Logs:
    """The logs, once every partition of every topic ends as it must."""
    ends = {(t, n): records[-1] for t, parts in want.items() for n, records in parts.items()}

    async def there() -> Logs | None:
        got = await in_kafka(kafka, tape)
        found = {(t, n): records[-1] for t, parts in got.items() for n, records in parts.items()}
        return got if found == ends else None

    got = await eventually(there, 30, every=0.3)
    assert got is not None
    return got


async def test_killed_under_load_a_late_reader_sees_what_an_undisturbed_run_gives(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    """Byte for byte: every record by the reader's rule, and the view of all keys."""
    with workers(kafka, tape, tmp_path, snapshot_interval_s=0.2) as crew:
        async with load(kafka, tape, source=price_messages(SYMBOLS, 1)) as feed:
            over = asyncio.Event()
            flow = asyncio.create_task(feed.flow(over))
            worker = crew.start_service("board")
            await killed(worker, 3)
            over.set()
            await flow
            want = undisturbed(feed)
            got = await caught_up(kafka, tape, want)
            await eventually(lambda: len(worker.said("assigned")) > 3, 20)
            assert await worker.stop() == 0
    repeats = 0
    for topic in LATEST:
        found = compare(want[topic.name], got[topic.name])
        assert (found.missing, found.wrong, found.same_order) == (0, 0, True), topic.name
        repeats += found.repeats
    assert repeats > 0, "no kill came between an output and its snapshot: no crash was tested"
    held = view(got)
    assert held == view(want)
    keys = Counter(topic for topic, _, _ in held)
    assert (keys["board"], keys["instruments"], keys["index-values"]) == (SYMBOLS, SYMBOLS + 1, 1)
    assert keys["sessions"] >= 2 * PARTITIONS, "both exchanges, in every partition"


async def test_the_broker_compacts_and_a_reader_from_the_beginning_has_the_whole_picture(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    """Old records of a key leave the log by the topic's own settings; the newest of all stay."""
    with workers(kafka, tape, tmp_path) as crew:
        async with load(kafka, tape, source=price_messages(SYMBOLS, 2)) as feed:
            await configure(kafka, BOARD, tape, segment_ms="500")  # not ten minutes
            worker = crew.start_service("board")
            await feed.more(60_000)
            want = undisturbed(feed)
            written = sum(map(len, want["board"].values()))

            async def compacted() -> View | None:
                await feed.more(200)
                got = await in_kafka(kafka, tape)
                left = sum(map(len, got["board"].values()))
                return view(got) if left < written / 2 else None

            await eventually(compacted, 60, every=1.0)
            held = view(await caught_up(kafka, tape, undisturbed(feed)))
            assert held == view(undisturbed(feed))
            assert await worker.stop() == 0
