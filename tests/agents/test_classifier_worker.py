"""The classifier as a real Faust worker on a real broker, killed under load: both its topics."""

import asyncio
from collections import defaultdict
from pathlib import Path

import msgspec
import pytest

from schemas.frames import messages
from schemas.session_flow import SessionFlow
from schemas.topics import SESSION_FLOW, TRADES_CLASSIFIED
from schemas.trades_classified import TradeClassified
from services.classifier.app import SERVICE
from services.runtime.partition import Partition
from tests.support.eventually import eventually
from tests.support.load import Load, Output, compare, load, output_log
from tests.support.workers import killed, workers

pytestmark = pytest.mark.broker

Log = dict[int, list[Output]]


def undisturbed(feed: Load) -> tuple[Log, Log]:
    """Partition -> what everything sent so far must give: trades with the clocks, and rows."""
    trades: Log = defaultdict(list)
    rows: Log = defaultdict(list)
    for number, records in feed.records.items():

        def trade(key: bytes, value: bytes, at: int = number) -> None:
            trades[at].append((key, value))

        def row(key: bytes, value: bytes, at: int = number) -> None:
            rows[at].append((key, value))

        partition = Partition(SERVICE, {TradeClassified: trade, SessionFlow: row}, [trade])
        for offset, record in enumerate(records):
            partition.run(offset, messages(record))
    return trades, rows


async def test_killed_under_load_both_topics_hold_what_an_undisturbed_run_gives(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    """Byte for byte by the reader's rule; in every row the parts are the total."""
    with workers(kafka, tape, tmp_path, snapshot_interval_s=0.2) as crew:
        async with load(kafka, tape) as feed:
            over = asyncio.Event()
            flow = asyncio.create_task(feed.flow(over, per_s=5000))
            worker = crew.start_service("classifier")
            await killed(worker, 2, 60)
            over.set()
            await flow
            await eventually(lambda: len(worker.said("assigned")) > 2, 60)
            await feed.more(20_000)
            trades, rows = undisturbed(feed)

            async def both() -> tuple[Log, Log] | None:
                got = [await output_log(kafka, tape, t) for t in (TRADES_CLASSIFIED, SESSION_FLOW)]
                ends = [{n: log[-1] for n, log in each.items()} for each in (*got, trades, rows)]
                return (got[0], got[1]) if ends[:2] == ends[2:] else None

            got = await eventually(both, 60, every=0.3)
            assert got is not None
            assert await worker.stop() == 0
    for want, found in zip((trades, rows), got, strict=True):
        difference = compare(want, found)
        assert (difference.missing, difference.wrong, difference.same_order) == (0, 0, True)
    assert sum(map(len, rows.values())) > 100
    for _, value in (each for log in rows.values() for each in log):
        r = msgspec.json.decode(value, type=SessionFlow)
        sides = r.buy_volume + r.sell_volume + r.neutral_volume
        assert sides + r.unknown_volume == pytest.approx(r.total_volume, abs=1e-8)
