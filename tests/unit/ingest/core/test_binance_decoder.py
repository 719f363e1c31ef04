"""Binance's frames become the messages they say, on each of the three markets."""

import gzip
import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.frames import encode
from schemas.market import BookDelta, Gap, Quote, Trade
from services.ingest.core.binance import FEED, BinanceDecoder
from services.ingest.core.engine import Engine
from tests.unit.ingest.core.support import (
    NOON,
    codes,
    depth,
    drops,
    messages,
    raws,
    run,
    snapshot,
    ticker,
    trade,
    wrapped,
)


def test_a_trade_with_m_true_is_a_sell() -> None:
    [sell, buy] = messages(run([trade(1, m=True), trade(2, "100.25")]))
    assert sell == Trade(
        symbol="BTCUSDT.BN",
        feed="binance",
        seq=NOON,
        ts_ms=1723161600001,
        price=100.0,
        volume=0.5,
        vendor_side="sell",
        trade_id="1",
    )
    assert isinstance(buy, Trade)
    assert (buy.vendor_side, buy.price, buy.seq) == ("buy", 100.25, NOON + 10)


def test_a_bare_frame_and_one_with_fields_in_another_order_mean_the_same() -> None:
    frame = json.loads(trade(1))
    bare = json.dumps(frame["data"]).encode()
    turned = json.dumps({"data": frame["data"], "stream": frame["stream"]}).encode()
    assert messages(run([bare])) == messages(run([turned])) == messages(run([trade(1)]))


def test_spot_quote_has_the_receive_time_and_futures_the_exchange_time() -> None:
    [spot] = messages(run([ticker(1)]))
    [future] = messages(run([ticker(1, e="bookTicker", T=1723161600123, E=1)], "BNF"))
    assert isinstance(spot, Quote)
    assert isinstance(future, Quote)
    assert (spot.ts_ms, spot.ts_source) == (NOON // 1000, "receive")
    assert (future.ts_ms, future.ts_source) == (1723161600123, "exchange")
    assert (spot.bids, spot.asks) == ([(99.5, 2.0)], [(100.5, 3.0)])


def test_an_empty_side_of_a_quote_is_an_empty_list() -> None:
    made = messages(run([ticker(1, bid="0.00"), ticker(2, A="0"), ticker(3, b="0", a="0")]))
    sides = [(q.bids, q.asks) for q in made if isinstance(q, Quote)]
    assert sides == [([], [(100.5, 3.0)]), ([(99.5, 2.0)], []), ([], [])]


def test_a_book_update_keeps_levels_and_ids() -> None:
    [update] = messages(run([depth(5, 7, b=[["99.50000001", "0.00000000"]], a=[])]))
    assert isinstance(update, BookDelta)
    assert (update.bids, update.asks) == ([(99.50000001, 0.0)], [])
    assert (update.first_id, update.last_id, update.snapshot) == (5, 7, False)
    assert update.ts_ms == 1723161600007


def test_a_futures_update_has_the_transaction_time() -> None:
    [update] = messages(run([depth(5, 7, T=1723161600001, pu=4)], "BNF"))
    assert update.ts_ms == 1723161600001


def test_a_time_in_microseconds_is_understood() -> None:
    [made] = messages(run([trade(1, T=1723161600123456)]))
    assert made.ts_ms == 1723161600123


@given(st.floats(min_value=1e-9, max_value=1e14))
def test_a_price_is_the_nearest_float_to_its_text(price: float) -> None:
    [made] = messages(run([trade(1, repr(price))]))
    assert isinstance(made, Trade)
    assert struct.pack("d", made.price) == struct.pack("d", price)


def test_futures_prints_that_are_no_market_trades_are_counted_and_keep_the_chain() -> None:
    done = run([trade(1, X="MARKET"), trade(2, "0", q="0", X="NA"), trade(3, X="MARKET")], "BNF")
    assert [m.trade_id for m in messages(done) if isinstance(m, Trade)] == ["1", "3"]
    assert not any(isinstance(m, Gap) for m in messages(done))
    assert drops(done) == ["not_market"]
    assert codes(done) == []


def test_a_snapshot_of_a_named_stream_and_a_bare_one_are_both_whole_books() -> None:
    named = wrapped("btcusdt@depthSnapshot", **json.loads(snapshot(9)))
    for values in ([depth(1, 2), snapshot(9)], [depth(1, 2), named], [named, depth(9, 10)]):
        [book] = [m for m in messages(run(values)) if isinstance(m, BookDelta) and m.snapshot]
        assert (book.symbol, book.first_id, book.last_id) == ("BTCUSDT.BN", 9, 9)
        assert (book.bids, book.asks) == ([(99.5, 1.0)], [(100.5, 2.0)])
        assert book.ts_source == "receive"


def test_a_bare_snapshot_goes_by_the_key_of_its_record_or_is_refused() -> None:
    [raw] = raws("BN", [(NOON, snapshot(9))])
    assert codes([Engine(["BN"]).decode(raw)]) == ["ambiguous_snapshot"]
    done = Engine(["BN"]).decode(raw._replace(key="ETHUSDT.BN"))
    assert [m.symbol for m in done.messages] == ["ETHUSDT.BN"]


def test_aggregated_trades_are_spare_unless_they_are_the_source() -> None:
    frame = {"e": "aggTrade", "s": "BTCUSDT", "a": 7, "p": "100", "q": "1", "T": 1723161600000}
    agg = wrapped("btcusdt@aggTrade", f=1, l=3, m=True, **frame)
    assert drops(run([agg, trade(1)])) == ["not_primary"]
    feed = FEED._replace(decoder=lambda venue: BinanceDecoder(venue, trades="aggTrade"))
    engine = Engine(["BN"], {"binance": feed})
    done = [engine.decode(raw) for raw in raws("BN", [(NOON, agg), (NOON, trade(1))])]
    assert [m.trade_id for m in messages(done) if isinstance(m, Trade)] == ["7"]
    assert drops(done) == ["not_primary"]
    with pytest.raises(ValueError, match="trade or aggTrade"):
        BinanceDecoder("BN", trades="kline")


@pytest.mark.parametrize(
    "value",
    [
        b'{"result":null,"id":1}',
        b'{"error":{"code":2,"msg":"Invalid request"},"id":null}',
        b'{"e":"24hrTicker","s":"BTCUSDT"}',
        wrapped("btcusdt@kline_1m", e="kline"),
        wrapped("!ticker@arr"),
        b'[{"e":"24hrTicker"},{"e":"24hrTicker"}]',
    ],
)
def test_valid_events_that_nobody_decodes_are_counted(value: bytes) -> None:
    done = run([value])
    assert (messages(done), drops(done), codes(done)) == ([], ["unknown_event"], [])


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (b"", "malformed"),
        (b"{", "malformed"),
        (b"{}", "malformed"),
        (b"[]", "malformed"),
        (b"7", "malformed"),
        (b'{"e":"x","s":"\xff"}', "malformed"),
        (trade(1)[:-1], "malformed"),
        (trade(1) + b"x", "malformed"),
        (wrapped("btcusdt@trade"), "malformed"),
        (b'{"stream":"btcusdt@trade","data":null}', "malformed"),
        (b'{"stream":"btcusdt@trade","data":[]}', "malformed"),
        (trade(1, e="aggTrade"), "malformed"),
        (trade(1, s="ETHUSDT"), "wrong_symbol"),
        (trade(1, s=""), "malformed"),
        (trade(1, T=0), "malformed"),
        (trade(1, t=-1), "malformed"),
        (trade(1, t=2**64), "malformed"),
        (trade(1, m=None), "malformed"),
        (trade(1, p=None), "malformed"),
        (trade(1, p=["1"]), "malformed"),
        (trade(1, "-1"), "bad_number"),
        (trade(1, "0"), "bad_number"),
        (trade(1, q="0"), "bad_number"),
        (trade(1, "nan"), "bad_number"),
        (trade(1, "Infinity"), "bad_number"),
        (trade(1, "1e999"), "bad_number"),
        (trade(1).replace(b'"100.0"', b"1e999"), "bad_number"),
        (trade(1).replace(b'"100.0"', b"NaN"), "malformed"),
        (trade(1, "1_0"), "malformed"),
        (ticker(1, bid="-1"), "bad_number"),
        (ticker(1, B="nan"), "bad_number"),
        (depth(5, 4), "malformed"),
        (depth(5, 7, b=[["-1", "1"]]), "bad_number"),
        (depth(5, 7, b=[["0", "1"]]), "bad_number"),
        (depth(5, 7, a=[["1", "-1"]]), "bad_number"),
        (depth(5, 7, a=[["1", "inf"]]), "bad_number"),
        (depth(5, 7, a=[["1"]]), "malformed"),
        (depth(5, 7, a=[["1", "2", "3"]]), "malformed"),
        (depth(5, 7, E=0), "malformed"),
        (snapshot(1, bids=None), "malformed"),
        (b'{"stream":"btcusdt@trade","data":' * 50_000, "malformed"),
    ],
)
def test_bad_data_is_a_dead_letter_with_its_reason(value: bytes, code: str) -> None:
    done = run([value])
    assert messages(done) == []
    assert codes(done) == [code]
    assert drops(done) == []


def test_a_line_that_could_not_be_taken_apart_is_a_dead_letter() -> None:
    [raw] = raws("BN", [(NOON, trade(1))])
    done = Engine(["BN"]).decode(raw._replace(channel="spot.unreadable_line", key="*"))
    assert codes([done]) == ["unreadable_line"]


def test_a_message_of_a_megabyte_is_decoded_or_refused_whole() -> None:
    levels = [[f"{i + 1}.5", "1.0"] for i in range(60_000)]
    [update] = messages(run([depth(1, 2, b=levels)]))
    assert isinstance(update, BookDelta)
    assert len(update.bids) == 60_000
    assert len(gzip.compress(encode(update))) > 0
    [reason] = run([trade(1, s="A" * 1_000_000)])[0].dead
    assert len(reason) <= 300


@pytest.mark.parametrize("name", ["A1\0B", "A\nB", "A\u202eB", "\ufeffAB"])
def test_a_symbol_that_nobody_can_read_is_refused(name: str) -> None:
    """In a bare frame of each kind, and as a book snapshot's."""
    of_name = [trade(1, s=name), ticker(1, s=name), depth(1, 1, s=name)]
    bare = [json.dumps(json.loads(value)["data"]).encode() for value in of_name]
    assert codes(run([*bare, snapshot(1, symbol=name)])) == ["malformed"] * 4
