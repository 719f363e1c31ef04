"""Each safeguard of the pump by itself, on a real broker, as a test that fails without it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from schemas import frames
from schemas.topics import CLASSIFIER_SNAPSHOTS, TRADES_CLASSIFIED
from schemas.trades_classified import TradeClassified
from services.runtime import faust_shell, snapshots
from services.runtime import kafka as clients
from services.runtime.faust_shell import FaustShell
from services.runtime.partition import Partition
from services.runtime.settings_load import load as settings
from tests.support.counting import Counted, service
from tests.support.load import PARTITIONS, load, outcome, output_log
from tests.support.pump_input import numbered, of

pytestmark = pytest.mark.broker


class Ended(BaseException):
    """The process would have ended."""


@pytest.fixture
def no_exit(monkeypatch: pytest.MonkeyPatch) -> None:
    def ended(code: int, event: str, error: BaseException) -> None:
        raise Ended(code, event, str(error))

    monkeypatch.setattr(faust_shell, "end", ended)


@asynccontextmanager
async def a_shell(kafka: str, tape: str, folder: Path) -> AsyncIterator[FaustShell]:
    """A shell that owns all partitions, without a group: events are handed to its agent here."""
    config = settings({}, kafka=kafka, tape=tape, local_dir=folder)
    shell = FaustShell(service(), config, 1)
    await shell.open()
    try:
        await shell.positions(set(range(PARTITIONS)))
        yield shell
    finally:
        await shell.close()


class Stream:
    """Stands where Faust's stream stands: gives the agent these records, some loop turns apart."""

    def __init__(
        self,
        records: list[tuple[int, int, bytes]],
        generation: int = 0,
        wait: Callable[[int], Awaitable[None]] | None = None,
    ) -> None:
        self._records, self._generation, self._wait = records, generation, wait

    def noack(self) -> "Stream":
        return self

    async def events(self) -> AsyncIterator[Any]:
        for number, (partition, offset, value) in enumerate(self._records):
            if self._wait is not None:
                await self._wait(number)
            message = SimpleNamespace(
                partition=partition,
                offset=offset,
                value=value,
                generation_id=self._generation,
                timestamp=0.0,
            )
            yield SimpleNamespace(message=message, ack=lambda: None)
            await asyncio.sleep(0)


async def test_every_snapshot_is_the_state_at_a_frame_boundary(
    kafka: str, tape: str, tmp_path: Path, no_exit: None
) -> None:
    """Taken all the time while frames run: exactly the state of its offset, all outputs below."""
    async with load(kafka, tape):
        pass
    records = numbered(20_000, frame=5)
    async with a_shell(kafka, tape, tmp_path) as shell:
        over = asyncio.Event()
        real_write = shell.pump._writer.write
        written: list[tuple[int, int, int]] = []

        async def noted(number: int, next_offset: int, state: bytes) -> int:
            box = shell._outboxes.get(TRADES_CLASSIFIED.on(tape), number)
            written.append((number, next_offset, box.next_offset))
            return await real_write(number, next_offset, state)

        shell.pump._writer.write = noted  # type: ignore[method-assign]

        async def all_the_time(number: int) -> None:
            while not over.is_set():
                await shell._snapshot(number)
                await asyncio.sleep(0)

        async def behind_snapshots(record: int) -> None:
            while len(written) < record // 20:  # a slow machine takes fewer: wait for them
                await asyncio.sleep(0)

        taking = [asyncio.create_task(all_the_time(n)) for n in range(PARTITIONS)]
        await shell._pump_all(Stream(records, wait=behind_snapshots))
        over.set()
        await asyncio.gather(*taking)
    taken = 0
    for number in range(PARTITIONS):
        values = of(records, number)
        pure: Partition[Counted] = Partition(service(), {TradeClassified: _nowhere}, [])
        for snapshot in await all_snapshots(kafka, tape, number):
            for offset in range(pure.next_offset, snapshot.next_offset):
                pure.run(offset, frames.messages(values[offset]))
            assert snapshot.body() == pure.encode(), f"at {snapshot.next_offset} of {number}"
            taken += 1
    for number, next_offset, acknowledged in written:
        below = outcome(service(), of(records, number)[:next_offset])
        assert acknowledged >= len(below), f"at {next_offset} of {number}: outputs are missing"
    print(f"{taken} snapshots")
    assert taken > 100


def _nowhere(_key: bytes, _value: bytes) -> None:
    pass


async def all_snapshots(kafka: str, tape: str, partition: int) -> list[snapshots.Snapshot]:
    """All of them, each a single chunk."""
    topic = CLASSIFIER_SNAPSHOTS.on(tape)
    found = [
        snapshots.choose([record], 1).snapshot
        async for record in clients.read_all(kafka, topic, partitions=[partition])
    ]
    return [snapshot for snapshot in found if snapshot is not None]


async def test_a_snapshot_waits_until_the_outputs_below_it_are_on_the_broker(
    kafka: str, tape: str, tmp_path: Path, no_exit: None
) -> None:
    """The outputs are held up on their way; as long as they are, no state may be in the log."""
    async with load(kafka, tape):
        pass
    async with a_shell(kafka, tape, tmp_path) as shell:
        gate, real = asyncio.Event(), shell._producer.send_batch

        async def held_up(batch: Any, topic: str, **options: Any) -> Any:
            if topic == TRADES_CLASSIFIED.on(tape):
                await gate.wait()
            return await real(batch, topic, **options)

        shell._producer.send_batch = held_up
        await shell._pump_all(Stream(numbered(2000)))
        saving = asyncio.gather(*(shell._snapshot(number) for number in range(PARTITIONS)))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await asyncio.shield(saving)
        counts = [len(await all_snapshots(kafka, tape, n)) for n in range(PARTITIONS)]
        assert counts == [0] * PARTITIONS
        gate.set()
        await saving
        counts = [len(await all_snapshots(kafka, tape, n)) for n in range(PARTITIONS)]
        assert counts == [1] * PARTITIONS


async def test_the_last_snapshots_are_not_left_out_because_older_ones_are_under_way(
    kafka: str, tape: str, tmp_path: Path, no_exit: None
) -> None:
    """SIGTERM while a snapshot waits for its outputs: what came after it is saved as well."""
    async with load(kafka, tape):
        pass
    records = [r for r in numbered(2000) if r[0] == 0]
    async with a_shell(kafka, tape, tmp_path) as shell:
        gate, real = asyncio.Event(), shell._producer.send_batch

        async def held_up(batch: Any, topic: str, **options: Any) -> Any:
            await gate.wait()
            return await real(batch, topic, **options)

        shell._producer.send_batch = held_up
        await shell._pump_all(Stream(records[:5]))
        older = asyncio.create_task(shell._snapshot(0))
        await asyncio.sleep(0)
        await shell._pump_all(Stream(records[5:9]))
        last = asyncio.create_task(shell._shutdown(shell.app))
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(older, last)
        found = await all_snapshots(kafka, tape, 0)
        assert [snapshot.next_offset for snapshot in found] == [5, 9]


async def test_events_of_an_old_generation_are_left_alone(
    kafka: str, tape: str, tmp_path: Path, no_exit: None
) -> None:
    """They were fetched before a rebalance; what the pump does with them is not its own."""
    async with load(kafka, tape):
        pass
    async with a_shell(kafka, tape, tmp_path) as shell:
        shell.app.consumer_generation_id = 2
        await shell._pump_all(Stream(numbered(500), generation=1))
        assert [p.next_offset for p in shell.pump.partitions.values()] == [0] * PARTITIONS
        shell.pump.keep_only({0})
        await shell._pump_all(Stream(numbered(500), generation=2))
        assert list(shell.pump.partitions) == [0]
        assert shell.pump.partitions[0].next_offset == len(of(numbered(500), 0))


async def test_an_event_that_is_not_the_next_one_is_never_taken(
    kafka: str, tape: str, tmp_path: Path, no_exit: None
) -> None:
    """Below: a repeat, skipped. Above: something is missing, and the process ends."""
    async with load(kafka, tape):
        pass
    records = [r for r in numbered(2000) if r[0] == 0]
    async with a_shell(kafka, tape, tmp_path) as shell:
        await shell._pump_all(Stream(records[:5] + records[2:8]))
        assert shell.pump.partitions[0].next_offset == 8
        with pytest.raises(Ended, match=r"\(70, 'input_hole', .*8 is due, 9 came"):
            await shell._pump_all(Stream(records[9:]))
    log = await output_log(kafka, tape)
    values = of(records, 0)[:8]
    assert log[0] == outcome(service(), values)
