"""What a feed's decoder is given and must be, so that a new feed is a folder, not a branch."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from schemas.market import MarketMessage
from services.ingest.core.records import Decoded, Raw
from services.ingest.core.sequence import Sequencer
from services.ingest.core.vn.known import Known

if TYPE_CHECKING:
    from services.ingest.core.vn.desk import Desk

MAX_REASON = 300
"""Characters of a reason: it travels in a header."""
MAX_SYMBOLS = 10_000
"""Of one feed on one venue; Binance's largest, spot, has had about 3,500 in all. More are
invented names, which would outgrow memory and the records that say where ingest stands."""


class Output:
    """Collects what one raw record gives. `next_seq` must be called in the order of messages."""

    __slots__ = ("_sequencer", "dead", "dropped", "messages")

    def __init__(self, sequencer: Sequencer) -> None:
        self._sequencer = sequencer
        self.messages: list[MarketMessage] = []
        self.dead: list[str] = []
        self.dropped: list[str] = []

    def next_seq(self) -> int:
        """The seq of the message about to be appended; a clock may be put before it."""
        return self._sequencer.next(self.messages)

    def reject(self, code: str, why: str) -> None:
        """
        Dead-letter the record: `<code>: <why>`.

        `code` is of a closed set (fit for a metric's label), `why` is for a person and may
        quote the vendor; it is cut and made safe for a header.
        """
        reason = f"{code}: {why}"[:MAX_REASON]
        self.dead.append(reason.encode("utf-8", "backslashreplace").decode())

    def drop(self, code: str) -> None:
        """Count a record, or one message of it, that is rightly left out."""
        self.dropped.append(code)

    def decoded(self) -> Decoded:
        """All of it, as ingest's shell takes it."""
        return Decoded(self.messages, self.dead, self.dropped)


def refuse(out: Output, verdict: str, what: str) -> None:
    """Drop or dead-letter what a chain judged not to be new; `what` names it and the last."""
    if verdict == "conflict":
        out.reject("conflicting_id", f"{what}: the same id again with other content")
    elif verdict == "leap":
        out.reject("absurd_id", f"{what}: the number leaps too far to be true")
    elif verdict == "broken":
        out.reject("broken_chain", f"{what}: the total grew by less than its volume")
    else:
        out.drop(verdict)


class BadFrame(Exception):
    """A record is no such frame, or not this symbol's; `code` as of `Output.reject`."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code, self.why = code, why


def check_room(known: int, symbol: str) -> None:
    """
    Before the first message of `symbol` of a feed that has `known` others.

    Raises:
        BadFrame: MAX_SYMBOLS are there, or the name has characters that nobody can read.
    """
    if not symbol.isprintable():
        raise BadFrame("malformed", f"symbol {symbol!r} has unprintable characters")
    if known >= MAX_SYMBOLS:
        raise BadFrame("too_many_symbols", f"{symbol} would be one more than {MAX_SYMBOLS}")


class FeedDecoder(Protocol):
    """One feed's decoder on one venue, with its chain state."""

    def decode(self, raw: Raw, out: Output) -> None:
        """
        Give at least one message, drop or dead letter for `raw`.

        An exception is caught by the engine and dead-letters the record as `unforeseen`.
        """

    def share(self, desk: "Desk") -> None:
        """
        What the decoders of a venue share, its symbols and who writes what of them.

        Called once, before `learn`, for a venue that has such. It is no part of `state`.
        """

    def learn(self, known: Known) -> None:
        """
        What reference data says of the venue; it changes as records of it come.

        Called once, before the first record; only read it. It is no part of `state`.
        """

    def state(self) -> Any:
        """The chain state as builtins that JSON carries."""

    def restore(self, state: Any) -> None:
        """
        Go on after what `state` gave, also when it went through JSON.

        Raises:
            msgspec.ValidationError: when it is no such state.
        """


class Routed(NamedTuple):
    """
    Where a vendor's message goes: raw topic (without the tape), channel, routing key.

    `value` is what the raw record keeps of it: the whole, or what an envelope held.
    """

    topic: str
    channel: str
    key: str
    value: bytes


class Feed(NamedTuple):
    """
    A registered feed.

    `route(venue, message)` tells where a vendor's message goes, cheaply and without ever
    raising; `decoder(venue)` makes a fresh decoder; `topics` are all that `route` names.
    """

    route: Callable[[str, bytes], Routed]
    decoder: Callable[[str], FeedDecoder]
    topics: tuple[str, ...]
