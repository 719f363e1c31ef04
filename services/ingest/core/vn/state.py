"""What ingest remembers of each Vietnamese symbol."""

from typing import Any

import msgspec

from schemas.base import Phase
from services.ingest.core.feed import check_room
from services.ingest.core.vn.chains import ForeignChain, TimeChain, VolumeChain
from services.ingest.core.vn.known import Known
from services.ingest.core.vn.phases import SymbolPhase


class DayFigures(msgspec.Struct, gc=False, frozen=True):
    """What a `day` message said last, but for the totals, which trades carry."""

    day: int
    open: float | None = None
    high: float | None = None
    low: float | None = None


class Expected(msgspec.Struct, gc=False, frozen=True):
    """What an `auction` message said last."""

    day: int
    phase: Phase
    price: float
    volume: int | None = None


class SymbolState(msgspec.Struct, gc=False, omit_defaults=True):
    """All chains of one symbol; each is None before its first message."""

    trade: VolumeChain | None = None
    odd_lot: ForeignChain | None = None
    quote: TimeChain | None = None
    index: TimeChain | None = None
    candle: TimeChain | None = None
    foreign: ForeignChain | None = None
    phase: SymbolPhase | None = None
    figures: DayFigures | None = None
    expected: Expected | None = None
    open_interest: tuple[int, int] | None = None


class Symbols:
    """
    States by symbol, in the order in which the symbols came.

    `known` is what reference data says of them, which is no part of `state`.
    """

    def __init__(self) -> None:
        self.known = Known()
        self._states: dict[str, SymbolState] = {}

    def find(self, symbol: str) -> SymbolState:
        """
        Its state; a new one is remembered only by `keep`.

        Raises:
            BadFrame: when the symbol is one too many.
        """
        state = self._states.get(symbol)
        if state is None:
            check_room(len(self._states), symbol)
            return SymbolState()
        return state

    def keep(self, symbol: str, state: SymbolState) -> None:
        """Remember a symbol's state from here on: a message of it was accepted."""
        self._states[symbol] = state

    def state(self) -> Any:
        """As builtins that JSON carries."""
        return msgspec.to_builtins(self._states)

    def restore(self, state: Any) -> None:
        """
        Go on after what `state` gave.

        Raises:
            msgspec.ValidationError: when it is no such state.
        """
        self._states = msgspec.convert(state, dict[str, SymbolState])
