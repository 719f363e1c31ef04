"""
A service whose every output depends on all input before it: the pump's touchstone.

`python -m tests.support.counting TAPE WORKER [PADDING [VERSION [GROUP]]]` runs one Faust
worker of it. Settings come from the environment as in production.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from schemas.market import Clock, Gap, Trade
from schemas.topics import MARKET, TRADES_CLASSIFIED
from schemas.trades_classified import TradeClassified
from services.runtime.service import Service

BEAST = 666.0
"""A trade at this price makes the step raise."""


class Counted(msgspec.Struct):
    """Of one symbol: trades, sum of their volumes, trades since the last clock, gaps seen."""

    symbol: str
    trades: int = 0
    volume: int = 0
    unclosed: int = 0
    gaps: int = 0
    padding: str = ""


def step(state: Counted, message: object) -> Sequence[TradeClassified]:
    """
    A trade says the running count and volume, each seventh twice; a clock closes a count.

    A trade of price 666 changes the state and then raises.
    """
    if type(message) is Trade:
        state.trades += 1
        state.volume += int(message.volume)
        state.unclosed += 1
        if message.price == BEAST:
            raise ArithmeticError("the price of the beast")
        first = _output(state, message, "count", 0)
        return [first] if state.trades % 7 else [first, _output(state, message, "seventh", 1)]
    if type(message) is Clock:
        closed = _output(state, message, "clock", 0)
        state.unclosed = 0
        return [closed]
    if type(message) is Gap:
        state.gaps += 1
    return []


def _output(state: Counted, message: Trade | Clock, rule: str, part: int) -> TradeClassified:
    return TradeClassified(
        symbol=state.symbol,
        feed=message.feed,
        seq=message.seq,
        ts_ms=message.ts_ms,
        part=part,
        price=float(state.unclosed),
        volume=state.volume,
        side="unknown",
        rule=rule,
        vendor_side=None,
        inferred_side=None,
        confidence=float(state.trades),
        phase="continuous",
        board="main",
        total_volume=state.gaps,
    )


@dataclass(frozen=True, kw_only=True)
class Grouped(Service[Counted]):
    """The same service in a consumer group of its own, on the same topics."""

    group: str = ""

    def app_id(self, tape: str) -> str:
        """App id and group; `group` tells it from its twin's."""
        return super().app_id(tape) + self.group


def service(version: int = 1, padding: int = 0, group: str = "") -> Service[Counted]:
    """The declaration; it uses the classifier's topics."""
    return Grouped(
        name="classifier",
        version=version,
        input=MARKET,
        outputs={TradeClassified: TRADES_CLASSIFIED},
        state=Counted,
        initial=lambda unit: Counted(symbol=unit, padding="x" * padding),
        step=step,
        is_open=lambda state: state.unclosed > 0,
        group=group,
    )


def main() -> None:
    """Run a worker; the arguments are in the module's docstring."""
    from services.runtime import faust_worker
    from services.runtime.settings_load import load

    given = sys.argv[1:]
    tape, worker, padding, version, group = given + ["0", "1", ""][len(given) - 2 :]
    faust_worker.run(service(int(version), int(padding), group), load(tape=tape), int(worker))


if __name__ == "__main__":
    main()
