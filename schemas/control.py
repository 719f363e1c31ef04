"""
`control`: what no vendor sent but the tape depends on (design §3).

All but `position` are raw records: they carry the header `seq` and decode into `market`.
The header `feed` names the feed (or `ingest`), `channel` is the type; the key is the venue.
"""

from typing import Any, Literal

import msgspec

from schemas.market import Basket, Instrument, Status


class Connected(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="connected"):
    """A feed's channels are live; `whole`: nothing is missing since they were before."""

    venue: str
    channel: str
    detail: str = ""
    whole: bool = False


class Changed(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="changed"):
    """
    A live connection came to another state; to `live` it comes with `connected`.

    Attributes:
        channel: as of `Lost`.
        why: as a person reads it, empty while all is well.
        loses: data may be missing from here on, until a `lost` says to when.
        newest_ms: exchange time of the newest data before it, ms since the epoch.
    """

    venue: str
    channel: str
    state: Literal["connecting", "silent", "backing_off", "refused"]
    why: str = ""
    loses: bool = False
    newest_ms: int = 0


class Lost(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="lost"):
    """
    A feed was lost: becomes a `gap`. Times in ms since the epoch, UTC; exchange time.

    `count` is of vendor messages, null where nobody knows.
    """

    venue: str
    channel: str
    cause: Literal["disconnect", "silence", "restart", "late_start", "source_change", "spool_full"]
    from_ts_ms: int
    to_ts_ms: int
    symbol: str = "*"
    count: int | None = None


class Tick(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="tick"):
    """Time passed on a silent venue."""

    venue: str


class Reference(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="reference"):
    """
    Reference data enters the tape; seq, ts_ms and feed of the messages are given by ingest.

    `trading_day`: whether the exchanges trade on the local day in which it is received; null
    where nobody said, then they do from Monday to Friday.
    """

    venue: str
    source: str
    instruments: list[Instrument] = []
    baskets: list[Basket] = []
    statuses: list[Status] = []
    trading_day: bool | None = None


class Sources(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="sources"):
    """
    Which source writes which kind of message of a venue, from now on: a change is a `gap`.

    `choice`: kind -> `feed:channel`; a kind that is not in it has its usual source.
    """

    venue: str
    choice: dict[str, str] = {}


class RestReply(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="rest_reply"):
    """A reply of a vendor's REST service, verbatim, decoded by the feed's decoder for `channel`."""

    venue: str
    channel: str
    body: str


class Position(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="position"):
    """
    Where ingest stands; not a raw record. Everything below is acknowledged.

    Attributes:
        venues: the venues this ingest owns.
        raw: topic -> partition -> an offset at or below the next one to decode; records whose
            seq is at or below `chain.raw_seq` of their venue are decoded already.
        market: partition -> next offset of `market`.
        last_seq: partition of `market` -> venue -> last seq written there.
        chain: `raw_seq`, venue -> the last one decoded, and `engine`, the decoders' and
            sequencers' state after it.
        cursor: the feed's own place (a recording: records consumed), JSON.
    """

    venues: list[str]
    raw: dict[str, dict[int, int]]
    market: dict[int, int]
    last_seq: dict[int, dict[str, int]]
    chain: Any
    cursor: Any


ControlMessage = Connected | Changed | Lost | Tick | Reference | Sources | RestReply | Position
