"""Control records become reference data, gaps and clocks."""

import json
from typing import Any

import msgspec
import pytest

from schemas.control import Connected, ControlMessage, Lost, Position, Reference, RestReply, Tick
from schemas.market import Basket, Clock, Gap, Instrument, Member, Status
from services.ingest.core.engine import Engine
from services.ingest.core.records import Decoded, Raw
from tests.unit.ingest.core.support import NOON, codes, depth, drops, messages, raws, snapshot

HEAD: dict[str, Any] = {"feed": "", "seq": 0, "ts_ms": 0}
BTC = Instrument(symbol="BTCUSDT.BN", venue="BN", exchange="BINANCE", kind="crypto", **HEAD)
OPEN = Status(symbol="*", venue="BN", exchange="BINANCE", phase="continuous", **HEAD)
BASKET = Basket(
    symbol="TOP.BN", members=[Member("BTCUSDT.BN")], effective_date="2024-08-08", source="x", **HEAD
)


def control(message: ControlMessage | bytes, seq: int = NOON, channel: str = "") -> Raw:
    """A record of `control` of venue BN."""
    value = message if isinstance(message, bytes) else msgspec.json.encode(message)
    if not channel:
        channel = json.loads(value)["type"]
    return Raw("BN", seq, "binance", channel, "BN", value)


def decode(message: ControlMessage | bytes, channel: str = "") -> Decoded:
    return Engine(["BN"]).decode(control(message, channel=channel))


def test_reference_data_gets_feed_seq_and_time_in_the_order_of_the_design() -> None:
    reference = Reference(
        venue="BN", source="x", statuses=[OPEN], baskets=[BASKET], instruments=[BTC]
    )
    made = messages([decode(reference)])
    assert [type(m) for m in made] == [Instrument, Basket, Status]
    assert [m.seq for m in made] == [NOON, NOON + 1, NOON + 2]
    assert {(m.feed, m.ts_ms, m.ts_source) for m in made} == {("binance", NOON // 1000, "receive")}
    assert msgspec.structs.replace(made[0], ts_source="exchange", **HEAD) == BTC


def test_reference_data_of_another_venue_is_refused_and_the_rest_enters() -> None:
    wrong = msgspec.structs.replace(BTC, symbol="BTCUSDT.BNF")
    done = decode(Reference(venue="BN", source="x", instruments=[wrong, BTC]))
    assert codes([done]) == ["wrong_venue"]
    assert [m.symbol for m in messages([done])] == ["BTCUSDT.BN"]


def test_a_loss_is_a_gap_of_the_whole_venue() -> None:
    lost = Lost(venue="BN", channel="spot", cause="disconnect", from_ts_ms=5, to_ts_ms=9)
    [gap] = messages([decode(lost)])
    assert isinstance(gap, Gap)
    assert (gap.symbol, gap.cause, gap.channel) == ("*", "disconnect", "spot")
    assert (gap.from_ts_ms, gap.to_ts_ms, gap.ts_ms) == (5, 9, 9)


@pytest.mark.parametrize("message", [Tick(venue="BN"), Connected(venue="BN", channel="spot")])
def test_ticks_and_connects_only_move_the_clock(message: ControlMessage) -> None:
    engine = Engine(["BN"])
    assert engine.decode(control(message)) == Decoded([], [], [])
    later = engine.decode(control(message, NOON + 1_000_000))
    assert [type(m) for m in later.messages] == [Clock]
    assert (later.dead, later.dropped) == ([], [])


def test_a_rest_reply_is_decoded_as_its_channel() -> None:
    engine = Engine(["BN"])
    [update] = raws("BN", [(NOON, depth(1, 5))])
    engine.decode(update)
    body = snapshot(9).decode()
    reply = control(RestReply(venue="BN", channel="spot.depthSnapshot", body=body), NOON + 5)
    [book] = engine.decode(reply).messages
    assert (book.symbol, book.seq) == ("BTCUSDT.BN", NOON + 5)


POSITION = msgspec.json.encode(
    Position(venues=["BN"], raw={}, market={}, last_seq={}, chain=None, cursor=None)
)


def rest(channel: str, body: str) -> bytes:
    """A REST reply whose body is written into the JSON as it is."""
    return f'{{"type":"rest_reply","venue":"BN","channel":"{channel}","body":"{body}"}}'.encode()


@pytest.mark.parametrize(
    ("value", "channel", "code"),
    [
        (b"", "tick", "malformed"),
        (b'{"type":"tick"}', "tick", "malformed"),
        (b'{"type":"other"}', "lost", "malformed"),
        (b'{"type":"tick","venue":"BNF"}', "tick", "wrong_venue"),
        (rest("tick", "x"), "rest_reply", "malformed"),
        (rest("spot.trade", ""), "rest_reply", "malformed"),
        (rest("x", "\\ud800"), "rest_reply", "malformed"),
        (POSITION, "position", "unforeseen"),
    ],
)
def test_bad_control_records_are_dead_letters(value: bytes, channel: str, code: str) -> None:
    done = decode(value, channel)
    assert (messages([done]), codes([done]), drops([done])) == ([], [code], [])
