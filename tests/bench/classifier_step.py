"""
What a step of the classifier costs, by kind of message, over the committed captures.

    python -m tests.bench.classifier_step

Best of some rounds over the whole capture, the loop's own cost taken off.
"""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from schemas.market import BookDelta, MarketMessage, Quote, Trade
from services.classifier.core.classifier import step
from services.classifier.core.state import encode, initial
from services.commands._captures import market_messages

CAPTURES = Path(__file__).parents[1] / "data" / "binance"
ROUNDS = 5
KINDS = (Quote, Trade, BookDelta)


def cost_us(messages: Sequence[MarketMessage], kind: type) -> float:
    """Mean µs of a step on messages of `kind`, each met in the state that the rest left."""
    best = float("inf")
    clock = time.perf_counter
    for _ in range(ROUNDS):
        state, spent = initial(messages[0].symbol), 0.0
        for message in messages:
            if type(message) is kind:
                begin = clock()
                step(state, message)
                spent += clock() - begin
            else:
                step(state, message)
        best = min(best, spent)
    count = sum(type(m) is kind for m in messages)
    return 1e6 * best / count - _clock_us()


def _clock_us() -> float:
    clock = time.perf_counter
    spent = 0.0
    for _ in range(20_000):
        begin = clock()
        spent += clock() - begin
    return 1e6 * spent / 20_000


def main() -> None:
    for path in sorted(CAPTURES.glob("*.gz")):
        messages = [m for m in market_messages([path]) if m.symbol != "*"]
        for with_quotes in (True, False):
            chosen = [m for m in messages if with_quotes or not isinstance(m, Quote)]
            kinds = [k for k in KINDS if any(type(m) is k for m in chosen)]
            costs = "  ".join(f"{k.__name__} {cost_us(chosen, k):5.2f} µs" for k in kinds)
            state = initial(chosen[0].symbol)
            for message in chosen:
                step(state, message)
            size = len(encode(state))
            sys.stdout.write(f"{path.stem:26} {costs}  state {size:,} bytes\n")


if __name__ == "__main__":
    main()
