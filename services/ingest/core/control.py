"""Control records (what no vendor sent) into messages of `market`."""

from collections.abc import Callable, Iterable

import msgspec

from schemas.base import BROADCAST
from schemas.control import (
    Changed,
    Connected,
    ControlMessage,
    Lost,
    Position,
    Reference,
    RestReply,
    Sources,
    Tick,
)
from schemas.keys import UNROUTED, venue_of
from schemas.market import Basket, Gap, Instrument, Status
from services.ingest.core.feed import Output
from services.ingest.core.losses import Losses
from services.ingest.core.records import Raw

CHANNELS = frozenset(
    {"connected", "changed", "lost", "tick", "reference", "sources", "rest_reply", "position"}
)
"""Channels of `control`: its message types. A feed's channel has a dot and is none of these."""

_decoder: msgspec.json.Decoder[ControlMessage] = msgspec.json.Decoder(ControlMessage)


def decode_control(
    raw: Raw, out: Output, losses: Losses, decode_feed: Callable[[Raw, Output], None]
) -> Reference | Sources | None:
    """
    Messages of a control record; `connected` and `tick` only move the clock.

    A REST reply is given to `decode_feed` as a record of its own channel.

    Returns:
        What changes how records after it are decoded.
    """
    try:
        message = _decoder.decode(raw.value)
    except (msgspec.DecodeError, ValueError, RecursionError) as e:
        out.reject("malformed", f"control record {raw.channel}: {e}")
        return None
    if isinstance(message, Position):
        out.reject("unforeseen", "a position is no raw record: the reader must leave it out")
    elif message.venue != raw.venue:
        out.reject("wrong_venue", f"{raw.channel} of {message.venue!r} stands under {raw.venue}")
    elif isinstance(message, Reference):
        for items in (message.instruments, message.baskets, message.statuses):
            _reference(raw, out, items)
        return message
    elif isinstance(message, Sources):
        return message
    elif isinstance(message, Lost):
        for feed, lost in losses.told(raw, message):
            _lost(feed, out, lost)
    elif isinstance(message, Changed):
        losses.changed(raw, message)
    elif isinstance(message, RestReply):
        _rest(raw, out, message, decode_feed)
    elif isinstance(message, Connected):
        losses.connected(raw, message)
    else:
        assert isinstance(message, Tick)
    return None


def _reference(raw: Raw, out: Output, items: Iterable[Instrument | Basket | Status]) -> None:
    for item in items:
        if item.symbol != BROADCAST and venue_of(item.symbol) != raw.venue:
            out.reject("wrong_venue", f"reference of {item.symbol!r} stands under {raw.venue}")
            continue
        seq = out.next_seq()
        out.messages.append(
            msgspec.structs.replace(
                item, feed=raw.feed, seq=seq, ts_ms=seq // 1000, ts_source="receive"
            )
        )


def _lost(feed: str, out: Output, lost: Lost) -> None:
    to_ts_ms = max(lost.from_ts_ms, lost.to_ts_ms)
    out.messages.append(
        Gap(
            symbol=lost.symbol,
            feed=feed,
            seq=out.next_seq(),
            ts_ms=to_ts_ms,
            venue=lost.venue,
            channel=lost.channel,
            cause=lost.cause,
            from_ts_ms=lost.from_ts_ms,
            to_ts_ms=to_ts_ms,
            missing_count=lost.count,
        )
    )


def _rest(
    raw: Raw, out: Output, reply: RestReply, decode_feed: Callable[[Raw, Output], None]
) -> None:
    if reply.channel in CHANNELS:
        out.reject("malformed", f"a REST reply cannot be of channel {reply.channel!r}")
        return
    body = reply.body.encode()
    decode_feed(raw._replace(channel=reply.channel, key=UNROUTED, value=body), out)
