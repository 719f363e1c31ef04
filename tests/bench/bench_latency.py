"""
Tick to client: `python -m tests.bench.bench_latency [RATE…]`.

A paced recording goes through ingest, classifier and gateway, each its own process, to a
client in this one. Every classified trade is timed; stages end at the broker's append times
(whole ms). A record's send is its due time: the earliest append after a due time tells how the
recording's clock stands to ours, so what ingest is late counts.
"""

import asyncio
import itertools
import os
import secrets
import sys
import tempfile
from pathlib import Path

from services.demo.watcher import Watcher
from services.report import facts
from services.report.delays import Received, percentile
from services.report.facts import Tape
from services.stack import Addresses
from tests.bench import paced
from tests.support.eventually import eventually_sync
from tests.support.path import crew
from tests.support.stack import shared_stack
from tests.support.tapes import forget

RATES = (1_000, 5_000)
SECONDS = 14.0
SETTLE_S = 4.0
STAGES = ("send → raw", "raw → market", "market → classified", "classified → client", "in all")


def play(
    addresses: Addresses, rate: int, folder: Path
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """
    Stage -> sorted ms of every classified trade but those of the first seconds; process -> how
    much of a core it had, and how much it waited for.
    """
    tape = f"b{secrets.token_hex(5)}"
    manifest = paced.paced(folder, rate, SECONDS)
    try:
        with crew(addresses, tape, folder / tape, manifest, gateway_port=0) as path:
            for name in ("classifier-1", "gateway-1"):
                path.start(name)
            eventually_sync(lambda: path.ready("classifier-1") and path.ready("gateway-1"), 30)
            watcher = Watcher(str(path.health("gateway-1")["gateway"]), paced.symbols())
            watcher.start()
            path.start("ingest-1", "--speed", "1")
            eventually_sync(lambda: path.played() > rate * SETTLE_S, 30)
            before = {name: _cpu_and_wait_s(w.pid) for name, w in path.workers.items()}
            eventually_sync(lambda: path.played() > rate * (SECONDS - 2), 30)
            share = SECONDS - 2 - SETTLE_S
            cpu = {
                name: [
                    (b - a) / share
                    for a, b in zip(before[name], _cpu_and_wait_s(w.pid), strict=True)
                ]
                for name, w in path.workers.items()
            }
            eventually_sync(lambda: not path.playing(), SECONDS + 30)
            found = asyncio.run(facts.read(addresses.kafka, tape))
            eventually_sync(lambda: len(watcher.received) >= len(found.classified_ms), 10)
            received = watcher.stop()
        return stages(found, received), cpu
    finally:
        forget(tape, addresses)


def _cpu_and_wait_s(pid: int) -> tuple[float, float]:
    """Seconds that a process has had a core, and that it wanted one and had none."""
    had = wanted = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        ran, waited, _ = map(int, (task / "schedstat").read_text().split())
        had, wanted = had + ran, wanted + waited
    return had / 1e9, wanted / 1e9


def stages(tape: Tape, received: Received) -> dict[str, list[float]]:
    """See `play`."""
    times = tape.raw.times["BN"]
    late = min(ms - seq / 1000 for seq, ms in times)
    from_seq = times[0][0] + int(SETTLE_S * 1e6)
    out: dict[str, list[float]] = {name: [] for name in STAGES}
    for (symbol, seq), received_s in received.items():
        if seq < from_seq:
            continue
        at = (
            seq / 1000 + late,
            tape.raw.appended_ms("BN", seq),
            tape.market_ms[symbol, seq],
            tape.classified_ms[symbol, seq],
            received_s * 1000,
        )
        steps = [b - a for a, b in itertools.pairwise(at)]
        for name, value in zip(STAGES, [*steps, at[-1] - at[0]], strict=True):
            out[name].append(max(0.0, value))
    return {name: sorted(values) for name, values in out.items()}


def main(rates: tuple[int, ...] = RATES) -> dict[int, dict[str, list[float]]]:
    """Print a table; rate -> stage -> sorted ms."""
    out = {}
    with shared_stack() as addresses, tempfile.TemporaryDirectory() as folder:
        for rate in rates:
            found, cpu = play(addresses, rate, Path(folder))
            out[rate] = found
            print(f"tick to client at {rate:,} messages/s, {len(found['in all']):,} trades")
            for name, values in found.items():
                figures = [percentile(values, share) for share in (0.5, 0.99, 0.999)]
                text = "  ".join(
                    f"{title} {ms:6.1f}"
                    for title, ms in zip(("p50", "p99", "p99.9"), figures, strict=True)
                )
                print(f"  {name:20} {text}  max {values[-1]:6.1f} ms")
            load, shares = (
                os.getloadavg()[0],
                ", ".join(f"{n} {a:.2f} (+{b:.2f})" for n, (a, b) in cpu.items()),
            )
            print(f"  cores had (+ waited for): {shares}; load average {load:.1f}")
    return out


if __name__ == "__main__":
    main(tuple(map(int, sys.argv[1:])) or RATES)
