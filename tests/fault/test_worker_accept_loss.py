"""After expired input: `accept-loss` draws a gap, and the worker goes on."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from schemas.market import Gap
from schemas.topics import MARKET, TRADES_CLASSIFIED
from services.commands.accept_loss import command
from services.runtime.accept_loss import Acceptance, WorkersAliveError, _gap
from services.runtime.settings_load import load as settings
from tests.support.broker import ends, expire
from tests.support.counting import service
from tests.support.eventually import eventually
from tests.support.load import caught_up, load, output_log, readers_rule
from tests.support.workers import workers

pytestmark = pytest.mark.broker


async def accept(kafka: str, tape: str) -> int:
    """What the command does, for the counting service."""
    async with Acceptance(service(), settings({}, kafka=kafka, tape=tape)) as acceptance:
        return await acceptance.accept(await acceptance.losses())


async def test_accepted_loss_leaves_a_gap_and_the_worker_goes_on(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    with workers(kafka, tape, tmp_path) as crew:
        async with load(kafka, tape) as feed:
            await feed.more(2000)
            worker = crew.start()
            await caught_up(kafka, tape, feed.expected(service()))
            with pytest.raises(WorkersAliveError, match="1 worker"):
                await accept(kafka, tape)
            assert await worker.stop() == 0
            stood = await ends(kafka, MARKET.on(tape))
            await feed.more(2000)
            left = await ends(kafka, MARKET.on(tape))
            await feed.more(2000)
            await expire(kafka, MARKET.on(tape), {0: left[0], 1: left[1]})
            worker.start()
            assert await worker.ended() == 78

            gaps = await eventually(lambda: _once_empty(kafka, tape), 15)
            assert gaps == 2

            before = {n: len(r) for n, r in (await output_log(kafka, tape)).items()}
            worker.start()
            await eventually(lambda: len(worker.said("assigned")) == 2, 20)
            offsets = worker.said("assigned")[-1]["offsets"]
            assert offsets == {str(n): left[n] if n < 2 else stood[n] for n in range(4)}
            await feed.more(1000)
            whole = feed.expected(service())
            last = {number: seq(outputs[-1]) for number, outputs in whole.items()}

            async def all_is_done() -> bool:
                log = await output_log(kafka, tape)
                return last == {number: seq(log[number][-1]) for number in last}

            await eventually(all_is_done, 20, every=0.3)
            assert await worker.stop() == 0

    log = await output_log(kafka, tape)
    for number in (2, 3):
        assert readers_rule(log[number]) == whole[number], "nothing was lost here"
    for number in (0, 1):
        kept = readers_rule(log[number])
        at = before[number] - 1
        gap = msgspec.json.decode(kept[at][1], type=Gap)
        assert (gap.cause, gap.symbol, gap.venue) == ("accepted_loss", "*", "VN")
        assert gap.from_ts_ms < gap.to_ts_ms
        earlier, later = kept[:at], kept[at + 1 :]
        assert earlier == whole[number][:at]
        assert len(later) > 100
        assert {seq(o) for o in later} <= {seq(o) for o in whole[number]}
        assert max(map(seq, earlier)) < gap.seq < min(map(seq, later))
        trades = [msgspec.json.decode(o[1]) for o in later]
        gaps_seen = {t["total_volume"] for t in trades if t["type"] == "trade_classified"}
        assert gaps_seen <= {0, 1}, "units that were there saw the gap once; new ones never"
        assert 1 in gaps_seen
    assert len(readers_rule(log[0])) == len(log[0]), "no run collided with what was told before"


def seq(output: tuple[bytes, bytes]) -> int:
    found: int = msgspec.json.decode(output[1])["seq"]
    return found


async def _once_empty(kafka: str, tape: str) -> int:
    try:
        return await accept(kafka, tape)
    except WorkersAliveError as e:
        raise AssertionError(str(e)) from e


async def test_a_service_that_never_ran_gets_an_empty_state_at_the_first_offset(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    async with load(kafka, tape) as feed:
        await feed.more(2000)
        await expire(kafka, MARKET.on(tape), dict.fromkeys(range(4), 10))
        assert await accept(kafka, tape) == 4
        with workers(kafka, tape, tmp_path) as crew:
            worker = crew.start()
            await eventually(lambda: worker.said("assigned"), 20)
            assert set(worker.said("assigned")[0]["offsets"].values()) == {10}
            assert await worker.stop() == 0
    for records in (await output_log(kafka, tape)).values():
        assert msgspec.json.decode(records[0][1])["cause"] == "accepted_loss"


async def test_nothing_lost_is_said_and_nothing_is_written(kafka: str, tape: str) -> None:
    """Through the command line, on the classifier itself."""
    async with load(kafka, tape) as feed:
        await feed.more(100)
    environment = {"VNTAPE_KAFKA": kafka, "VNTAPE_DATABASE_URL": "postgresql://none"}
    invoke = CliRunner().invoke
    result = await asyncio.to_thread(
        invoke, command, ["classifier", "--tape", tape, "--yes"], env=environment
    )
    assert result.exit_code == 0, result.output
    assert "nothing is lost" in result.output
    assert sum((await ends(kafka, TRADES_CLASSIFIED.on(tape))).values()) == 0


@pytest.mark.parametrize(
    ("known", "survivor", "told", "at"),
    [
        (1000, 5000, 900, 4999),
        (1000, 5000, 4999, 5000),
        (1000, 5000, 7000, 7001),
        (1000, None, 900, 1001),
        (0, 5000, 0, 4999),
    ],
)
def test_the_gap_stands_behind_what_readers_have_and_before_what_is_left(
    known: int, survivor: int | None, told: int, at: int
) -> None:
    assert _gap("VN", known, survivor, told).seq == at
