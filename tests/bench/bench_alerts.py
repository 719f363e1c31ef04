"""
What the rules cost: µs a message of each topic, with the rules that come with the project.

    python -m tests.bench.bench_alerts

Through a partition of the pump, without a broker: 1,600 symbols, rules of every kind beside.
"""

import random
import sys
import time
from collections.abc import Callable
from typing import Any

from schemas.alerts import Alert
from services.analytics import rules_file
from services.analytics.app import service
from services.analytics.core.alerts import Engine
from services.runtime.partition import Partition
from tests.support.stack import ROOT
from tests.unit.analytics.support import T0, basis, estimate, flow, foreign, printed, row, trade

SYMBOLS, COUNT = 1_600, 100_000
HOUR_US = 3_600_000_000


def tape(make: Callable[[random.Random, int, str], Any]) -> list[Any]:
    rng = random.Random(1)
    begin = T0 + HOUR_US  # 10:00: rules speak
    return [make(rng, begin + n * 97, f"S{rng.randrange(SYMBOLS):04d}") for n in range(COUNT)]


TOPICS: dict[str, Callable[[random.Random, int, str], Any]] = {
    "trades-classified": lambda rng, seq, symbol: printed(
        seq, 1000.0 * rng.randrange(10, 90), 100 * rng.randrange(1, 999), symbol,
        ceiling=89_000.0, floor=11_000.0,
    ),
    "session-flow": lambda rng, seq, symbol: flow(seq, seq % 10**12, seq % 10**11, symbol),
    "board": lambda rng, seq, symbol: row(seq, 30_000.0, symbol, change_percent=rng.uniform(-7, 7)),
    "market": lambda rng, seq, symbol: trade(seq, 1000.0 * rng.randrange(10, 90), symbol),
    "foreign-flow": lambda rng, seq, symbol: foreign(
        seq, symbol, speed_value_5m=rng.uniform(-9e9, 9e9), speed_value_15m=1e9,
        acceleration_value_5m=rng.uniform(-4e9, 4e9), correlation_15m=rng.uniform(-1, 1),
    ),
    "basis": lambda rng, seq, _: basis(seq, z_score=rng.gauss(0, 2), continuous="VN30F1M"),
    "index-estimates": lambda rng, seq, _: estimate(seq, rng.gauss(0, 0.05), 0.5),
}  # fmt: skip


def main() -> None:
    found = rules_file.read(ROOT / "deploy" / "alerts.yaml")
    for topic, make in TOPICS.items():
        rules = Engine(topic, tuple(found.compiled()), found.hours(frozenset()))
        told: list[bytes] = []
        sink = {Alert: lambda _, value, to=told: to.append(value)}
        partition = Partition(service(topic, rules), sink, [])
        messages = tape(make)
        begin = time.perf_counter()
        for offset, message in enumerate(messages):
            partition.run(offset, (message,))
        took = time.perf_counter() - begin
        size = len(partition.encode())
        sys.stdout.write(
            f"{topic}: {1e6 * took / COUNT:.1f} µs a message, {len(rules.rules)} rules, "
            f"{len(told)} alerts, state {size / 1000:.0f} kB\n"
        )


if __name__ == "__main__":
    main()
