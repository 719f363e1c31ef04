"""
A service whose every output depends on all input before it: the pump's touchstone.

`python -m tests.support.counting TAPE WORKER` runs one Faust worker of it. Settings come from
the environment as in production.
"""

import sys

import msgspec

from schemas.market import Trade
from schemas.topics import MARKET, TRADES_CLASSIFIED
from schemas.trades_classified import TradeClassified
from services.runtime.service import Service


class Counted(msgspec.Struct):
    """How many trades, the sum of their volumes, and padding that makes the state heavy."""

    trades: int = 0
    volume: int = 0
    padding: str = ""


def step(state: Counted, message: object) -> list[TradeClassified]:
    """A trade gives one output that says the running count and volume."""
    if type(message) is not Trade:
        return []
    if message.price == 666.0:
        raise ArithmeticError("the price of the beast")
    state.trades += 1
    state.volume += int(message.volume)
    return [
        TradeClassified(
            symbol=message.symbol,
            feed=message.feed,
            seq=message.seq,
            ts_ms=message.ts_ms,
            price=message.price,
            volume=state.volume,
            side="unknown",
            rule="count",
            vendor_side=None,
            inferred_side=None,
            confidence=float(state.trades),
            phase=message.phase,
            board=message.board,
        )
    ]


def service(version: int = 1, padding: int = 0) -> Service[Counted]:
    """The declaration; it uses the classifier's topics."""
    return Service(
        name="classifier",
        version=version,
        input=MARKET,
        outputs={TradeClassified: TRADES_CLASSIFIED},
        state=Counted,
        initial=lambda _unit: Counted(padding="x" * padding),
        step=step,
    )


def main() -> None:
    """Run a worker: TAPE WORKER [PADDING [VERSION]]."""
    from services.runtime import faust_shell
    from services.runtime.settings import load

    tape, worker, padding, version = ([*sys.argv[1:], "0", "1"])[:4]
    faust_shell.run(service(int(version), int(padding)), load(tape=tape), int(worker))


if __name__ == "__main__":
    main()
