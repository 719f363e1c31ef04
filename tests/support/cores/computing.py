"""An example through the core of a service that computes: what it writes is valid."""

import json
from typing import Any

import msgspec

from schemas.bars import Bar
from schemas.base import BROADCAST
from schemas.basis import Basis
from schemas.board import BoardRow
from schemas.foreign_flow import ForeignFlow
from schemas.keys import routing_key, venue_of
from schemas.market import Basket, Clock, Index, Instrument, Status, Trade
from schemas.market_partials import MarketPartial
from schemas.topics import (
    BARS,
    BASIS,
    BOARD,
    FOREIGN_FLOW,
    MARKET_PARTIALS,
    TRADES_CLASSIFIED,
)
from schemas.trades_classified import TradeClassified
from services.board.app import SERVICE as BOARD_SERVICE
from services.classifier.app import SERVICE as CLASSIFIER
from services.derivatives.app import build as derivatives
from services.foreign.app import SERVICE as FOREIGN
from services.index.app import SERVICE as INDEX
from services.index.merge_app import SERVICE as MERGE
from services.orderflow.app import build as orderflow
from services.orderflow.index_app import build as index_bars
from services.runtime.partition import Partition
from services.runtime.settings import Settings
from tests.support.cores.schema import validator
from tests.support.examples import Example

HEAD = ("type", "symbol", "feed", "seq", "ts_ms")
"""What every message says."""


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
