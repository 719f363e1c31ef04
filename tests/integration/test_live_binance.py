"""Binance's live client against a loopback Binance that plays real captures of its frames."""

import json
import re
from collections.abc import Iterable
from typing import Any

import msgspec
import pytest

from schemas.market import BookDelta, Gap, MarketMessage, Trade
from services.ingest.core.engine import Engine
from services.ingest.core.quality import IdChain, SymbolState
from services.ingest.feeds.base import FeedError
from services.ingest.feeds.live.binance_history import History
from services.ingest.feeds.live.binance_rest import Rest
from services.ingest.feeds.live.line import Busy
from services.ingest.feeds.live.lines_of import lines_of
from services.runtime.settings_load import load
from tests.support.binance_exchange import BinanceExchange
from tests.support.eventually import eventually
from tests.support.heard import Heard, hearing
from tests.support.ingest import BINANCE_DATA

SPOT = BINANCE_DATA / "spot_btcusdt_20240809.gz"
USDM = BINANCE_DATA / "usdm_btcusdt_20240808.gz"
KEY = "k3y-of-nobody"
pytestmark = pytest.mark.timeout(60)


def of(kind: type, messages: Iterable[MarketMessage]) -> list[Any]:
    return [each for each in messages if isinstance(each, kind)]


def ids(messages: Iterable[MarketMessage]) -> list[int]:
    return [int(each.trade_id) for each in of(Trade, messages)]


def book(messages: Iterable[MarketMessage]) -> dict[str, dict[float, float]]:
    """As a reader keeps it: a snapshot replaces it, an update changes it."""
    sides: dict[str, dict[float, float]] = {"b": {}, "a": {}}
    last = 0
    for each in of(BookDelta, messages):
        if each.snapshot:
            sides, last = {"b": {}, "a": {}}, each.last_id
        elif each.last_id <= last:
            continue
        for side, levels in (("b", each.bids), ("a", each.asks)):
            for price, volume in levels:
                sides[side][price] = volume
                if not volume:
                    del sides[side][price]
    return sides


async def test_trades_that_a_lost_connection_missed_are_fetched_and_nothing_is_lost() -> None:
    """The REST replies stand on the tape before what the new connection brings."""
    heard = Heard()
    async with BinanceExchange(SPOT, 1500) as exchange:
        lines = lines_of(load(exchange.environment("spot", "BTCUSDT")), ["binance"])
        async with hearing(lines, heard):
            await eventually(lambda: heard.is_live() and heard.clients[0].messages > 100)
            for connections in (4, 6):
                exchange.drop()
                await eventually(
                    lambda n=connections: exchange.connections >= n and heard.is_live()
                )  # type: ignore[misc]
            await eventually(lambda: heard.clients[0].messages > 600)
    messages, dead = heard.decoded("BN")
    found = ids(messages)
    assert dead == []
    assert found == list(range(found[0], found[-1] + 1))
    truth = {each["id"]: (float(each["price"]), float(each["qty"])) for each in exchange.trades}
    assert all(truth[int(t.trade_id)] == (t.price, t.volume) for t in of(Trade, messages))
    gaps = [(gap.channel, gap.cause) for gap in of(Gap, messages)]
    # The first is of the start: what came before it, nobody asked for.
    assert [gap for gap in gaps if gap[0] == "spot.trade"] == [("spot.trade", "restart")]
    assert ("spot.bookTicker+depth", "disconnect") in gaps


async def test_trades_of_the_time_in_which_no_process_ran_are_fetched_and_nothing_is_lost() -> None:
    """From the last trade that the tape's position knows, though more stand behind it."""
    async with BinanceExchange(SPOT, 1500) as exchange:
        settings = load(exchange.environment("spot", "BTCUSDT"))
        first = Heard()
        async with hearing(lines_of(settings, ["binance"]), first):
            await eventually(lambda: first.is_live() and first.clients[0].messages > 300)
        at, engine = exchange.at, Engine(["BN"])
        for raw in first.raws()[: -len(first.arrivals) // 4]:
            engine.decode(raw)
        await eventually(lambda: exchange.at > at + 1500)
        again = Heard(decoders=engine.state()["decoders"], arrivals=first.arrivals)
        async with hearing(lines_of(settings, ["binance"]), again):
            await eventually(lambda: again.is_live() and again.clients[0].messages > 100)
    messages, dead = again.decoded("BN")
    found = ids(messages)
    assert dead == []
    assert found == list(range(found[0], found[-1] + 1))
    assert len(found) > 400
    assert "trade_id" not in {gap.cause for gap in of(Gap, messages)}


@pytest.mark.parametrize(("capture", "market"), [(SPOT, "spot"), (USDM, "usdm")])
async def test_a_book_with_a_missing_update_is_made_whole_by_a_snapshot(
    capture: Any, market: str
) -> None:
    """And at the start: the snapshot, then the updates that follow it."""
    heard = Heard()
    name, venue = ("binance", "BN") if market == "spot" else ("binance_usdm", "BNF")
    async with BinanceExchange(capture, 600, begin=500) as exchange:
        settings = exchange.environment(market, "BTCUSDT") | {
            "VNTAPE_BINANCE_STREAMS": "depth@100ms" if market == "spot" else "depth@0ms"
        }
        settings["VNTAPE_BINANCE_STREAMS"] = "depth@100ms"
        if market == "usdm":
            exchange.frames = [frame.replace(b"@depth@0ms", b"@depth@100ms")
                               for frame in exchange.frames]  # fmt: skip
        async with hearing(lines_of(load(settings), [name]), heard):
            await eventually(lambda: heard.clients[0].messages > 20)
            exchange.skip = 2
            await eventually(lambda: len(exchange.asked) >= 2)
            count = heard.clients[0].messages
            await eventually(lambda: heard.clients[0].messages > count + 20)
            exchange.at = len(exchange.frames)
            await eventually(
                lambda: f'"u":{exchange.last_id},'.encode() in heard.arrivals[-1].value
            )
    messages, dead = heard.decoded(venue)
    assert dead == []
    assert [name for name, _ in exchange.asked] == ["depth", "depth"]
    assert [gap.cause for gap in of(Gap, messages)].count("update_id") == 1
    assert book(messages) == exchange.book


async def test_a_fresh_tape_begins_with_the_history_that_was_asked_for() -> None:
    """Through a 429: the client waits as it is told to."""
    told: list[tuple[str, int, int]] = []
    async with BinanceExchange(SPOT, 1, begin=40_000) as exchange:
        rest = Rest("BN", f"http://{exchange.url}")
        history = History("BN", rest, ["BTCUSDT"], 2500, lambda *words: told.append(words))
        replies = await history.replies()
        assert len(replies) == 3
        assert [done for _, done, _ in told] == [1000, 2000, 2500]
        assert told[-1][1:] == (2500, 2500)
        exchange.refuse = 1
        settings = exchange.environment("spot", "BTCUSDT")
        settings |= {"VNTAPE_BINANCE_HISTORY": "1500", "VNTAPE_BINANCE_STREAMS": "trade"}
        heard = Heard()
        async with hearing(lines_of(load(settings), ["binance"]), heard):
            await eventually(lambda: heard.clients[0].machine.entered["live"])
            machine = heard.clients[0].machine
            await eventually(lambda: heard.arrivals[-1].channel in ("rest_reply", "spot.trade"))
        assert machine.entered["backing_off"] == 1
    messages, dead = heard.decoded("BN")
    assert dead == []
    found = ids(messages)
    assert found[:1500] == list(range(exchange.trades[-1]["id"] - 1499, found[0] + 1500))


async def test_an_attempt_that_is_refused_midway_loses_nothing_and_is_not_begun_anew() -> None:
    """What its socket brought went nowhere, so it is fetched; what was fetched is kept."""
    async with BinanceExchange(SPOT, 1, begin=40_000) as exchange:
        history = History("BN", Rest("BN", f"http://{exchange.url}"), ["BTCUSDT"])
        ids = [each["id"] for each in exchange.trades]
        known, newest = ids[-2501], ids[-1]
        chain = IdChain(known, 0, ())
        history.resume({"BTCUSDT.BN": msgspec.to_builtins(SymbolState(trade=chain))})
        history.begin()
        history.saw(b'{"data":{"e":"trade","s":"BTCUSDT","t":%d}}' % newest)
        exchange.refuse_after = 2
        with pytest.raises(Busy):
            await history.replies()
        history.begin()
        replies = await history.replies()
        assert history.whole
        found = [each["id"] for reply in replies for each in json.loads(reply.body)["data"]]
        assert found == list(range(known + 1, newest + 1))
        asked = [int(each["fromId"]) for _, each in exchange.asked]
        assert asked == [known + 1, known + 1001, known + 2001, known + 2001]


async def test_futures_are_asked_for_with_a_key_that_is_shown_nowhere(
    capsys: pytest.CaptureFixture[str],
) -> None:
    heard = Heard()
    async with BinanceExchange(USDM, 1500) as exchange:
        settings = exchange.environment("usdm", "BTCUSDT") | {
            "VNTAPE_BINANCE_API_KEY": KEY, "VNTAPE_BINANCE_STREAMS": "trade",
        }  # fmt: skip
        async with hearing(lines_of(load(settings), ["binance_usdm"]), heard):
            await eventually(lambda: heard.is_live() and heard.clients[0].messages > 50)
            exchange.drop()
            await eventually(lambda: exchange.connections == 2 and heard.is_live())
            count = heard.clients[0].messages
            await eventually(lambda: heard.clients[0].messages > count + 50)
    assert ("historicalTrades", KEY) in [(name, asked["key"]) for name, asked in exchange.asked]
    assert all(KEY.encode() not in each.value for each in heard.arrivals)
    assert KEY not in "".join(capsys.readouterr())
    messages, _ = heard.decoded("BNF")
    assert "trade_id" not in {gap.cause for gap in of(Gap, messages)}


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({}, "VNTAPE_BINANCE_SYMBOLS: must name symbols"),
        ({"VNTAPE_BINANCE_SYMBOLS": "BTC/USDT"}, "VNTAPE_BINANCE_SYMBOLS"),
        ({"VNTAPE_BINANCE_SYMBOLS": "BTCUSDT", "VNTAPE_BINANCE_STREAMS": "kline_1m"},
         "VNTAPE_BINANCE_STREAMS"),
        ({"VNTAPE_BINANCE_SYMBOLS": "BTCUSDT", "VNTAPE_BINANCE_REST_URL": "http://api.b.com"},
         "VNTAPE_BINANCE_REST_URL must be https://"),
    ],
)  # fmt: skip
def test_a_setting_that_binance_would_not_understand_is_named(
    environment: dict[str, str], named: str
) -> None:
    with pytest.raises(FeedError, match=re.escape(named)):
        lines_of(load(environment), ["binance"])
