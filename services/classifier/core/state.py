"""Everything the classifier remembers of one symbol, and its bytes."""

from math import inf

import msgspec

from schemas.keys import routing_key, venue_of
from services.classifier.core.sums import DayFlow

Best = tuple[float, float, int, int]
"""
The best prices held from a moment on: bid (-inf when there is none), ask (inf), the moment in
µs (by the exchange's clock where quotes are stamped, else by arrival), the quote's ordinal.
"""


class SymbolState(msgspec.Struct, array_like=True):
    """
    Mutable state of one symbol; `step` alone changes it. A changed layout bumps the service's
    version (app.py).

    `encode` and `decode` keep it without loss, so a restored state goes on with the same
    bytes. At most about 4 KB from quotes, 8 KB from book deltas.
    """

    symbol: str
    reference: float | None = None
    ceiling: float | None = None
    floor: float | None = None
    exchange: str = ""
    multiplier: float | None = None
    inverse: bool = False

    # The book (book.py): changes of the best prices, oldest first, and where they come from.
    best: list[Best] = []
    bid: float = -inf
    ask: float = inf
    quotes: int = 0
    quote_us: int = 0
    quoted: bool = False
    stamped: bool = False
    bid_levels: list[float] = []
    ask_levels: list[float] = []

    # The clocks (alignment.py): least transit of a trade in this window and the one before, µs.
    transit_us: int | None = None
    earlier_transit_us: int | None = None
    transit_since: int = 0
    whole_seconds: bool = True

    # The alignment (alignment.py): the view in use, its centre, and by how much each other one
    # is better (mean and mean square of the difference), over so many prints.
    view: int = 0
    centre_us: int = 0
    leads: list[float] = []
    squares: list[float] = []
    learned: int = 0

    # The last print of the main board (rules.py). tick and side: 1 buy, -1 sell, 0 unknown.
    price: float | None = None
    ts_ms: int = 0
    tick: int = 0
    side: int = 0
    situation: str = ""
    quotes_then: int = 0
    hidden: float = 0.0

    # The day's flow (flow.py, session.py). is_open: the next clock has something to publish
    # or to settle. day_ends_us: the first seq of the next day.
    flow: DayFlow = msgspec.field(default_factory=DayFlow)
    is_open: bool = False
    day_ends_us: int = 0


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(SymbolState)


def initial(symbol: str) -> SymbolState:
    """The state before any message of the symbol."""
    # Of a contract its instrument alone says what a point or a piece of it is worth.
    contract = venue_of(symbol) == "BNC" or routing_key(symbol) != symbol
    contract = contract or (venue_of(symbol) == "VN" and symbol.startswith("41"))
    return SymbolState(symbol, multiplier=None if contract else 1.0)


def encode(state: SymbolState) -> bytes:
    """The state as msgpack (which, unlike JSON, has the infinities of an empty side)."""
    return _encoder.encode(state)


def decode(data: bytes) -> SymbolState:
    """
    The inverse of `encode`.

    Raises:
        msgspec.DecodeError: when the bytes are no state of this layout.
    """
    return _decoder.decode(data)
