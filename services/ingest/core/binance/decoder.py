"""Binance's decoder: one raw record into messages of `market`, with its chain state."""

from typing import Any

import msgspec

from services.ingest.core.binance.books import Books
from services.ingest.core.binance.other import read_other
from services.ingest.core.binance.prints import Prints
from services.ingest.core.binance.symbols import Symbols
from services.ingest.core.feed import BadFrame, Output
from services.ingest.core.quality import SymbolState
from services.ingest.core.records import Raw
from services.ingest.core.vn.desk import Desk
from services.ingest.core.vn.known import Known

PRICE_RATIO = 10.0
"""A price further than this from the last one, either way, is absurd."""


class BinanceDecoder:
    """
    Decodes one venue of Binance; a `FeedDecoder`.

    Args:
        trades: which stream writes `trade` messages, "trade" or "aggTrade"; records of the
            other are counted drops (`not_primary`).
        price_ratio: see `PRICE_RATIO`.
    """

    def __init__(self, venue: str, trades: str = "trade", price_ratio: float = PRICE_RATIO) -> None:
        self._symbols = Symbols(venue)
        self._handlers = {
            **Prints(self._symbols, trades, price_ratio).handlers,
            **Books(self._symbols, price_ratio).handlers,
        }

    def decode(self, raw: Raw, out: Output) -> None:
        """See `FeedDecoder`."""
        handler = self._handlers.get(raw.channel.rpartition(".")[2], read_other)
        try:
            handler(raw, out)
        except BadFrame as e:
            out.reject(e.code, f"{raw.channel}: {e.why}")

    def share(self, desk: Desk) -> None:
        """See `FeedDecoder`: a venue with one source for everything needs nothing of it."""

    def learn(self, known: Known) -> None:
        """See `FeedDecoder`: a venue that never closes needs nothing of it."""

    def state(self) -> Any:
        """See `FeedDecoder`."""
        return msgspec.to_builtins(self._symbols.states)

    def restore(self, state: Any) -> None:
        """See `FeedDecoder`."""
        self._symbols.states = msgspec.convert(state, dict[str, SymbolState])
