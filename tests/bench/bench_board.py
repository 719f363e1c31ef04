"""
What the board costs: a step by kind of message, the state of a symbol, and a worker's throughput.

    python -m tests.bench.bench_board

The tape is 1,600 symbols that all change each second, the most rows there can be: a row is made
of every six messages or so. The worker is a process of its own on a real Kafka.
"""

import asyncio
import itertools
import os
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from schemas.market import Clock, MarketMessage
from schemas.topics import BOARD
from services.board.app import SERVICE
from services.runtime.partition import Partition
from tests.bench.bench_pump import PARTITIONS, SYMBOLS, THROUGHPUT, Bench, Outputs, seconds
from tests.support.price_tape import price_messages
from tests.support.stack import shared_stack

STEPS = 300_000


def tape(count: int) -> list[MarketMessage]:
    """The first messages of the synthetic day, to the last whole second."""
    taken = list(itertools.islice(price_messages(SYMBOLS, 1), count))
    last = max(number for number, message in enumerate(taken) if type(message) is Clock)
    return taken[: last + 1]


def whole() -> tuple[Partition, list[bytes]]:  # type: ignore[type-arg]  # of the board's state
    """A partition that holds everything, and the rows that it wrote."""
    rows: list[bytes] = []
    sinks = {kind: lambda _, value: rows.append(value) for kind in SERVICE.outputs}
    sinks |= {kind: _nowhere for kind, topic in SERVICE.outputs.items() if topic is not BOARD}
    return Partition(SERVICE, sinks, []), rows


def _nowhere(key: bytes, value: bytes) -> None:
    pass


def steps() -> None:
    """µs a message by kind, a clock's by the row, and bytes of state."""
    partition, rows = whole()
    spent, count = defaultdict[str, float](float), defaultdict[str, int](int)
    for offset, message in enumerate(tape(STEPS)):
        before, begin = len(rows), time.perf_counter()
        partition.run(offset, (message,))
        took = time.perf_counter() - begin
        name = "row" if type(message) is Clock else type(message).__name__.lower()
        spent[name] += took
        count[name] += max(1, len(rows) - before) if name == "row" else 1
    costs = "  ".join(f"{n} {1e6 * spent[n] / count[n]:.1f}" for n in sorted(count))
    print(f"µs each, the pump's share in it: {costs}")
    begin = time.perf_counter()
    state = partition.encode()
    took = 1000 * (time.perf_counter() - begin)
    print(
        f"state of {SYMBOLS} symbols: {len(state) // SYMBOLS} bytes each, encoded in {took:.1f} ms"
    )


async def throughput() -> None:
    """A worker's messages/s."""
    messages = tape(THROUGHPUT)
    partition, rows = whole()
    partition.run(0, messages)
    with tempfile.TemporaryDirectory() as folder, shared_stack() as addresses:
        bench = Bench(addresses, Path(folder))
        try:
            name = await bench.tape()
            await bench.feed(name, iter(messages))
            worker = bench.worker(name, "board")
            async with Outputs(bench, name, BOARD) as outputs:
                took = await seconds(outputs, len(rows))
            cpu = cpu_s(worker.pid)
            peak = await bench.stop(worker)
        finally:
            await bench.close()
    print(
        f"worker: {len(messages) / took / 1000:.0f} k messages/s, {len(rows) / took / 1000:.0f} k "
        f"rows/s; {len(messages) / cpu / 1000:.0f} k messages per CPU second, its start in it; "
        f"{PARTITIONS} partitions, peak {peak:.0f} MB"
    )


def cpu_s(pid: int) -> float:
    """CPU time that a process has had: what a busy machine does not change much."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print everything; needs nothing running."""
    steps()
    sys.stdout.flush()
    asyncio.run(throughput())


if __name__ == "__main__":
    main()
