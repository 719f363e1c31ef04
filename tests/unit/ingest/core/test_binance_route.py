"""Channel and routing key of what Binance sends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.core.binance import route
from tests.unit.ingest.core.support import snapshot, ticker, trade, wrapped


@pytest.mark.parametrize(
    ("venue", "value", "channel", "key"),
    [
        ("BN", trade(1), "spot.trade", "BTCUSDT.BN"),
        ("BNF", trade(1), "usdm.trade", "BTCUSDT.BNF"),
        ("BNC", wrapped("btcusd_perp@depth@0ms"), "coinm.depth", "BTCUSD_PERP.BNC"),
        ("BN", wrapped("btcusdt@depth"), "spot.depth", "BTCUSDT.BN"),
        ("BN", wrapped("btcusdt@depth@100ms"), "spot.depth", "BTCUSDT.BN"),
        ("BN", wrapped("btcusdt@aggTrade"), "spot.aggTrade", "BTCUSDT.BN"),
        ("BN", wrapped("btcusdt@depthSnapshot"), "spot.depthSnapshot", "BTCUSDT.BN"),
        ("BN", ticker(1), "spot.bookTicker", "BTCUSDT.BN"),
        ("BN", b' { "data": {}, "stream" : "btcusdt@trade" } ', "spot.trade", "BTCUSDT.BN"),
        ("BN", b'{"e":"trade","s":"BTCUSDT","b":1}', "spot.trade", "BTCUSDT.BN"),
        ("BN", b'{"e":"trade","s":"BTCUSDT"}', "spot.trade", "BTCUSDT.BN"),
        ("BNF", b'{"e":"aggTrade","s":"BTCUSDT"}', "usdm.aggTrade", "BTCUSDT.BNF"),
        ("BN", b'{"e":"depthUpdate","s":"BTCUSDT","b":[],"a":[]}', "spot.depth", "BTCUSDT.BN"),
        ("BN", b'{"u":1,"s":"BTCUSDT","b":"1","a":"2"}', "spot.bookTicker", "BTCUSDT.BN"),
        ("BN", snapshot(1), "spot.depthSnapshot", "*"),
        ("BNC", snapshot(1, symbol="BTCUSD_PERP"), "coinm.depthSnapshot", "BTCUSD_PERP.BNC"),
        ("BN", wrapped("btcusdt@depth20@100ms"), "spot.other", "*"),
        ("BN", wrapped("btcusdt@kline_1m"), "spot.other", "*"),
        ("BN", wrapped("!ticker@arr"), "spot.other", "*"),
        ("BN", b'{"e":"24hrTicker","s":"BTCUSDT"}', "spot.other", "*"),
        ("BN", b'{"result":null,"id":1}', "spot.other", "*"),
        ("BN", b'{"e":"trade","s":"' + b"A" * 65 + b'"}', "spot.other", "*"),
        ("BN", b'{"stream":"\xff@trade"}', "spot.other", "*"),
        ("BN", b'{"stream":"x@trade\\ud800"}', "spot.other", "*"),
        ("BN", b'{"stream":7}', "spot.other", "*"),
        ("BN", b"[" * 100_000, "spot.other", "*"),
        ("BN", b'{"x":' * 100_000, "spot.other", "*"),
        ("BN", b"", "spot.other", "*"),
        ("BN", b"NaN", "spot.other", "*"),
        ("XX", b"", "xx.other", "*"),
    ],
)
def test_route(venue: str, value: bytes, channel: str, key: str) -> None:
    assert route(venue, value) == (channel, key)


@given(st.sampled_from(["BN", "BNF", "BNC"]), st.binary(max_size=200))
def test_route_never_raises_and_its_key_is_text(venue: str, value: bytes) -> None:
    channel, key = route(venue, value)
    assert channel.partition(".")[0] in {"spot", "usdm", "coinm"}
    assert key.encode()
