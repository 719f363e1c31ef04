"""Outputs that fail, steps that raise, SIGTERM: nothing is lost, nothing hangs."""

import time
from pathlib import Path

import msgspec
import pytest

from schemas import frames
from schemas.topics import DEAD_LETTERS, MARKET, TRADES_CLASSIFIED
from services.runtime import kafka as clients
from tests.support.broker import configure, ends
from tests.support.counting import BEAST, service
from tests.support.eventually import eventually
from tests.support.load import caught_up, compare, load, output_log
from tests.support.workers import workers

pytestmark = pytest.mark.broker


async def test_a_failing_output_ends_the_process_and_is_sent_again_after_the_restart(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    """The broker refuses a batch (too large); what follows it must not be sent without it."""
    with workers(kafka, tape, tmp_path, snapshot_interval_s=0.2) as crew:
        async with load(kafka, tape) as feed:
            await feed.more(1000)
            worker = crew.start()
            await caught_up(kafka, tape, feed.expected(service()))
            await configure(kafka, TRADES_CLASSIFIED, tape, max_message_bytes="1000")

            async def ended_under_load() -> bool:
                """A broker heeds a new limit some time after it has taken it."""
                await feed.more(500)
                return worker.poll() is not None

            await eventually(ended_under_load, 30)
            assert worker.poll() == 70
            assert worker.said("output_failed")[0]["topic"] == TRADES_CLASSIFIED.on(tape)
            await configure(kafka, TRADES_CLASSIFIED, tape)
            want = feed.expected(service())

            async def supervised() -> bool:
                if worker.poll() is not None:  # also while the broker heeds the small limit still
                    worker.start()
                await caught_up(kafka, tape, want, 2)
                return True

            await eventually(supervised, 30)
            found = compare(want, await output_log(kafka, tape))
            assert (found.missing, found.wrong) == (0, 0)
            assert await worker.stop() == 0


async def test_a_step_that_raises_restarts_once_and_is_quarantined_the_second_time(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    with workers(kafka, tape, tmp_path) as crew:
        async with load(kafka, tape) as feed:
            await feed.more(500)
            number, record = next((n, r[-1]) for n, r in feed.records.items() if r)
            last = next(m for m in reversed(frames.messages(record)) if m.symbol != "*")
            beast = msgspec.structs.replace(last, price=BEAST, seq=feed.next_seq())
            good = msgspec.structs.replace(last, seq=beast.seq + 1)
            kept = frames.encode_frame([good])
            await feed.append(number, frames.encode_frame([beast, good]), counts_as=kept)
            await feed.more(500)
            worker = crew.start()
            assert await worker.ended() == 70
            worker.start()
            want = feed.expected(service())
            await caught_up(kafka, tape, want)
            found = compare(want, await output_log(kafka, tape))
            assert (found.missing, found.wrong) == (0, 0)
            (said,) = worker.said("message_quarantined")
            assert (said["symbol"], said["seq"]) == (beast.symbol, beast.seq)
            assert await worker.stop() == 0
    dead = [r async for r in clients.read_all(kafka, DEAD_LETTERS.on(tape))]
    assert [(r.key, r.value) for r in dead] == [(str(beast.seq).encode(), frames.encode(beast))]
    assert dict(dead[0].headers)["reason"].startswith(b"step_error: ArithmeticError")


async def test_with_step_errors_stop_a_worker_stays_down(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    with workers(kafka, tape, tmp_path, step_errors="stop") as crew:
        async with load(kafka, tape) as feed:
            await feed.more(50)
            number, record = next((n, r[-1]) for n, r in feed.records.items() if r)
            trade = next(m for m in frames.messages(record) if m.symbol != "*")
            beast = msgspec.structs.replace(trade, price=BEAST, seq=feed.next_seq())
            await feed.append(number, frames.encode_frame([beast]))
            worker = crew.start()
            assert await worker.ended() == 78


async def test_sigterm_saves_everything_and_a_restart_begins_at_the_end(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    with workers(kafka, tape, tmp_path, snapshot_interval_s=60) as crew:
        async with load(kafka, tape) as feed:
            await feed.more(3000)
            worker = crew.start()
            await caught_up(kafka, tape, feed.expected(service()))
            begun = time.monotonic()
            assert await worker.stop() == 0
            assert time.monotonic() - begun < 3
            worker.start()
            await eventually(lambda: len(worker.said("assigned")) == 2, 20)
            offsets = worker.said("assigned")[-1]["offsets"]
            end = await ends(kafka, MARKET.on(tape))
            assert {int(n): at for n, at in offsets.items()} == end
            assert await worker.stop() == 0
            assert compare(feed.expected(service()), await output_log(kafka, tape)).repeats == 0


@pytest.mark.soak
async def test_sigterm_under_overload_does_not_hang(kafka: str, tape: str, tmp_path: Path) -> None:
    """All queues full: it leaves its frames where they are, exits 0, and goes on exactly."""
    with workers(kafka, tape, tmp_path) as crew:
        async with load(kafka, tape, frame=5) as feed:
            await feed.more(120_000)
            worker = crew.start(padding=4096)
            await eventually(lambda: worker.said("assigned"), 20)

            async def some_are_out() -> bool:
                return sum((await ends(kafka, TRADES_CLASSIFIED.on(tape))).values()) > 2000

            await eventually(some_are_out, 20)
            begun = time.monotonic()
            assert await worker.stop() == 0
            took = time.monotonic() - begun
            print(f"stopped under load in {took:.2f} s")
            assert took < 5
            done = sum((await ends(kafka, TRADES_CLASSIFIED.on(tape))).values())
            assert done < 120_000, "it was not under load"
            worker.start()
            want = feed.expected(service())
            await caught_up(kafka, tape, want)
            found = compare(want, await output_log(kafka, tape))
            assert (found.missing, found.wrong) == (0, 0)
            assert await worker.stop() == 0
