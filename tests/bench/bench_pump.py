"""
The pump in its Faust shell on a real Kafka, as a ratio to a plain aiokafka loop.

    python -m tests.bench.bench_pump

Both are processes of their own, measured alike: from the first output in the log to the last.
Also the time to recover 1,600 symbols of 4 KB after kill -9, and the peak of memory of a worker
that catches up on a day.
"""

import asyncio
import itertools
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from schemas.base import BROADCAST
from schemas.market import MarketMessage
from schemas.topic import Topic
from schemas.topics import MARKET, TRADES_CLASSIFIED
from services.runtime import kafka as clients
from services.runtime import topics_admin
from services.runtime.outbox import Outboxes
from services.stack import Addresses
from tests.support.broker import ends
from tests.support.stack import ROOT, shared_stack
from tests.support.tapes import forget
from tests.support.trades import framed, messages

PARTITIONS, FRAME = 12, 50
THROUGHPUT, SETTLED, BEHIND, DAY = 600_000, 100_000, 150_000, 3_000_000
SYMBOLS, PADDING = 1600, 4096
TOO_LONG_S, QUIET_S = 240.0, 0.5


class Source:
    """Trades without clocks, and how many outputs the counting service gives for those taken."""

    def __init__(self, symbols: int) -> None:
        self._messages = (m for m in messages(10**9, symbols, 1) if m.symbol != BROADCAST)
        self._taken: Counter[str] = Counter()

    def take(self, count: int) -> Iterator[MarketMessage]:
        """So many more."""
        for message in itertools.islice(self._messages, count):
            self._taken[message.symbol] += 1
            yield message

    def outputs(self, name: str) -> int:
        """Of everything taken; the counting service says each seventh trade twice."""
        twice = sum(n // 7 for n in self._taken.values()) if name == "counting" else 0
        return self._taken.total() + twice


class Bench:
    """Tapes, input and processes of one run; everything is gone when it is over."""

    def __init__(self, addresses: Addresses, folder: Path) -> None:
        self.addresses, self.kafka, self._folder = addresses, addresses.kafka, folder
        self._tapes: list[str] = []
        self._processes: list[subprocess.Popen[str]] = []

    async def tape(self) -> str:
        """A new one, with its topics."""
        name = f"bench{secrets.token_hex(5)}"
        self._tapes.append(name)
        await topics_admin.apply(self.kafka, name)
        return name

    async def feed(self, tape: str, source: Iterator[MarketMessage]) -> None:
        """Everything of the source into `market`."""
        producer = clients.producer(self.kafka, "bench")
        await producer.start()
        outboxes = Outboxes(producer)
        for number, (partition, record) in enumerate(framed(source, PARTITIONS, FRAME)):
            box = outboxes.get(MARKET.on(tape), partition)
            box.append(None, record)
            await box.relieved()
            if number % 50 == 0:
                await asyncio.sleep(0)
        await outboxes.stop()
        await producer.stop()

    def start(self, *arguments: str, **settings: object) -> subprocess.Popen[str]:
        """`python -m ARGUMENTS`."""
        env = {k: v for k, v in os.environ.items() if not k.startswith("VNTAPE_")}
        env |= {"VNTAPE_KAFKA": self.kafka, "VNTAPE_LOCAL_DIR": str(self._folder)}
        env |= {"VNTAPE_DATABASE_URL": self.addresses.database}
        env |= {f"VNTAPE_{name.upper()}": str(value) for name, value in settings.items()}
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=ROOT,
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._processes.append(process)
        return process

    def worker(
        self, tape: str, name: str, padding: int = 0, **settings: object
    ) -> subprocess.Popen[str]:
        """A worker of the counting service or of a real one."""
        if name == "counting":
            return self.start("tests.support.counting", tape, "1", str(padding), **settings)
        return self.start("services.cli", "run", name, "--tape", tape, **settings)

    async def stop(self, worker: subprocess.Popen[str]) -> float:
        """End it cleanly; its peak of memory in MB."""
        peak = peak_mb(worker.pid)
        worker.terminate()
        await asyncio.to_thread(worker.wait)
        return peak

    async def close(self) -> None:
        """End the processes and drop the tapes."""
        for process in self._processes:
            process.kill()
            process.wait()
        for name in self._tapes:
            await asyncio.to_thread(forget, name, self.addresses)


class Outputs:
    """Watches the end of an output topic."""

    def __init__(self, bench: Bench, tape: str, topic: Topic = TRADES_CLASSIFIED) -> None:
        self._bench, self._topic = bench, topic.on(tape)
        self._client = clients.consumer(bench.kafka, "bench-watch")

    async def __aenter__(self) -> "Outputs":
        await self._client.start()
        numbers = await clients.partitions_of(self._client, self._topic)
        self._tps = [clients.TopicPartition(self._topic, n) for n in numbers]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.stop()

    async def count(self) -> int:
        """Records in it."""
        return sum((await self._client.end_offsets(self._tps)).values())

    async def reach(self, count: int) -> float:
        """When it holds so many, a time of `perf_counter`."""
        deadline = time.perf_counter() + TOO_LONG_S
        while (seen := await self.count()) < count:
            if time.perf_counter() > deadline:
                raise TimeoutError(f"{seen} of {count} outputs after {TOO_LONG_S:g} s")
            await asyncio.sleep(0.01)
        return time.perf_counter()

    async def settled(self) -> float:
        """When it last grew, a time of `perf_counter`; known half a second later."""
        seen, when = await self.count(), time.perf_counter()
        while time.perf_counter() - when < QUIET_S:
            await asyncio.sleep(0.01)
            if (now := await self.count()) != seen:
                seen, when = now, time.perf_counter()
        return when


async def seconds(outputs: Outputs, total: int) -> float:
    """From a tenth of the outputs to all of them, as if for all."""
    begin_count = total // 10
    begin = await outputs.reach(begin_count)
    seen = await outputs.count()
    return (await outputs.reach(total) - begin) * total / (total - seen)


async def throughput(bench: Bench, name: str, what: str, symbols: int) -> None:
    """One line: messages/s of worker and plain loop, and their ratio."""
    tape, out_tape = await bench.tape(), await bench.tape()
    source = Source(symbols)
    await bench.feed(tape, source.take(THROUGHPUT))
    total = source.outputs(name)
    plain = bench.start("tests.bench.plain_loop", tape, out_tape, name)
    async with Outputs(bench, out_tape) as outputs:
        plain_s = await seconds(outputs, total)
    await asyncio.to_thread(plain.wait)
    worker = bench.worker(tape, name)
    async with Outputs(bench, tape) as outputs:
        worker_s = await seconds(outputs, total)
    peak = await bench.stop(worker)
    rate, plain_rate = THROUGHPUT / worker_s, THROUGHPUT / plain_s
    print(
        f"{name}, {what}: worker {rate / 1000:.0f} k messages/s, plain loop "
        f"{plain_rate / 1000:.0f} k/s, ratio {rate / plain_rate:.2f} (peak {peak:.0f} MB)",
        flush=True,
    )


async def recovery(bench: Bench) -> None:
    """One line: seconds from the start of a killed worker until it has caught up."""
    tape, source = await bench.tape(), Source(SYMBOLS)
    await bench.feed(tape, source.take(SETTLED))
    worker = bench.worker(tape, "counting", PADDING, snapshot_interval_s=1)
    snapshots = f"{tape}.classifier-snapshots"
    async with Outputs(bench, tape) as outputs:
        await outputs.reach(source.outputs("counting"))
        wanted = sum((await ends(bench.kafka, snapshots)).values()) + 4 * PARTITIONS
        while sum((await ends(bench.kafka, snapshots)).values()) < wanted:
            await bench.feed(tape, source.take(2000))
            await asyncio.sleep(0.1)
        await outputs.reach(source.outputs("counting"))
        worker.kill()
        worker.wait()
        before = await outputs.count()
        await bench.feed(tape, source.take(BEHIND))
        begin = time.perf_counter()
        worker = bench.worker(tape, "counting", PADDING)
        first = await outputs.reach(before + 1) - begin
        # What it repeats stands in the log besides, at most what came after the last snapshots.
        caught_up = await outputs.settled() - begin
    await bench.stop(worker)
    print(
        f"kill -9, {SYMBOLS} symbols of {PADDING} bytes: first output after {first:.1f} s, "
        f"{BEHIND} messages caught up after {caught_up:.1f} s",
        flush=True,
    )


async def memory(bench: Bench) -> None:
    """One line: peak memory of a worker catching up on a day."""
    tape, source = await bench.tape(), Source(SYMBOLS)
    await bench.feed(tape, source.take(DAY))
    begin = time.perf_counter()
    worker = bench.worker(tape, "counting")
    async with Outputs(bench, tape) as outputs:
        took = await outputs.reach(source.outputs("counting")) - begin
    peak = await bench.stop(worker)
    print(f"a day of {DAY} messages: caught up in {took:.0f} s, peak {peak:.0f} MB", flush=True)


def peak_mb(pid: int) -> float:
    """Most resident memory a process has had so far, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1000


async def bench_all() -> None:
    """All lines."""
    with tempfile.TemporaryDirectory() as folder, shared_stack() as addresses:
        bench = Bench(addresses, Path(folder))
        try:
            for name in ("counting", "classifier"):
                await throughput(bench, name, f"{SYMBOLS} symbols", SYMBOLS)
                await throughput(bench, name, "one hot symbol", 1)
            await recovery(bench)
            await memory(bench)
        finally:
            await bench.close()


def main() -> None:
    """Print everything; needs nothing running."""
    asyncio.run(bench_all())


if __name__ == "__main__":
    main()
