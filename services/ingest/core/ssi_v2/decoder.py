"""SSI's decoder: one raw record into messages of `market`, with its chain state."""

from collections.abc import Callable
from typing import Any

import msgspec

from services.ingest.core.feed import BadFrame, Output
from services.ingest.core.records import Raw
from services.ingest.core.ssi_v2.others import Bars, Foreigns, Indices, OddLots, Statuses
from services.ingest.core.ssi_v2.prints import Prints, Quotes
from services.ingest.core.ssi_v2.rest import DAILY_PRICES, INTRADAY, MinuteBars, keep_prices
from services.ingest.core.ssi_v2.route import OTHER, TOPIC_OF
from services.ingest.core.vn.desk import Desk, Nothing
from services.ingest.core.vn.known import Known
from services.ingest.core.vn.sources import PRIMARY, Kind, Sources, kinds_of

FEED_NAME = "ssi"
_PRINTS: frozenset[Kind] = frozenset({"trade", "auction", "day"})

Handler = Callable[[Raw, Output], None]


class SsiDecoder:
    """
    Decodes SSI's channels; a `FeedDecoder`.

    Args:
        usual: which channel writes which kind of message, where the desk has no choice; what
            a channel does not write is not even read (`not_primary`).
    """

    def __init__(self, _venue: str, usual: Sources = PRIMARY) -> None:
        self._usual = usual
        self.share(Desk())

    def share(self, desk: Desk) -> None:
        """See `FeedDecoder`."""
        self._desk, self._symbols = desk, desk.symbols
        self._arrange()

    def _arrange(self) -> None:
        self._turn = self._desk.turn
        sources = self._desk.sources(self._usual)
        self._handlers = {name: self._of(name, sources) for name in TOPIC_OF}
        self._handlers[DAILY_PRICES] = [keep_prices]
        self._handlers[INTRADAY] = [MinuteBars(self._symbols).decode]

    def _of(self, channel: str, sources: Sources) -> list[Handler]:
        """What decodes a channel, in the order of messages (design §2)."""
        kinds, symbols = kinds_of(sources, FEED_NAME, channel), self._symbols
        handlers: list[Handler] = []
        if channel in ("X-TRADE", "X") and kinds & _PRINTS:
            handlers.append(Prints(symbols, kinds).decode)
        if channel in ("X-QUOTE", "X") and "quote" in kinds:
            handlers.append(Quotes(symbols).decode)
        if channel == "R" and "foreign" in kinds:
            handlers.append(Foreigns(symbols).decode)
        if channel == "MI" and "index" in kinds:
            handlers.append(Indices(symbols).decode)
        if channel == "OL" and "odd_lot" in kinds:
            handlers.append(OddLots(symbols).decode)
        if channel == "F" and "status" in kinds:
            handlers.append(Statuses(symbols).decode)
        if channel == "B":
            handlers += [Bars(symbols, k).decode for k in ("trade", "candle") if k in kinds]
        return handlers

    def decode(self, raw: Raw, out: Output) -> None:
        """See `FeedDecoder`."""
        if self._turn != self._desk.turn:
            self._arrange()
        handlers = self._handlers.get(raw.channel.rpartition(".")[2])
        if handlers is None:
            _other(raw, out)
        elif not handlers:
            out.drop("not_primary")
        else:
            try:
                for handler in handlers:
                    handler(raw, out)
            except BadFrame as e:
                out.reject(e.code, f"{raw.channel}: {e.why}")

    def learn(self, known: Known) -> None:
        """See `FeedDecoder`."""
        self._symbols.known = known

    def state(self) -> Any:
        """See `FeedDecoder`."""
        return {}

    def restore(self, state: Any) -> None:
        """See `FeedDecoder`."""
        msgspec.convert(state, Nothing)


def _other(raw: Raw, out: Output) -> None:
    """Count a message of a type that nobody here knows; dead-letter what is no JSON object."""
    try:
        msgspec.json.decode(raw.value, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, ValueError, RecursionError) as e:
        out.reject("malformed", f"{raw.channel}: no message of SSI: {e}")
        return
    if raw.channel.endswith(f".{OTHER}"):
        out.drop("unknown_event")
    else:
        out.reject("malformed", f"{raw.channel[:64]}: no such channel")
