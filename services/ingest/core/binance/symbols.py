"""The symbols of one venue: names, chain states, and the refusal of foreign ones."""

from functools import lru_cache

from msgspec import UnsetType

from services.ingest.core.binance.route import symbol_of
from services.ingest.core.feed import BadFrame, check_room
from services.ingest.core.quality import SymbolState


class Symbols:
    """Chain states by symbol, in the order in which the symbols came."""

    def __init__(self, venue: str) -> None:
        self.venue = venue
        self.states: dict[str, SymbolState] = {}

    def find(self, stream: str | UnsetType, name: str) -> tuple[str, SymbolState]:
        """
        Symbol and state of a message that names `name` and came on `stream`.

        A new symbol's state is kept only by `keep`, once a message of it was accepted.

        Raises:
            BadFrame: when the stream is another symbol's, or the symbol is one too many.
        """
        symbol = symbol_of(name, self.venue)
        if stream and _symbol_of_stream(stream, self.venue) != symbol:
            raise BadFrame(
                "wrong_symbol", f"stream {stream[:80]!r} carried a message of symbol {name!r}"
            )
        return symbol, self.state_of(symbol)

    def state_of(self, symbol: str) -> SymbolState:
        """
        A symbol's state, as `find` gives it.

        Raises:
            BadFrame: when the symbol is one too many.
        """
        state = self.states.get(symbol)
        if state is None:
            check_room(len(self.states), symbol)
            return SymbolState()
        return state

    def keep(self, symbol: str, state: SymbolState) -> None:
        """Remember a symbol's state from here on."""
        self.states[symbol] = state

    def of_snapshot(self, stream: str | UnsetType, name: str | UnsetType, key: str) -> str:
        """
        The symbol of a book snapshot, which may name none: then its stream's, its record
        key's, or the only symbol that this venue has shown so far.

        Raises:
            BadFrame: when nothing tells it.
        """
        if name:
            return self.find(stream, name)[0]
        if stream:
            return _symbol_of_stream(stream, self.venue)
        if key.endswith(f".{self.venue}"):
            return key
        if len(self.states) == 1:
            return next(iter(self.states))
        raise BadFrame(
            "ambiguous_snapshot",
            f"a book snapshot without a symbol, and {len(self.states)} symbols on {self.venue}: "
            'record it as {"stream": "<symbol>@depthSnapshot", "data": …}',
        )


@lru_cache(maxsize=65536)
def _symbol_of_stream(stream: str, venue: str) -> str:
    return symbol_of(stream.partition("@")[0], venue)
