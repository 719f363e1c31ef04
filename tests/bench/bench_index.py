"""
What the market-wide merge costs: both steps, a second of the whole market, and their states.

    python -m tests.bench.bench_index

1,600 shares on two exchanges, ten minutes of 650 messages a second, in every second of them trades
of hundreds of shares; a day has 15,300 seconds of trading.
"""

import itertools
import time
from collections.abc import Callable
from typing import Any

from services.index.app import SERVICE
from services.runtime.partition import Partition
from tests.support.index_run import Merged, in_step, lanes, partials_of
from tests.support.price_tape import price_messages

SHARES, MESSAGES, STEP_US = 1_600, 400_000, 1_500


def timed(what: Callable[[], Any]) -> tuple[Any, float]:
    """What it gave, and the CPU seconds it took."""
    begin = time.process_time()
    found = what()
    return found, time.process_time() - begin


def main() -> None:
    """Print everything; needs nothing running."""
    by_partition = lanes(itertools.islice(price_messages(SHARES, 1, STEP_US), MESSAGES))
    made, took = timed(lambda: partials_of(by_partition))
    count, seconds = sum(map(len, made)), len(made[0])
    size = sum(len(value) for lane in made for value in lane)
    print(
        f"step 1: {1e6 * took / sum(map(len, by_partition)):.1f} µs a message; "
        f"{size / seconds / 1024:.0f} KiB of partials a second of the tape"
    )
    merged, took = timed(lambda: Merged(in_step(made)))
    print(
        f"step 2: {1e3 * took / seconds:.2f} ms a second of {SHARES} shares "
        f"({1e6 * took / count:.0f} µs a partial), {len(merged.values) / seconds:.1f} records out"
    )
    state, took = timed(merged.step2.encode)
    print(f"state of step 2: {len(state) / 1024:.0f} KiB, encoded in {1e3 * took:.1f} ms")
    one = Partition(SERVICE, dict.fromkeys(SERVICE.outputs, lambda _key, _value: None), [])
    one.run(0, by_partition[0])
    state, took = timed(one.encode)
    print(f"state of a partition of step 1: {len(state) / 1024:.0f} KiB, in {1e3 * took:.1f} ms")


if __name__ == "__main__":
    main()
