"""An example of a raw topic, or of `control`, through the engine of ingest."""

import json

import msgspec

from schemas.control import Position
from schemas.keys import UNROUTED
from services.ingest.core.engine import Engine
from services.ingest.core.records import Decoded, Raw
from services.ingest.core.registry import FEEDS
from services.ingest.positions import Chain
from tests.support.cores.schema import validator
from tests.support.examples import Example, examples

RECEIVED_US = 1_723_161_254_218_407


RECEIVED_VN_US = 1_786_694_400_218_407
"""15:00 at UTC+7 on 14 August 2026, the day of all Vietnamese examples."""


def through_ingest(example: Example) -> None:
    """A vendor's frame, or a control record, becomes messages or a counted drop."""
    message = example.message if example.topic.value is not None else None
    if isinstance(message, Position):
        restored_by_ingest(message)
        return
    raw = control_record(example) if message else vendor_record(example)
    engine = Engine([raw.venue])
    if raw.channel.endswith("depthSnapshot") and raw.key == UNROUTED:
        # A bare reply names no symbol: it is the one that the venue has shown.
        name = f"{raw.venue.lower()}-book-ticker"
        (ticker,) = [e for e in examples("binance") if e.name == name]
        engine.decode(vendor_record(ticker))
    decoded = engine.decode(raw._replace(seq=raw.seq + 1))
    assert decoded.dead == []
    if raw.venue == "VN" and message is None:
        assert (decoded.messages == []) is example.name.endswith("-not-primary")
    quiet = message is not None and not decodes_into_messages(example)
    assert bool(decoded.messages or decoded.dropped) is not quiet
    are_messages_of_market(decoded)
    again = Engine([raw.venue])
    again.restore(json.loads(msgspec.json.encode(engine.state())))
    assert again.decode(raw).messages == engine.decode(raw).messages


def restored_by_ingest(position: Position) -> None:
    chain = msgspec.convert(position.chain, Chain)
    engine = Engine(position.venues)
    engine.restore(chain.engine)
    state = engine.state()
    for venue, sequencer in chain.engine["sequencers"].items():
        assert state["sequencers"][venue] == sequencer
    for venue, feeds in chain.engine["decoders"].items():
        for feed, symbols in feeds.items():
            assert state["decoders"][venue][feed].keys() == symbols.keys()
    again = Engine(position.venues)
    again.restore(json.loads(msgspec.json.encode(state)))
    assert again.state() == state


def control_record(example: Example) -> Raw:
    fields = example.json
    return Raw(
        fields["venue"], RECEIVED_US, "binance", fields["type"], fields["venue"], example.line
    )


def vendor_record(example: Example) -> Raw:
    """As ingest's shell makes it: the first word of the file's name is the venue."""
    venue, value = example.name.split("-")[0].upper(), example.text.encode()
    feed = example.topic.name.partition("-")[0]
    topic, channel, key, kept = FEEDS[feed].route(venue, value)
    assert topic == example.topic.name
    received_us = RECEIVED_VN_US if venue == "VN" else RECEIVED_US
    return Raw(venue, received_us, feed, channel, key, kept)


def decodes_into_messages(example: Example) -> bool:
    """Not those that only move the clock, nor an image of nothing."""
    fields = example.json
    if fields["type"] == "reference":
        return any(fields.get(k) for k in ("instruments", "baskets", "statuses"))
    return fields["type"] in ("lost", "rest_reply")


def are_messages_of_market(decoded: Decoded) -> None:
    schema = validator("market")
    seqs = [m.seq for m in decoded.messages]
    assert seqs == sorted(set(seqs))
    for message in decoded.messages:
        schema.validate(msgspec.json.decode(msgspec.json.encode(message)))
