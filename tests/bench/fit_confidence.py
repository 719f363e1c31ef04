"""
Counts how often each situation of the classifier is right: `CONFIDENCE` is made from this.

    python -m tests.bench.fit_confidence FILE...

Prints one line a situation: prints, right, and the share (right + 1/2) / (prints + 1). Give it
the captures named in services/classifier/core/confidence.py to make the table again.
"""

import sys
from collections import Counter
from pathlib import Path

from schemas.market import MarketMessage, Trade
from services.classifier.core.classifier import step
from services.classifier.core.rules import infer
from services.classifier.core.state import SymbolState, initial
from services.commands._captures import market_messages


def count(path: Path) -> tuple[Counter[str], Counter[str]]:
    """Prints and right ones by situation, over one capture whose every trade has its flag."""
    prints: Counter[str] = Counter()
    right: Counter[str] = Counter()
    states: dict[str, SymbolState] = {}
    for message in market_messages([path]):
        state = states.setdefault(message.symbol, initial(message.symbol))
        situation, good = _situation(state, message)
        prints[situation] += 1
        right[situation] += good
    del prints[""]
    return prints, right


def _situation(state: SymbolState, message: MarketMessage) -> tuple[str, bool]:
    if not isinstance(message, Trade):
        step(state, message)
        return "", False
    side, _, situation = infer(state, message)
    return situation, {1: "buy", -1: "sell"}.get(side) == message.vendor_side


def main(paths: list[str]) -> None:
    prints: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for path in paths:
        more, more_right = count(Path(path))
        prints += more
        right += more_right
    for situation in sorted(prints):
        n, good = prints[situation], right[situation]
        print(f"{situation:20} {n:7} {good:7} {(good + 0.5) / (n + 1):.4f}")


if __name__ == "__main__":
    main(sys.argv[1:])
