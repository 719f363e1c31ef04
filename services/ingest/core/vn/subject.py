"""Whom and when a message of a Vietnamese feed is about."""

from typing import NamedTuple

from schemas.base import Phase
from services.ingest.core.feed import BadFrame
from services.ingest.core.vn import codes
from services.ingest.core.vn.known import Facts
from services.ingest.core.vn.phases import Hours, phase_of
from services.ingest.core.vn.schedule import Exchange
from services.ingest.core.vn.state import Symbols, SymbolState
from services.ingest.core.vn.times import Moment

STALE_DAY = "stale_day"
"""Drop: of another date than the trading day, as the snapshot that SSI sends first."""


class Subject(NamedTuple):
    """The symbol, its state, its hours that day, what is known of it, and the moment."""

    symbol: str
    state: SymbolState
    hours: Hours
    at: Moment
    symbols: Symbols
    facts: Facts

    @property
    def exchange(self) -> Exchange:
        """Where it trades."""
        return self.hours.exchange

    @property
    def phase(self) -> Phase:
        """The phase at the moment; a print's is `phases.trade_phase`."""
        return phase_of(self.state.phase, self.hours, self.at)

    @property
    def multiplier(self) -> float:
        """VND a unit of its price."""
        return self.facts.multiplier or codes.multiplier(self.symbol)

    def keep(self) -> None:
        """Remember the state: the message was accepted, or left a mark."""
        self.symbols.keep(self.symbol, self.state)


def subject(symbols: Symbols, symbol: str, at: Moment, *exchanges: str | None) -> Subject:
    """
    The subject of a message that names `exchanges`; else reference data says the exchange,
    else the code.

    Raises:
        BadFrame: the symbol is one too many.
    """
    facts = symbols.known.of(symbol)
    hours = Hours(
        codes.exchange_of(symbol, *exchanges, facts.exchange),
        symbols.known.is_trading_day(at.day),
        periodic=facts.phase == "periodic",
        halted=facts.phase == "halted" or facts.trading_status in codes.SUSPENDED,
    )
    return Subject(symbol, symbols.find(symbol), hours, at, symbols, facts)


def need(number: float | None, what: str) -> float:
    """
    A number that a message must have.

    Raises:
        BadFrame: `malformed` when it is absent.
    """
    if number is None:
        raise BadFrame("malformed", f"{what} is absent")
    return number
