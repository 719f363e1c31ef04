"""
What foreign flow costs: a step by kind of message, a row, and the state of a symbol.

    python -m tests.bench.bench_foreign

The tape is 400 symbols over 40 minutes of trading, so that every window is full.
"""

import itertools
import time
from collections import defaultdict

from schemas.foreign_flow import ForeignFlow
from schemas.market import Clock
from services.foreign.app import SERVICE
from services.runtime.partition import Partition
from tests.support.price_tape import price_messages

SYMBOLS, STEPS, STEP_US = 400, 600_000, 4_000


def main() -> None:
    """Print everything; needs nothing running."""
    rows: list[bytes] = []
    partition = Partition(SERVICE, {ForeignFlow: lambda _, value: rows.append(value)}, [])
    spent, count = defaultdict[str, float](float), defaultdict[str, int](int)
    for offset, message in enumerate(itertools.islice(price_messages(SYMBOLS, 1, STEP_US), STEPS)):
        before, begin = len(rows), time.process_time()
        partition.run(offset, (message,))
        took = time.process_time() - begin
        name = "row" if type(message) is Clock else type(message).__name__.lower()
        spent[name] += took
        count[name] += len(rows) - before if name == "row" else 1
    costs = "  ".join(f"{n} {1e6 * spent[n] / count[n]:.1f}" for n in sorted(count))
    print(f"µs each, the pump's share in it: {costs}")
    begin = time.process_time()
    state = partition.encode()
    took = 1000 * (time.process_time() - begin)
    print(
        f"state of {SYMBOLS} symbols: {len(state) // SYMBOLS} bytes each, encoded in {took:.1f} ms"
    )


if __name__ == "__main__":
    main()
