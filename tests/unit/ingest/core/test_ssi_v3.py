"""SSI v3's frames: routes, and messages of `market` where a choice makes it the source."""

import json
from datetime import datetime
from typing import Any

import msgspec
import pytest

from schemas.control import Sources
from schemas.market import Day, Foreign, Gap, Index, MarketMessage, Quote, Trade
from services.ingest.core.engine import Engine
from services.ingest.core.records import Raw
from services.ingest.core.ssi_v3 import route

TEN_US = int(datetime.fromisoformat("2026-07-20T10:00:00+07:00").timestamp()) * 1_000_000
CHOICE = {"trade": "ssi3:trade", "day": "ssi3:trade", "quote": "ssi3:quote",
          "foreign": "ssi3:room", "index": "ssi3:index"}  # fmt: skip


def frame(topic: str, **data: Any) -> bytes:
    told = {"t": "2026/07/20 10:00:00", **data}
    return json.dumps({"channel": "DATA", "topic": topic, "data": told}).encode()


class Tape:
    """One venue whose source is v3, or its usual one."""

    def __init__(self, choice: dict[str, str] = CHOICE) -> None:
        self.engine, self.seq = Engine(["VN"]), TEN_US
        self.dropped: list[str] = []
        self.dead: list[str] = []
        sources = msgspec.json.encode(Sources(venue="VN", choice=choice))
        self._put("ingest", "sources", "VN", sources)

    def _put(self, feed: str, channel: str, key: str, value: bytes) -> list[MarketMessage]:
        self.seq += 1
        done = self.engine.decode(Raw("VN", self.seq, feed, channel, key, value))
        self.dropped += done.dropped
        self.dead += done.dead
        return [m for m in done.messages if m.symbol != "*" or isinstance(m, Gap)]

    def take(self, value: bytes) -> list[MarketMessage]:
        _, channel, key, kept = route("VN", value)
        return self._put("ssi3", channel, key, kept)


def trade(volume: int, total: int, **more: Any) -> bytes:
    usual = {"s": "VCB", "p": 60100, "q": volume, "si": "B", "v": total}
    return frame("trade.VCB", **{**usual, **more})


@pytest.mark.parametrize(
    ("topic", "channel", "key"),
    [
        ("trade.VCB", "vn.trade", "VCB"),
        ("trade.VCB@1m", "vn.candle", "VCB"),
        ("trade.41I1GC000", "vn.trade", "VN30"),
        ("trade.index.VN30", "vn.index", "VN30"),
        ("quote.HPG", "vn.quote", "HPG"),
        ("room.SSI", "vn.room", "SSI"),
        ("market.FLAG", "vn.flag", "*"),
        ("market.VCB", "vn.master", "VCB"),
        ("nothing.VCB", "vn.other", "*"),
    ],
)
def test_the_topic_of_a_frame_says_where_it_goes(topic: str, channel: str, key: str) -> None:
    value = frame(topic)
    assert route("VN", value) == ("ssi3", channel, key, value)
    assert route("VN", b"not json").channel == "vn.other"


def test_unless_it_is_chosen_v3_writes_nothing() -> None:
    tape = Tape({})
    assert tape.take(trade(100, 100)) == []
    assert tape.dropped == ["not_primary"]


def test_trades_chain_by_the_volume_of_the_day() -> None:
    """A repeat is dropped; what is missing in between is a gap with its volume."""
    tape = Tape()
    assert tape.take(trade(0, 0)) == [] or tape.dropped
    first = tape.take(trade(100, 100, o=60000, h=60100, l=60000, a=60050.5))
    kinds = [type(m) for m in first]
    assert kinds == [Trade, Day]
    assert (first[0].price, first[0].vendor_side) == (60100, "buy")  # type: ignore[union-attr]
    before = len(tape.dropped)
    assert tape.take(trade(100, 100, o=60000, h=60100, l=60000, a=60050.5)) == []
    assert tape.dropped[before:] == ["duplicate"]
    gap, new, *_ = tape.take(trade(50, 400))
    assert isinstance(gap, Gap)
    assert isinstance(new, Trade)
    assert (gap.cause, gap.missing_volume, new.total_volume) == ("volume_chain", 250, 400)
    assert tape.dead == []


def test_books_rooms_and_indices() -> None:
    tape = Tape()
    (quote,) = tape.take(frame("quote.VCB", s="VCB", bids=[[60000, "1200"]], asks=[[60100, 800]]))
    assert isinstance(quote, Quote)
    assert (quote.bids, quote.asks) == ([(60000, 1200)], [(60100, 800)])
    (room,) = tape.take(frame("room.VCB", s="VCB", tr=9, cr=5, bq=12, bv=720.0, sq=5, sv=3.0))
    assert isinstance(room, Foreign)
    assert (room.buy_volume, room.sell_volume, room.current_room) == (12, 5, 5)
    (index,) = tape.take(frame("trade.index.VN30", s="VN30", v=1912.5, c=2.5, adv=17, dec=10, nc=3))
    assert isinstance(index, Index)
    assert (index.value, index.prior, index.advances) == (1912.5, 1910.0, 17)
    assert tape.dead == []


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (frame("trade.VCB", s="VCB", t="10:00", q=1, v=1, p=1), "bad_time"),
        (frame("trade.VCB", s="VCB", q=5, v=1, p=1), "bad_number"),
        (frame("trade.VCB", s="VCB", q=1.5, v=2, p=1), "bad_number"),
        (frame("trade.VCB")[:-3], "malformed"),
        (frame("trade.index.VN30", s="VN30", v=-1), "bad_number"),
    ],
)
def test_what_cannot_be_goes_to_the_dead_letters(value: bytes, code: str) -> None:
    tape = Tape()
    assert tape.take(value) == []
    assert [reason.partition(":")[0] for reason in tape.dead] == [code]


def test_a_frame_of_another_day_is_a_counted_drop() -> None:
    tape = Tape()
    assert tape.take(trade(100, 100, t="2026/07/17 14:45:00")) == []
    assert tape.dropped[-1] == "stale_day"
