"""What is none of the kinds we decode: a known reply or event to count, or no Binance at all."""

import msgspec
from msgspec import UNSET, UnsetType

from services.ingest.core.feed import Output
from services.ingest.core.records import Raw

UNREADABLE = "unreadable_line"
"""The kind of a raw record that is a whole recorded line which could not be taken apart."""


class _Event(msgspec.Struct, gc=False):
    """Marks of an event (`e`, `stream`, `u` of a ticker) or of a reply (`id`, `error`, `code`)."""

    e: str | UnsetType = UNSET
    stream: str | UnsetType = UNSET
    id: int | str | UnsetType | None = UNSET
    code: int | UnsetType = UNSET
    error: msgspec.Raw | UnsetType = UNSET

    def is_known(self) -> bool:
        """Whether any mark is there."""
        marks = (self.e, self.stream, self.id, self.code, self.error)
        return any(mark is not UNSET for mark in marks)


_events = msgspec.json.Decoder(_Event | list[_Event])


def read_other(raw: Raw, out: Output) -> None:
    """Count an event that nobody here decodes; dead-letter what Binance would not send."""
    if raw.channel.endswith(f".{UNREADABLE}"):
        out.reject("unreadable_line", "a recorded line must be '<receive time, ns> <message>'")
        return
    try:
        raw.value.decode()
        found = _events.decode(raw.value)
    except (msgspec.DecodeError, ValueError, RecursionError) as e:
        out.reject("malformed", f"{raw.channel}: no Binance message: {e}")
        return
    events = found if isinstance(found, list) else [found]
    if events and all(event.is_known() for event in events):
        out.drop("unknown_event")
    else:
        out.reject("malformed", f"{raw.channel}: neither an event, a reply nor a book snapshot")
