"""Whom and when a message of a Vietnamese feed is about."""

from typing import NamedTuple

from services.ingest.core.feed import BadFrame
from services.ingest.core.vn.schedule import Exchange
from services.ingest.core.vn.state import Symbols, SymbolState
from services.ingest.core.vn.times import Moment

STALE_DAY = "stale_day"
"""Drop: of another date than the trading day, as the snapshot that SSI sends first."""


class Subject(NamedTuple):
    """The symbol, its state, its exchange, and the moment of a message."""

    symbol: str
    state: SymbolState
    exchange: Exchange
    at: Moment
    symbols: Symbols

    def keep(self) -> None:
        """Remember the state: the message was accepted, or left a mark."""
        self.symbols.keep(self.symbol, self.state)


def need(number: float | None, what: str) -> float:
    """
    A number that a message must have.

    Raises:
        BadFrame: `malformed` when it is absent.
    """
    if number is None:
        raise BadFrame("malformed", f"{what} is absent")
    return number
