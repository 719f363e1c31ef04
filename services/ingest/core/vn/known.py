"""
What reference data says of the Vietnamese venue, as decoders look it up.

A function of the `reference` control records; what a later one says of a symbol holds, and
the first of a day begins from nothing.
"""

from collections.abc import Iterable

import msgspec

from schemas.base import BROADCAST, Phase
from schemas.control import Reference
from schemas.market import Instrument, MarketMessage, Status
from services.ingest.core.vn.schedule import DAY_MS, UTC_OFFSET_MS

_SATURDAY = 5
_THURSDAY = 3
"""1 January 1970 was one."""


class Facts(msgspec.Struct, gc=False, frozen=True, omit_defaults=True):
    """
    What is known of a symbol on a day; None where nothing is.

    Attributes:
        multiplier: VND a unit of price.
        reference: price of the day, in the quote unit.
        phase: of this symbol alone; `periodic` and `halted` hold all day.
        trading_status: a code of the vendor's.
    """

    exchange: str | None = None
    multiplier: float | None = None
    reference: float | None = None
    phase: Phase | None = None
    trading_status: str | None = None


UNKNOWN = Facts()


class KnownState(msgspec.Struct):
    """`day`: local, since 1 January 1970; `trading`: whether the record said that there is any."""

    day: int = -1
    trading: bool | None = None
    facts: dict[str, Facts] = {}


class Known:
    """The reference data of a venue's current day; decoders share one and only read it."""

    def __init__(self) -> None:
        self._state = KnownState()

    def learn(self, raw_seq: int, reference: Reference, messages: Iterable[MarketMessage]) -> None:
        """A record received at `raw_seq` (µs since the epoch) entered the tape as `messages`."""
        day = day_of_seq(raw_seq)
        if day != self._state.day:
            self._state = KnownState(day)
        if reference.trading_day is not None:
            self._state.trading = reference.trading_day
        facts = self._state.facts
        for message in messages:
            if isinstance(message, Instrument):
                facts[message.symbol] = _facts_of(message)
            elif isinstance(message, Status) and message.symbol != BROADCAST:
                facts[message.symbol] = _with_status(facts.get(message.symbol, UNKNOWN), message)

    def of(self, symbol: str) -> Facts:
        """What is known of a symbol; `UNKNOWN` where nothing is."""
        return self._state.facts.get(symbol, UNKNOWN)

    def is_trading_day(self, day: int) -> bool:
        """Whether the exchanges trade on a local day; Monday to Friday where no record says."""
        if day == self._state.day and self._state.trading is not None:
            return self._state.trading
        return (day + _THURSDAY) % 7 < _SATURDAY

    def state(self) -> KnownState:
        """What `restore` needs."""
        return self._state

    def restore(self, state: KnownState) -> None:
        """Go on as the one that gave `state` would."""
        self._state = state


def day_of_seq(seq: int) -> int:
    """The local day in which a record of `seq` was received."""
    return (seq // 1000 + UTC_OFFSET_MS) // DAY_MS


def _facts_of(instrument: Instrument) -> Facts:
    # No future's is 1: that is the default, where nobody gave one.
    unsaid = instrument.kind == "future" and instrument.multiplier == 1.0
    return Facts(
        exchange=instrument.exchange,
        multiplier=None if unsaid else instrument.multiplier,
        reference=instrument.reference,
        trading_status=instrument.trading_status,
    )


def _with_status(known: Facts, status: Status) -> Facts:
    return msgspec.structs.replace(
        known,
        exchange=status.exchange,
        phase=status.phase,
        trading_status=status.trading_status or known.trading_status,
    )
