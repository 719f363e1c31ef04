"""Every example goes through the core of every consumer that schemas/topics.py declares."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import jsonschema
import msgspec
import pytest

from schemas import generate
from schemas.bars import Bar
from schemas.base import BROADCAST
from schemas.basis import Basis
from schemas.board import BoardRow
from schemas.control import Position
from schemas.foreign_flow import ForeignFlow
from schemas.keys import UNROUTED, partition, routing_key, venue_of
from schemas.market import Basket, Clock, Index, Instrument, Status, Trade
from schemas.market_partials import MarketPartial
from schemas.topics import (
    ALERT_INPUTS,
    ALERTS,
    BARS,
    BASIS,
    BOARD,
    BUSD_FORECASTS,
    BUSD_PARTIALS,
    BY_NAME,
    FOREIGN_FLOW,
    MARKET_PARTIALS,
    TOPICS,
    TRADES_CLASSIFIED,
)
from schemas.trades_classified import TradeClassified
from services.analytics.busd_app import build as build_busd
from services.analytics.busd_merge_app import build as build_busd_merge
from services.board.app import SERVICE as BOARD_SERVICE
from services.classifier.app import SERVICE as CLASSIFIER
from services.delivery.core import intake
from services.delivery.core.routes import Route
from services.derivatives.app import build as derivatives
from services.foreign.app import SERVICE as FOREIGN
from services.gateway.core import wire
from services.gateway.core.channels import BY_TOPIC_AND_TYPE
from services.gateway.core.hub import Hub
from services.gateway.core.outbound import Outbound
from services.index.app import SERVICE as INDEX
from services.index.merge_app import SERVICE as MERGE
from services.ingest.core.engine import Engine
from services.ingest.core.records import Decoded, Raw
from services.ingest.core.registry import FEEDS
from services.ingest.positions import Chain
from services.orderflow.app import build as orderflow
from services.orderflow.index_app import build as index_bars
from services.runtime.partition import Partition
from services.runtime.settings import Settings
from services.writer.core.batch import Batch
from tests.support.alerts import analytics
from tests.support.examples import Example, examples

HEAD = ("type", "symbol", "feed", "seq", "ts_ms")
"""What every message says."""
BUSD, BUSD_MERGE = build_busd(Settings()), build_busd_merge(Settings())

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


def through_classifier(example: Example) -> None:
    """A trade gives one output of its own topic; forwards are the messages that are forwarded."""
    message = example.message
    classified: list[bytes] = []
    forwarded: list[bytes] = []
    state: Partition[Any] = Partition(
        CLASSIFIER,
        {TradeClassified: lambda _, value: classified.append(value)},
        [lambda _, value: forwarded.append(value)],
    )
    assert state.run(0, [message]) == []
    assert len(classified) == isinstance(message, Trade)
    schema = validator(TRADES_CLASSIFIED.name)
    for value in classified + forwarded:
        output = msgspec.json.decode(value, type=TRADES_CLASSIFIED.value)
        assert (output.symbol, output.seq) == (message.symbol, message.seq)
        schema.validate(json.loads(value))
    assert bool(forwarded) is (example.json["type"] in ("clock", "gap", "status"))
    assert state.run(0, [message]) == []
    assert (len(classified), len(forwarded)) == (
        isinstance(message, Trade),
        bool(forwarded),
    ), "the same message again changes nothing"


def through_board(example: Example) -> None:
    """What late readers need comes out as it is; the rest makes a row when a clock closes it."""
    message = example.message
    rows: list[bytes] = []
    kept: list[bytes] = []
    sinks = {
        kind: lambda _, value, to=(rows if topic is BOARD else kept): to.append(value)
        for kind, topic in BOARD_SERVICE.outputs.items()
    }
    state: Partition[Any] = Partition(BOARD_SERVICE, sinks, [])
    assert state.run(0, [message]) == []
    kind = example.json["type"]
    forwarded = type(message) in (Basket, Index, Instrument, Status)
    assert kept == ([msgspec.json.encode(message)] if forwarded else [])
    venue = venue_of(message.symbol)
    second = message.seq // 1_000_000 * 1_000_000 + 1_000_000
    clock = Clock(symbol=BROADCAST, feed="test", seq=second, ts_ms=second // 1000, venue=venue)
    assert state.run(1, [message, clock]) == []
    assert len(kept) == forwarded, "the same message again changes nothing"
    silent = ("index", "basket", "clock", "gap", "book_delta", "candle")
    index = kind in silent or message.symbol == BROADCAST or example.json.get("kind") == "index"
    assert len(rows) == (not index)
    for value in rows:
        validator(BOARD.name).validate(json.loads(value))
        row = msgspec.json.decode(value, type=BoardRow)
        assert (row.symbol, row.seq, row.venue) == (message.symbol, second, venue)


def through_orderflow(example: Example) -> None:
    """A trade of the main board, or an index value, is in every bar when a clock comes."""
    message = example.message
    trades = example.topic is TRADES_CLASSIFIED
    service = (orderflow if trades else index_bars)(Settings())
    bars: list[bytes] = []
    state: Partition[Any] = Partition(service, {Bar: lambda _, value: bars.append(value)}, [])
    second = message.seq // 1_000_000 * 1_000_000 + 1_000_000
    venue = venue_of(message.symbol)
    clock = Clock(symbol=BROADCAST, feed="test", seq=second, ts_ms=second // 1000, venue=venue)
    for offset in range(2):
        assert state.run(offset, [message, clock]) == []
        made = [msgspec.json.decode(value, type=Bar) for value in bars]
        words = [w for w in Settings().bars.split(",") if trades or w[-1] in "smhd"]
        counted = example.json.get("board") == "main" if trades else isinstance(message, Index)
        assert {bar.interval for bar in made} == (set(words) if counted else set())
        assert len(made) == len(words) * counted, "the same messages again change nothing"
    for value in bars:
        validator(BARS.name).validate(json.loads(value))


def through_foreign(example: Example) -> None:
    """What tells of foreigners makes one row when a clock closes it; twice is as once."""
    message = example.message
    rows: list[bytes] = []
    state: Partition[Any] = Partition(FOREIGN, {ForeignFlow: lambda _, v: rows.append(v)}, [])
    second = message.seq // 1_000_000 * 1_000_000 + 1_000_000
    clock = Clock(symbol=BROADCAST, feed="test", seq=second, ts_ms=second // 1000, venue="VN")
    assert state.run(0, [message, message, clock]) == []
    assert len(rows) == (example.json["type"] == "foreign" and len(example.json) > len(HEAD))
    for value in rows:
        validator(FOREIGN_FLOW.name).validate(json.loads(value))
        row = msgspec.json.decode(value, type=ForeignFlow)
        assert (row.symbol, row.seq, row.room) == (message.symbol, second, message.current_room)


def through_analytics(example: Example) -> None:
    """Rules of every kind take it; what they say is an alert of its stream, and said once."""
    alerts: list[bytes] = []
    service = analytics(example.topic.name)
    kinds = {kind: lambda _, value: alerts.append(value) for kind in service.outputs}
    state: Partition[Any] = Partition(service, kinds, [])
    message = example.message
    assert state.run(0, [message]) == []
    said = list(alerts)
    for value in said:
        validator(ALERTS.name).validate(json.loads(value))
        alert = intake.decode(value)
        assert (alert.symbol, alert.seq, alert.topic) == (
            message.symbol,
            message.seq,
            example.topic.name,
        )
    assert state.run(1, [message]) == []
    assert alerts == said, "the same message again changes nothing"


def through_delivery(example: Example) -> None:
    """One row a channel that takes it."""
    policy = intake.Policy("t1", withheld=None, oldest_ms=0)
    routes = [Route("all"), Route("none", rules=frozenset({"another"}))]
    (row,) = intake.rows(example.line, routes, policy)
    assert (row.channel, row.status) == ("all", "waiting")
    assert row.id.startswith(f"t1/{example.json['rule']}/")


def through_derivatives(example: Example) -> None:
    """What is said of a future makes its row when a clock closes it; twice is as once."""
    message = example.message
    options = {"derivatives_rate": 0.045, "derivatives_dividend_yield": 0.015}
    service, rows = derivatives(Settings.model_validate(options)), list[bytes]()
    state: Partition[Any] = Partition(service, {Basis: lambda _, v: rows.append(v)}, [])
    second = message.seq // 1_000_000 * 1_000_000 + 1_000_000
    clock = Clock(symbol=BROADCAST, feed="test", seq=second, ts_ms=second // 1000, venue="VN")
    assert state.run(0, [message, message, clock]) == []
    future = routing_key(message.symbol) in ("VN30", "VN100")
    told = ("trade", "quote", "foreign", "open_interest", "instrument")
    assert len(rows) == (future and message.symbol != "VN30" and example.json["type"] in told)
    for value in rows:
        validator(BASIS.name).validate(json.loads(value))
        row = msgspec.json.decode(value, type=Basis)
        assert (row.symbol, row.seq, row.underlying) == (message.symbol, second, "VN30")


def through_index(example: Example) -> None:
    """The venue's next clock gives one partial, whatever came; a crypto venue has none."""
    message = example.message
    found: list[bytes] = []
    state: Partition[Any] = Partition(
        INDEX, {MarketPartial: lambda _, value: found.append(value)}, [], number=7
    )
    second = message.seq // 1_000_000 * 1_000_000 + 1_000_000
    clock = Clock(symbol=BROADCAST, feed="test", seq=second, ts_ms=second // 1000, venue="VN")
    assert state.run(0, [message, message, clock]) == []
    of_venue = [json.loads(value) for value in found]
    assert [partial["seq"] for partial in of_venue][-1:] == [second]
    for partial in of_venue:
        validator(MARKET_PARTIALS.name).validate(partial)
        assert (partial["symbol"], partial["partition"]) == ("VN.7", 7)
        assert {share["symbol"] for share in partial["shares"]} <= {message.symbol}


def through_merge(example: Example) -> None:
    """It comes out when all other partitions have passed its second; a repeat changes nothing."""
    message = example.message
    found: list[tuple[str, bytes]] = []
    sinks = {
        kind: lambda _, value, to=topic.name: found.append((to, value))
        for kind, topic in MERGE.outputs.items()
    }
    state: Partition[Any] = Partition(MERGE, sinks, [])
    others = [
        MarketPartial(
            symbol=f"VN.{number}", feed="test", seq=message.seq, ts_ms=message.ts_ms,
            venue="VN", partition=number,
        )
        for number in range(12)
        if number != message.partition
    ]  # fmt: skip
    assert state.run(0, [message, message, *others]) == []
    assert state.repeats == 1
    for topic, value in found:
        validator(topic).validate(json.loads(value))
        assert json.loads(value)["seq"] == message.seq
    exchanges = {share.exchange for share in message.shares}
    assert exchanges <= {json.loads(value)["symbol"] for _, value in found}


def through_busd(example: Example) -> None:
    """The venue's next clock gives one partial; one trade alone is no pattern."""
    message = example.message
    found: list[bytes] = []
    sinks = {kind: lambda _, value: found.append(value) for kind in BUSD.outputs}
    state: Partition[Any] = Partition(BUSD, sinks, [], number=7)
    second = message.seq // 1_000_000 * 1_000_000 + 1_000_000
    clock = Clock(symbol=BROADCAST, feed="test", seq=second, ts_ms=second // 1000, venue="VN")
    assert state.run(0, [message, message, clock]) == []
    last = [json.loads(value) for value in found][-1]
    validator(BUSD_PARTIALS.name).validate(last)
    assert (last["seq"], last["symbol"], last["partition"]) == (second, "VN.7", 7)
    assert (last["bought"], last["sold"], last["trades"]) == (0, 0, 0)


def through_busd_merge(example: Example) -> None:
    """The first minute comes out when all partitions have passed its second; it counts once."""
    message = example.message
    found: list[bytes] = []
    sinks = {kind: lambda _, value: found.append(value) for kind in BUSD_MERGE.outputs}
    state: Partition[Any] = Partition(BUSD_MERGE, sinks, [])
    others = [
        msgspec.structs.replace(
            message, symbol=f"VN.{number}", partition=number, bought=0, sold=0, trades=0
        )
        for number in range(12)
        if number != message.partition
    ]
    assert state.run(0, [message, message, *others]) == []
    assert state.repeats == 1
    (value,) = found
    validator(BUSD_FORECASTS.name).validate(json.loads(value))
    assert json.loads(value)["trades"] == message.trades


def through_writer(example: Example) -> None:
    """A row, or nothing where the type is not stored; never a refusal."""
    topic = example.topic
    batch = Batch({(topic.name, 0): 0})
    batch.add(topic.name, kafka_record(example))
    assert batch.refused == []
    assert sum(map(len, batch.rows.values())) == is_stored(example)


def is_stored(example: Example) -> int:
    kind = (example.topic.name, example.json.get("type"))
    never = {("market", "trade"), ("market", "clock"), (TRADES_CLASSIFIED.name, "clock")}
    return int(kind not in never)


def kafka_record(example: Example) -> Any:
    fields = example.json
    dead = example.topic.codec == "dead_letter"
    value = fields["value"].encode() if dead else example.line
    return SimpleNamespace(
        partition=0,
        offset=0,
        timestamp=RECEIVED_US // 1000,
        key=fields["key"].encode() if dead else None,
        value=value,
        headers=[(k, v.encode()) for k, v in fields["headers"].items()] if dead else [],
    )


def through_gateway(example: Example) -> None:
    """What a channel serves reaches a client as the fields of the example."""
    topic = example.topic
    ((head, payload),), bad = wire.heads(example.line, frame=topic.codec == "frames")
    assert bad == 0
    channel = BY_TOPIC_AND_TYPE.get((topic.name, head.type))
    client, hub = Outbound(lambda: None), Hub("t1")
    broadcast = f"*{head.venue}" if head.symbol == BROADCAST else head.symbol
    if channel is None:
        assert hub.take(topic.name, 0, head, payload) is None
        return
    hub.join(hub.stream(channel, broadcast), client, 0, "new")
    assert hub.take(topic.name, 0, head, payload) is True
    assert hub.take(topic.name, 0, head, payload) is False, "a repeat is dropped"
    frame = json.loads(client.take(0.0) or "[]") + json.loads(client.take(1e9) or "[]")
    (served,) = [m for m in frame if m.get("ch") == channel.name and "op" not in m]
    assert {k: v for k, v in served.items() if k in example.json} == example.json


LATEST = [t.name for t in TOPICS if t.compacted]
CORES: dict[tuple[str, str], Callable[[Example], None]] = {
    ("binance", "ingest"): through_ingest,
    **{(t.name, "ingest"): through_ingest for t in TOPICS if t.name.startswith("ssi-")},
    ("iboard", "ingest"): through_ingest,
    ("ssi3", "ingest"): through_ingest,
    ("control", "ingest"): through_ingest,
    ("market", "classifier"): through_classifier,
    ("market", "board"): through_board,
    ("market", "foreign"): through_foreign,
    ("market", "index"): through_index,
    ("market-partials", "index-merge"): through_merge,
    ("market", "derivatives"): through_derivatives,
    ("market", "writer"): through_writer,
    ("market", "gateway"): through_gateway,
    ("market", "orderflow-index"): through_orderflow,
    ("trades-classified", "orderflow"): through_orderflow,
    ("trades-classified", "writer"): through_writer,
    ("trades-classified", "gateway"): through_gateway,
    ("basis", "writer"): through_writer,
    ("basis", "gateway"): through_gateway,
    ("foreign-flow", "writer"): through_writer,
    ("foreign-flow", "gateway"): through_gateway,
    ("session-flow", "writer"): through_writer,
    ("session-flow", "gateway"): through_gateway,
    ("bars", "writer"): through_writer,
    ("bars", "gateway"): through_gateway,
    **{(t.name, f"analytics-{t.name}"): through_analytics for t in ALERT_INPUTS},
    ("alerts", "writer"): through_writer,
    ("alerts", "gateway"): through_gateway,
    ("alerts", "delivery"): through_delivery,
    **{(t, "writer"): through_writer for t in ("index-estimates", "market-summary")},
    **{(t, "gateway"): through_gateway for t in ("index-estimates", "market-summary")},
    ("market", "analytics-busd"): through_busd,
    ("busd-partials", "analytics-busd-merge"): through_busd_merge,
    ("busd-patterns", "writer"): through_writer,
    ("busd-patterns", "gateway"): through_gateway,
    ("busd-forecasts", "writer"): through_writer,
    ("busd-forecasts", "gateway"): through_gateway,
    ("dead-letters", "writer"): through_writer,
    **{(t, "writer"): through_writer for t in LATEST},
    **{(t, "gateway"): through_gateway for t in LATEST},
}
"""(topic, consumer) -> what puts an example through the consumer's core."""

DECLARED = [(t.name, c) for t in TOPICS if t.codec != "snapshot" for c in t.consumers]
PAIRS = [(topic, consumer, e) for topic, consumer in DECLARED for e in examples(topic)]


def validator(topic: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(generate.document(BY_NAME[topic]))


def test_every_declared_consumer_has_its_core_here() -> None:
    assert CORES.keys() == set(DECLARED)


@pytest.mark.parametrize(
    ("topic", "consumer", "example"), PAIRS, ids=[f"{c}-{e.id}" for _, c, e in PAIRS]
)
def test_an_example_goes_through_the_core_of_a_consumer(
    topic: str, consumer: str, example: Example
) -> None:
    CORES[topic, consumer](example)


def test_a_snapshot_topic_is_read_by_the_service_that_writes_it_only() -> None:
    for topic in TOPICS:
        if topic.codec == "snapshot":
            assert topic.producers == topic.consumers
            assert topic.name == f"{topic.producers[0]}-snapshots"


def test_an_example_of_market_can_stand_in_the_partition_of_its_symbol() -> None:
    for example in examples("market"):
        symbol = example.message.symbol
        assert 0 <= partition(routing_key(symbol), BY_NAME["market"].partitions) < 12


POISON = {
    "nested too deeply": b'{"type":"trade","symbol":"S","x":'
    + b"[" * 50_000
    + b"]" * 50_000
    + b"}",
    "broken UTF-8": b'{"type":"trade","symbol":"\xc3\x28","seq":1}',
    "no JSON": b"\x00",
}


@pytest.mark.parametrize("line", POISON.values(), ids=POISON)
@pytest.mark.parametrize("topic", ["market", TRADES_CLASSIFIED.name])
def test_a_poisonous_line_is_refused_and_kills_no_reader(topic: str, line: bytes) -> None:
    (example, *_) = examples(topic)
    good, record = example.line, kafka_record(example)
    framed = BY_NAME[topic].codec == "frames"
    record.value = b"\n".join([good, line, good]) if framed else line
    batch = Batch({(topic, 0): 0})
    batch.add(topic, record)
    assert [refused.line for refused in batch.refused] == [line]
    found, bad = wire.heads(record.value, frame=framed)
    assert (len(found), bad) == (2 * framed, 1)
