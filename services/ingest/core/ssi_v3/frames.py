"""
Frames of SSI v3 as typed structs, with its own keys.

Sources: `ssi_sdk/models/streaming.py` of ssi-sdk 3.3.0. Numbers may be strings. The form of `t`
on the stream is not documented; that of v3's REST is `YYYY/MM/DD HH:MM:SS`, local.
"""

import re
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import Meta

from services.ingest.core.feed import BadFrame
from services.ingest.core.vn.times import Moment, moment

Number = Annotated[float, Meta(ge=-1e18, le=1e18)] | None
_WHEN = re.compile(r"(\d{4})[/-](\d{1,2})[/-](\d{1,2})[ T](\d{1,2}:\d\d:\d\d(?:\.\d{1,6})?)")
_LEVELS = 10


class Trade(msgspec.Struct, gc=False):
    """A print: price, volume, side (B, S, U), volume of the day, open, high, low, average."""

    s: str
    t: str = ""
    p: Number = None
    q: Number = None
    si: str | None = None
    v: Number = None
    o: Number = None
    h: Number = None
    l: Number = None  # noqa: E741  # the vendor's name
    a: Number = None


class Quote(msgspec.Struct, gc=False):
    """A book: `[price, volume]`, best first."""

    s: str
    t: str = ""
    bids: list[tuple[Number, Number]] = []
    asks: list[tuple[Number, Number]] = []

    def numbers(self) -> tuple[float | None, ...]:
        """As `tell_quote` takes them."""
        return (*_flat(self.bids), *_flat(self.asks))


class Room(msgspec.Struct, gc=False):
    """Foreign trading: total and current room, bought and sold, volume and value."""

    s: str
    t: str = ""
    tr: Number = None
    cr: Number = None
    bq: Number = None
    bv: Number = None
    sq: Number = None
    sv: Number = None


class Index(msgspec.Struct, gc=False):
    """A value of an index: change, breadth, matched and put-through volume and value."""

    s: str
    t: str = ""
    v: Number = None
    c: Number = None
    adv: Number = None
    dec: Number = None
    nc: Number = None
    ce: Number = None
    fl: Number = None
    tmv: Number = None
    tmq: Number = None
    tvp: Number = None
    tqp: Number = None


Data = TypeVar("Data")


class _Frame(msgspec.Struct, Generic[Data], gc=False):
    data: Data


class Reader(Generic[Data]):
    """Reads the data of frames of one kind."""

    def __init__(self, data: type[Data]) -> None:
        # A parametrised struct is a type at run time only.
        self._frames = msgspec.json.Decoder(_Frame[data], strict=False)  # type: ignore[valid-type]

    def read(self, value: bytes) -> Data:
        """
        What a frame says.

        Raises:
            BadFrame: it is no such frame.
        """
        try:
            found: Any = self._frames.decode(value)
        except (msgspec.DecodeError, ValueError, RecursionError) as e:
            raise BadFrame("malformed", str(e)) from e
        data: Data = found.data
        return data


def when(seq: int, written: str) -> Moment | None:
    """
    The moment of a frame received at `seq`; None when it is of another day.

    Raises:
        BadFrame: `bad_time` when a time is written and is none.
    """
    if not written:
        return moment(seq, None, None)
    found = _WHEN.fullmatch(written)
    if found is None:
        raise BadFrame("bad_time", f"time must be YYYY/MM/DD HH:MM:SS, was {written[:40]!r}")
    year, month, day, clock = found.groups()
    return moment(seq, f"{day}/{month}/{year}", clock)


def _flat(levels: list[tuple[Number, Number]]) -> list[float | None]:
    shown = [number for level in levels[:_LEVELS] for number in level]
    return shown + [None] * (2 * _LEVELS - len(shown))
