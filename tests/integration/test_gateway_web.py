"""REST, documentation and the page of a real gateway."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from msgspec import structs
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from schemas import frames
from schemas.market import Clock, Trade
from schemas.topics import BOARD
from services.gateway.core.channels import CHANNELS
from tests.support.browser import page
from tests.support.derived import board_row
from tests.support.eventually import eventually
from tests.support.gateway import PARTITIONS, Feed, Gateway, gateway, stream_url, writer
from tests.support.stack import ROOT

pytestmark = [pytest.mark.broker]

SYMBOL = "BTCUSDT.BN"


async def test_the_latest_of_every_kind_can_be_asked_for(served: Gateway, source: Feed) -> None:
    quotes = [source.quote(SYMBOL) for _ in range(5)]
    await source.send_market([*quotes, source.market_trade(SYMBOL)])
    trade = source.trade(SYMBOL)
    await source.send_classified([trade])
    await eventually(lambda: served.get("/v1/latest/trades-classified") != [])
    (found,) = await eventually(lambda: served.get(f"/v1/latest/quote?symbols={SYMBOL},X"))
    assert (found["seq"], found["bids"]) == (quotes[-1].seq, [list(quotes[-1].bids[0])])
    (last,) = served.get("/v1/latest/trades-classified")
    assert (last["seq"], last["prev"], last["side"]) == (trade.seq, 0, trade.side)
    assert served.get("/v1/symbols") == {SYMBOL: ["quote", "trade", "trades-classified"]}
    described = {c["channel"]: c["class"] for c in served.get("/v1/channels")}
    assert described == {c.name: c.kind for c in CHANNELS}


async def test_wrong_requests_are_answered_with_a_sentence(served: Gateway) -> None:
    for path, status, text in (
        ("/v1/latest/nothing", 404, "no channel 'nothing'"),
        ("/v1/history/quote/A?limit=0", 422, "limit"),
        ("/v1/history/quote/A?from=yesterday", 422, "from must be"),
        ("/v1/history/quote/A?from=2026-01-01T00:00", 422, "time zone"),
        ("/v1/history/quote/A?from=" + "9" * 5000, 422, "from must be"),
        ("/v1/history/quote/A?to=99999999999999999999999", 422, "to must be"),
        ("/v1/history/quote/A?to=253402300800000", 422, "to must be"),
        ("/v1/history/quote/A?after=" + "9" * 5000, 422, "after must be"),
        ("/v1/history/quote/A?after=9007199254740992", 422, "after must be"),
        ("/v1/history/quote/A?after=1.2147483649", 422, "after must be"),
        ("/v1/history/quote/A%00", 422, "symbol"),
        ("/v1/history/quote/A", 503, "no login for vntape_reader"),
        ("/v1/history/trade/A", 404, "trades are kept as trades-classified"),
        ("/v1/else", 404, "Not Found"),
    ):
        answer = httpx.get(served.url + path)
        assert (answer.status_code, text in answer.json()["error"]) == (status, True), answer.text


async def test_the_documentation_needs_nothing_from_elsewhere(served: Gateway) -> None:
    text = httpx.get(served.url + "/docs").text
    sources = [part.split('"')[0] for part in text.replace("href=", "src=").split('src="')[1:]]
    assert sources
    for src in sources:
        assert src.startswith("/")
        assert httpx.get(served.url + src).status_code == 200


async def test_pages_of_other_sites_reach_nothing(served: Gateway) -> None:
    with pytest.raises(InvalidStatus):
        await connect(stream_url(served), origin="http://elsewhere.example")  # type: ignore[arg-type]
    async with connect(stream_url(served), origin="http://localhost:5173"):  # type: ignore[arg-type]
        pass
    rebound = httpx.get(served.url + "/v1/symbols", headers={"Host": "elsewhere.example"})
    assert rebound.status_code == 400


async def test_the_page_shows_live_trades_and_quotes_in_a_real_browser(
    served: Gateway, source: Feed, tmp_path: Path
) -> None:
    await source.send_market([source.quote(SYMBOL), source.quote("ETHUSDT.BN")])
    await source.send_classified([source.trade(SYMBOL) for _ in range(10)])
    async with page(served.url + "/", tmp_path / "browser") as tab:
        rows = "document.querySelectorAll('#trades tr:not(.empty)').length"

        async def shown(expression: str, value: object) -> bool:
            return await tab.evaluate(expression) == value

        await eventually(lambda: shown(rows, 10), 20)
        await eventually(lambda: shown("document.getElementById('state').textContent", "live"))
        await source.send_classified([source.trade(SYMBOL) for _ in range(5)])
        await eventually(lambda: shown(rows, 15), 20)
        first = await tab.evaluate("document.querySelector('#trades tr').innerText")
        trade = source.classified[SYMBOL][-1]
        assert SYMBOL in first
        assert ("B" if trade % 2 else "S") in first.split()
        quotes = await tab.evaluate("document.getElementById('quotes').innerText")
        assert SYMBOL in quotes
        assert "ETHUSDT.BN" in quotes
        cells = "[...document.querySelectorAll('#trades tr:first-child td')].map(c => c.innerText)"
        at, *_, sure = await tab.evaluate(cells)
        time = datetime.fromtimestamp(trade // 1000 / 1000, UTC)
        assert at == f"{time:%Y-%m-%d %H:%M:%S.%f}"[:-3]
        assert sure == "90.0 %"
        hidden = "document.getElementById('board').closest('section').hidden"
        assert await tab.evaluate(hidden)
        row = board_row("SSI", trade, last=23450.0, reference=25000.0, change=-1550.0,
                        change_percent=-6.2, total_volume=1_000_000)  # fmt: skip
        await source.producer.send_and_wait(
            BOARD.on(source.tape), msgspec.json.encode(row), key=b"SSI", partition=0
        )
        boxes = "[...document.querySelectorAll('#board td')].map(c => c.innerText)"
        shown_row = ["SSI", "25,000", str(trade % 7), "–", "23,450", "▼ -6.20", "1,000,000"]
        await eventually(lambda: shown(boxes, shown_row), 10)
        assert not await tab.evaluate(hidden)
        await tab.screenshot(tmp_path / "page.png")
        await tab.call(
            "Emulation.setDeviceMetricsOverride",
            width=500,
            height=800,
            deviceScaleFactor=1,
            mobile=False,
        )
        await tab.screenshot(tmp_path / "narrow.png")
        boxes = "[document.documentElement, ...document.querySelectorAll('.scroll')]"
        cut = await tab.evaluate(f"{boxes}.map(b => b.scrollWidth - b.clientWidth)")
        assert cut == [0, 0, 0, 0]
        said = "document.getElementById('state').textContent.replace(/[0-9]/g, '9')"
        await eventually(lambda: shown(said, "idle since 99:99:99 UTC"), 20)
        await source.send_classified([source.trade(SYMBOL)])
        await eventually(lambda: shown("document.getElementById('state').textContent", "live"), 10)


@pytest.mark.database
async def test_history_gives_back_every_kind_as_it_was_on_the_stream(
    kafka: str, database: str, tape: str, source: Feed, tmp_path: Path
) -> None:
    """Every stored example of the contract goes through the real writer and comes back equal."""
    sent = examples()
    for partition in range(PARTITIONS):
        await source.send_frame([m for m in sent if m.symbol == "*"], partition)
    await source.send_market([m for m in sent if m.symbol != "*"])
    with writer(kafka, tape, tmp_path, database):
        async with gateway(kafka, tape, tmp_path, database=database) as served:
            for message in sent:
                found = await eventually(lambda m=message: stored(served, m), 20)
                assert msgspec.convert(found, type(message)) == message


def stored(served: Gateway, message: Any) -> dict[str, Any] | None:
    """The message as history gives it, without what the gateway adds."""
    symbol = f"*{message.venue}" if message.symbol == "*" else message.symbol
    path = f"/v1/history/{message.__struct_config__.tag}/{symbol}?after={message.seq - 1}&limit=1"
    for found in served.get(path)["items"]:
        if found["seq"] == message.seq:
            return {k: v for k, v in found.items() if k not in ("ch", "prev", "stream")}
    return None


def examples() -> list[Any]:
    """The examples of `market` that are stored, each with a seq of its own, ascending."""
    files = sorted((ROOT / "schemas" / "examples").glob("market.*/*.json"))
    found = [frames.messages(f.read_bytes().replace(b"\n", b" "))[0] for f in files]
    kept = [m for m in found if not isinstance(m, (Trade, Clock))]
    assert len({type(m) for m in kept}) == 12
    return [structs.replace(m, seq=1_700_000_000_000_001 + n) for n, m in enumerate(kept)]
