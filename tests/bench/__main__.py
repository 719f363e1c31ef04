"""
All measurements: `python -m tests.bench [NAME…]`, as `make bench` does.

Each runs in a process of its own, on one Kafka and TimescaleDB. A machine that does other
things meanwhile measures those: see the load average beside the machine.
"""

import os
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime

from services.stack import Addresses
from tests.support.stack import ROOT, shared_stack

BENCHES = {
    "classifier": "classifier_step",
    "board": "bench_board",
    "foreign": "bench_foreign",
    "index": "bench_index",
    "bars": "bench_bars",
    "busd": "bench_busd",
    "derivatives": "bench_derivatives",
    "alerts": "bench_alerts",
    "pump": "bench_pump",
    "ingest": "bench_ingest",
    "writer": "bench_writer",
    "gateway": "gateway_fanout",
    "latency": "bench_latency",
    "scaling": "bench_scaling",
    "simulator": "bench_simulator",
    "exchange": "bench_serve",
}
AIMS = {
    "classifier": "a few µs a message",
    "board": "150 k/s, state small",
    "derivatives": "a few µs a message",
    "foreign": "a few µs a message, whatever its windows hold",
    "index": "a second of the whole market in 10 ms",
    "bars": "no aim",
    "busd": "500 k lines/s parsed, 200 k/s detected, constant memory",
    "alerts": "a few µs a message",
    "pump": "ratio 0.5 and 150 k/s; recovery 3 s; 300 MB",
    "ingest": "no aim",
    "writer": "ratio 0.3",
    "gateway": "1 M messages per CPU-second in frames of 20",
    "latency": "p99 under 40 ms in all",
    "scaling": "cost a message as of one worker; nobody stands over a second unless one is killed",
    "simulator": "a peak day in two minutes",
    "exchange": "no aim",
}
_NOISE = ("kafka:", "postgres:", "{")
"""Beginnings of lines that are not figures."""


def machine() -> str:
    """Cores, memory, Python, date, load."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}, "
        f"{platform.system()} {platform.release()}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, "
        f"load average {os.getloadavg()[0]:.1f}"
    )


def run(name: str, addresses: Addresses) -> bool:
    """Print a bench's lines with its name before them; False when it failed."""
    env = os.environ | {"VNTAPE_KAFKA": addresses.kafka, "VNTAPE_DATABASE_URL": addresses.database}
    begun = time.monotonic()
    command = [sys.executable, "-u", "-m", f"tests.bench.{BENCHES[name]}"]
    ended = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    for line in ended.stdout.splitlines():
        if line and not line.startswith(_NOISE):
            print(f"{name:10}  {line}", flush=True)
    took = time.monotonic() - begun
    print(f"{name:10}  aim: {AIMS[name]}; measured in {took:.0f} s\n", flush=True)
    if ended.returncode:
        print(f"{name} failed:\n{ended.stderr[-3000:]}", file=sys.stderr)
    return ended.returncode == 0


def main(names: list[str]) -> int:
    """Exit status: 1 when a bench failed."""
    if unknown := set(names) - set(BENCHES):
        print(f"no bench {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
        return 2
    print(f"{machine()}\n", flush=True)
    with shared_stack() as addresses:
        results = [run(name, addresses) for name in names or BENCHES]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
