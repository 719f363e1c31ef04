"""
What bars cost: µs a trade, a clock's by the bar, the state of a symbol, and a worker's throughput.

    python -m tests.bench.bench_bars

The tape is 1,600 symbols that trade 10,000 times a second together, with all bars of the setting.
Prices and volumes leap, so that nearly every trade ends a range bar and every second one a volume
bar: the worst there can be.
"""

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from schemas.bars import Bar
from schemas.market import Clock
from schemas.topics import BARS
from services.orderflow.app import build
from services.orderflow.core.state import SymbolState
from services.runtime.partition import Partition
from services.runtime.settings import Settings
from tests.bench.bench_board import cpu_s
from tests.bench.bench_pump import PARTITIONS, SYMBOLS, Bench, Outputs, seconds
from tests.support.classified import Log, classified, messages, send
from tests.support.stack import shared_stack
from tests.support.trades import messages as trades

TRADES = 200_000
TIMES = "1s,5s,15s,1m,5m,15m,30m,1h,1d"


def partition(words: str) -> tuple[Partition[SymbolState], list[bytes]]:
    """With the bars of `words`, and what it writes."""
    bars: list[bytes] = []
    service = build(Settings(bars=words))
    return Partition(service, {Bar: lambda _, value: bars.append(value)}, []), bars


def steps(log: Log, words: str) -> None:
    """µs a trade, and a bar of a clock; bytes of state."""
    trade_s = clock_s = 0.0
    count = made = size = 0
    for records in log.values():
        state, bars = partition(words)
        for offset, message in enumerate(messages(records)):
            before, begin = len(bars), time.perf_counter()
            state.run(offset, (message,))
            took = time.perf_counter() - begin
            if type(message) is Clock:
                clock_s += took
                made += len(bars) - before
            else:
                trade_s += took
                count += 1
        size += len(state.encode())
    print(
        f"{words}: {1e6 * trade_s / count:.2f} µs a trade, {1e6 * clock_s / made:.2f} µs a bar at "
        f"the clock, {1e6 * (trade_s + clock_s) / count:.1f} µs a trade in all, "
        f"{made / count:.1f} bars a trade; state {size // SYMBOLS} bytes a symbol",
        flush=True,
    )


async def throughput(log: Log) -> None:
    """A worker's trades/s."""
    total = 0
    for records in log.values():
        state, bars = partition(Settings().bars)
        for offset, message in enumerate(messages(records)):
            state.run(offset, (message,))
        total += len(bars)
    with tempfile.TemporaryDirectory() as folder, shared_stack() as addresses:
        bench = Bench(addresses, Path(folder))
        try:
            name = await bench.tape()
            await send(bench.kafka, name, log)
            worker = bench.worker(name, "orderflow")
            async with Outputs(bench, name, BARS) as outputs:
                took = await seconds(outputs, total)
            cpu = cpu_s(worker.pid)
            peak = await bench.stop(worker)
        finally:
            await bench.close()
    print(
        f"worker: {TRADES / took / 1000:.0f} k trades/s, {total / took / 1000:.0f} k bars/s; "
        f"{TRADES / cpu / 1000:.0f} k trades per CPU second, its start in it; peak {peak:.0f} MB, "
        f"load average {os.getloadavg()[0]:.0f}"
    )


def main() -> None:
    """Print everything; needs nothing running."""
    log = classified(trades(TRADES, SYMBOLS, 1), PARTITIONS)
    for words in (TIMES, Settings().bars):
        steps(log, words)
    sys.stdout.flush()
    asyncio.run(throughput(log))


if __name__ == "__main__":
    main()
