"""
What basis costs: a step by kind of message, a row, and the state of an index.

    python -m tests.bench.bench_derivatives

Thirty minutes of VN30 with four contracts: a value and four trades and quotes each second.
"""

import time
from collections import defaultdict
from collections.abc import Iterator

from schemas.basis import Basis
from schemas.market import Clock, MarketMessage
from services.runtime.partition import Partition
from tests.unit.board.support import SECOND, clock, status
from tests.unit.derivatives.support import begun, index, quote, service, trade, us

SECONDS = 1800


def tape(seconds: int = SECONDS) -> Iterator[MarketMessage]:
    """Prices that move each second."""
    first = begun()
    yield from first
    at = us("2026-11-20", "09:15:00")
    yield status(at, "continuous")
    yield status(at + 1, "continuous", "DERIVATIVES")
    for n in range(seconds):
        seq = at + n * SECOND + 2
        yield index(seq, 1900 + n % 37 / 10)
        for number, instrument in enumerate(first[:4]):
            price = 1904 + n % 23 / 10 + number
            yield trade(seq + 2 * number + 1, price, instrument.symbol)
            yield quote(seq + 2 * number + 2, price - 0.1, price + 0.1, instrument.symbol)
        yield clock(seq)


def main() -> None:
    """Print everything; needs nothing running."""
    rows: list[bytes] = []
    partition = Partition(service(), {Basis: lambda _, value: rows.append(value)}, [])
    spent, count = defaultdict[str, float](float), defaultdict[str, int](int)
    for offset, message in enumerate(tape()):
        before, begin = len(rows), time.process_time()
        partition.run(offset, (message,))
        took = time.process_time() - begin
        name = "row" if type(message) is Clock else type(message).__name__.lower()
        spent[name] += took
        count[name] += len(rows) - before if name == "row" else 1
    costs = "  ".join(f"{n} {1e6 * spent[n] / count[n]:.1f}" for n in sorted(count))
    print(f"µs each, the pump's share in it: {costs}")
    print(f"state of an index and four futures: {len(partition.encode())} bytes")


if __name__ == "__main__":
    main()
