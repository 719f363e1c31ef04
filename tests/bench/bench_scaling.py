"""
More workers: how fast, at what cost, and what their coming and going costs.

    python -m tests.bench.bench_scaling [rates] [stalls]

Rates: workers that own their share of 12 partitions already are stopped (SIGSTOP), the tape is
filled, they go on (SIGCONT), and the last nine tenths of the outputs are timed, with what the
workers had of the cores.
Stalls: under an even load workers join, leave, are killed; a stall is the longest time in which
a partition got no new output, by the broker's append times. What was written is compared with
what one undisturbed worker gives.
"""

import asyncio
import os
import signal
import sys
import tempfile
from pathlib import Path

from services.classifier.app import SERVICE
from services.runtime.settings import Settings
from services.stack import Addresses
from tests.bench.bench_pump import FRAME, PARTITIONS, SYMBOLS, Bench, Outputs, Source
from tests.bench.scaling_stalls import Watch, advances, table
from tests.support.eventually import eventually
from tests.support.load import Load, caught_up, compare, load, output_log
from tests.support.stack import shared_stack
from tests.support.workers import Worker, Workers, workers

WORKERS = (1, 2, 3, 4)
BACKLOG = 600_000
PER_S = 4_000
"""Each partition gets a record each 50 ms: what is longer is a stall."""
CALM_S, APART_S = 2.0, 0.5
"""After each event, within and without its span: a stall begins a moment before its cause."""
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def defaults(*names: str) -> dict[str, object]:
    """Settings as an operator finds them."""
    return {name: Settings.model_fields[name].default for name in names}


class Crew:
    """Workers of the classifier on one tape, by number; those that are to live."""

    def __init__(self, all_: Workers) -> None:
        self._all, self.live = all_, dict[int, Worker]()

    async def start(self, *numbers: int) -> None:
        """Start them; returns when the partitions are shared evenly."""
        for number in numbers:
            self.live[number] = self._all.start_service("classifier", number)
        await self.shared()

    async def shared(self) -> None:
        """Every partition has a worker, every worker its share."""

        def evenly() -> bool:
            owned = [self._all.health(number)["partitions"] for number in self.live]
            assert sorted(n for each in owned for n in each) == list(range(PARTITIONS)), owned
            return max(map(len, owned)) - min(map(len, owned)) <= 1

        await eventually(evenly, 60, every=0.05)

    async def stop(self, number: int) -> None:
        """As an operator does, for good."""
        assert await self.live.pop(number).stop() == 0
        await self.shared()

    async def restart(self, number: int) -> None:
        """As an upgrade does."""
        worker = self.live[number]
        assert await worker.stop() == 0
        worker.start()
        await self.shared()

    async def kill(self, number: int, back: bool) -> None:
        """SIGKILL; `back`: started again at once, as the supervisor does."""
        worker = self.live.pop(number)
        worker.kill()
        if back:
            worker.start()
            self.live[number] = worker
        await self.shared()


def cpu_s(workers: list[Worker]) -> float:
    """What these processes have had of the cores, all threads, in seconds."""
    fields = [Path(f"/proc/{w.pid}/stat").read_text().rpartition(")")[2].split() for w in workers]
    return sum(int(utime) + int(stime) for *_, utime, stime in (f[:13] for f in fields)) * _TICK_S


async def rate(addresses: Addresses, folder: Path, count: int) -> str:
    """One line: so many workers and a backlog."""
    folder.mkdir()
    bench, source = Bench(addresses, folder), Source(SYMBOLS)
    tape = await bench.tape()
    try:
        with workers(addresses.kafka, tape, folder, session_timeout_s=60) as all_:
            crew = Crew(all_)
            await crew.start(*range(1, count + 1))
            for worker in crew.live.values():
                worker.signal(signal.SIGSTOP)
            await bench.feed(tape, source.take(BACKLOG))
            async with Outputs(bench, tape) as outputs:
                for worker in crew.live.values():
                    worker.signal(signal.SIGCONT)
                # From a tenth on: until then they wake up, and find their connections old.
                began = await outputs.reach(BACKLOG // 10)
                done, had = await outputs.count(), cpu_s(list(crew.live.values()))
                took = await outputs.reach(BACKLOG) - began
            done, had = BACKLOG - done, cpu_s(list(crew.live.values())) - had
            for worker in crew.live.values():
                assert await worker.stop() == 0
    finally:
        await bench.close()
    return f"{count:7} {done / took / 1000:12.0f} {had / took:9.2f} {done / had / 1000:17.0f}"


async def rates(addresses: Addresses, folder: Path) -> None:
    """The first table."""
    print(f"classifier, {BACKLOG:,} messages of {SYMBOLS} symbols, {FRAME} in a frame, waiting")
    print("workers   k msgs/s     cores   k msgs/CPU-second", flush=True)
    for count in WORKERS:
        print(await rate(addresses, folder / f"rate{count}", count), flush=True)


async def disturb(crew: Crew, watch: Watch) -> None:
    """Everything that happens to a crew, one after the other."""
    await crew.start(1)
    await asyncio.sleep(CALM_S)
    with watch.event("nothing"):
        await asyncio.sleep(3)
    await asyncio.sleep(APART_S)
    for number in (2, 3, 4):
        with watch.event(f"worker {number} joins"):
            await crew.start(number)
            await asyncio.sleep(CALM_S)
        await asyncio.sleep(APART_S)
    steps = (
        ("4 leaves (SIGTERM)", crew.stop(4)),
        ("3 restarts (SIGTERM, start)", crew.restart(3)),
        ("3 dies (kill -9), starts at once", crew.kill(3, back=True)),
        ("3 dies (kill -9), stays away", crew.kill(3, back=False)),
        ("2 leaves (SIGTERM)", crew.stop(2)),
    )
    for name, step in steps:
        with watch.event(name):
            await step
            await asyncio.sleep(CALM_S)
        await asyncio.sleep(APART_S)


async def flowing(feed: Load, crew: Crew, watch: Watch) -> None:
    """Disturb the crew while input flows."""
    over = asyncio.Event()
    flow = asyncio.create_task(feed.flow(over, per_s=PER_S))
    try:
        await disturb(crew, watch)
    finally:
        over.set()
        await flow


async def stalls(addresses: Addresses, folder: Path) -> None:
    """The second table, and whether the result is exact."""
    folder.mkdir()
    bench, watch = Bench(addresses, folder), Watch()
    tape, kafka = await bench.tape(), addresses.kafka
    asked = defaults("session_timeout_s", "snapshot_interval_s")
    said = ", ".join(f"{name} {value:g}" for name, value in asked.items())
    print(f"classifier, {PER_S:,} messages/s over {PARTITIONS} partitions, {said}")
    try:
        with workers(kafka, tape, folder, **asked) as all_:
            async with load(kafka, tape, symbols=SYMBOLS, partitions=PARTITIONS) as feed:
                crew = Crew(all_)
                await flowing(feed, crew, watch)
                given = feed.expected(SERVICE)
                want = {
                    n: [o for o in g if b'"session_flow"' not in o[1]] for n, g in given.items()
                }
                await caught_up(kafka, tape, want)
            for worker in crew.live.values():
                assert await worker.stop() == 0
            got = await output_log(kafka, tape)
        print(table(watch.events, await advances(kafka, tape)))
        found = compare(want, got)
        print(
            f"{found.right:,} outputs as of one undisturbed worker, {found.missing} missing, "
            f"{found.wrong} wrong, {found.repeats:,} repeats that every reader drops"
        )
        assert (found.missing, found.wrong, found.same_order) == (0, 0, True)
    finally:
        await bench.close()


async def bench_all(wanted: list[str]) -> None:
    """Those named, or both."""
    with tempfile.TemporaryDirectory() as folder, shared_stack() as addresses:
        print(f"{os.cpu_count()} cores for workers, broker and this driver together")
        if "rates" in wanted or not wanted:
            await rates(addresses, Path(folder))
        if "stalls" in wanted or not wanted:
            await stalls(addresses, Path(folder) / "stalls")


if __name__ == "__main__":
    asyncio.run(bench_all(sys.argv[1:]))
