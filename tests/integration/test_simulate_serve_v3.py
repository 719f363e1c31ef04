"""SSI v3 of the simulated exchange, with a plain client and with SSI's own `ssi-sdk`."""

import asyncio
import base64
import json
from contextlib import AsyncExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
from ssi_sdk import AsyncAuth, AsyncData, AsyncStream, Config
from ssi_sdk.enums import Board, Timeframe
from ssi_sdk.models import QuoteMessage, TradeMessage

from services.simulator.core.plan import Plan
from services.simulator.serve.clock import UNPACED
from services.simulator.serve.server import Server
from services.simulator.serve.v3.rest_routes import A_SECOND
from tests.support.eventually import eventually
from tests.support.exchange import hub, order, serving, stream, v3_socket, v3_token
from tests.unit.simulator.exchange_day import MEMBERS, plan

BEGIN = "09:14:50"


@pytest.fixture(scope="module")
def small() -> Plan:
    channels = frozenset({"F", "X-TRADE", "X-QUOTE", "R", "MI", "OL", "S"})
    return plan(which="vn30", channels=channels)


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of 127.0.0.1, trusted by every client of this process."""
    authority = trustme.CA()
    own = tmp_path / "own.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(own)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return own


def configured(server: Server) -> Config:
    """What its users write, with our addresses."""
    return Config(**server.v3_config(), retry_delay_ms=50)


async def test_ssi_sdk_streams_what_a_plain_client_streams(small: Plan, certificate: Path) -> None:
    """... and both what v2 says: each of its trades is one. It insists on TLS."""
    told: list[Any] = []
    async with AsyncExitStack() as stack:
        serve = serving(small, BEGIN, UNPACED, wait_for=3, tls=certificate)
        server = await stack.enter_async_context(serve)
        auth = await stack.enter_async_context(AsyncAuth(configured(server)))
        sdk = await stack.enter_async_context(AsyncStream(auth))
        await auth.authenticate()
        await sdk.streaming.connect()
        sdk.streaming.on_data = told.append
        await sdk.streaming.subscribe_symbol_trade(["VCB", "SSI"])
        await sdk.streaming.subscribe_symbol_quote(["VCB"])
        plain = await stream(server, "trade.VCB", "trade.SSI", "quote.VCB")
        v2 = await hub(server, "X-TRADE:VCB-SSI")
        async with plain, v2:
            messages = TradeMessage, QuoteMessage
            await eventually(lambda: sum(isinstance(each, messages) for each in told) > 200, 20)
            got = [each for each in told if isinstance(each, messages)]
            await plain.until(len(got))
            await sdk.streaming.disconnect()
            prints = [json.loads(json.loads(text)["Content"]) for text in v2.messages]
    kinds = {"trade": TradeMessage, "quote": QuoteMessage}
    frames = [json.loads(frame) for frame in plain.messages[: len(got)]]
    same = [kinds[each["topic"].partition(".")[0]].from_dict(each["data"]) for each in frames]
    assert [asdict(each) for each in got] == [asdict(each) for each in same]
    mine = [(each.symbol, each.total_volume) for each in got if isinstance(each, TradeMessage)]
    theirs = [(each["Symbol"], int(each["TotalVol"])) for each in prints if each["LastVol"]]
    assert mine
    assert mine == theirs[: len(mine)]


async def test_ssi_sdk_s_rest_gets_answers_and_renews_its_token(small: Plan) -> None:
    async with serving(small, "09:25", 1) as server:
        await server.floor.made_up.wait()
        async with AsyncAuth(configured(server)) as auth, AsyncData(auth) as data:
            first = await auth.authenticate()
            market = data.market_data
            bars = await market.get_ohlc_all(
                "VCB", Timeframe.MINUTE_5, "2026/11/20 00:00:00", "2026/11/20 23:59:59"
            )
            assert [each.trading_date for each in bars] == [
                "2026/11/20 09:20:00", "2026/11/20 09:15:00"
            ]  # fmt: skip
            assert bars[0].value == bars[0].close_price * bars[0].volume
            assert {each.index for each in await market.get_indexes()} >= {"VN30", "VNINDEX"}
            members = await market.get_securities_info_by_index("VN30")
            assert {each.symbol for each in members} == set(MEMBERS)
            hose = await market.get_securities_info_by_board(Board.HOSE)
            assert len(hose) == 30
            master = await market.get_master_data_historical("2026/11/20", "2026/11/20")
            assert len(master) == 34
            assert all(each.floor < each.ref_price < each.ceiling for each in master)
            second = await auth.refresh()
            assert second.access_token != first.access_token
            summary = await market.get_index_summary("VN30")
            assert summary is not None
            assert summary.index_value > 1000


async def test_the_name_of_an_index_streams_its_members_and_flags_come_at_once(
    small: Plan,
) -> None:
    topics = "trade.VN30", "market.flag", "market.VCB", "trade.index.VN30", "trade.VCB@1m"
    async with serving(small, "09:16", 30) as server, await stream(server, *topics) as client:
        await eventually(lambda: client.data("trade.VCB@1m") and client.data("trade.index.VN30"))
        names = {json.loads(frame)["topic"] for frame in client.messages}
        assert "trade.VN30" not in names
        assert {"trade.SSI", "trade.HPG"} < names
        assert {(each["b"], each["f"]) for each in client.data("market.FLAG")} >= {
            ("HOSE", "LO"), ("DER", "LO")
        }  # fmt: skip
        master = client.data("market.VCB")[0]
        assert master["fl"] < master["ref"] < master["ce"]
        assert client.data("trade.VCB@1m")[0]["st"] >= "2026/11/20 09:16:00"
        await client.ask({"method": "unsubscribe", "channel": "DATA", "topics": list(topics)[:4]})
        listed = await client.ask({"method": "list_subscription"})
        assert listed == {"trading": "", "data": "trade.VCB@1m"}


async def test_requests_are_answered_refused_and_dropped_as_documented(small: Plan) -> None:
    async with serving(small, BEGIN, 1) as server, await stream(server) as client:
        ping = {"method": "PING_PONG", "channel": "HEARTBEAT"}
        assert await client.ask(ping) == {**ping, "status": "ok", "message": "pong"}
        bad = await client.subscribe("trade.VCB", "asset.1")
        assert (bad["status"], bad["message"]) == ("error", "Invalid topic: asset.1")
        secret = {"method": "subscribe", "channel": "TRADING", "topics": ["order.1"]}
        assert (await client.ask(secret))["message"] == "Denied (scope)"
        assert await client.ask("no json") == {"code": 400, "msg": "Invalid message"}
        long = ["quote.SSI"] + [f"quote.S{number:04}" for number in range(400)]
        await client.say({"method": "subscribe", "channel": "DATA", "topics": long})
        listed = await client.ask({"method": "list_subscription"})
        assert listed["data"] == "trade.VCB", "a request of more than 4096 bytes is dropped"


async def test_ten_connections_are_the_most_and_a_token_is_looked_at_on_connecting(
    small: Plan,
) -> None:
    async with serving(small, BEGIN, 1) as server:
        bearer = (await v3_token(server))["accessToken"]
        many = [await v3_socket(server, bearer) for _ in range(10)]
        async with await v3_socket(server, bearer) as refused:
            await eventually(lambda: refused.ended)
        assert refused.answers == [{"code": 429, "msg": "Too many connections"}]
        await many.pop().__aexit__()
        await order(server, "expire_tokens")
        async with await v3_socket(server, bearer) as late:
            await eventually(lambda: late.ended)
        assert late.answers == [{"code": 401, "msg": "Unauthorized"}]
        assert [each.ended for each in many] == [None] * 9
        for each in many:
            await each.__aexit__()


async def test_rest_counts_requests_by_the_second_and_names_what_is_wrong(small: Plan) -> None:
    async with serving(small, BEGIN, 1) as server, httpx.AsyncClient() as http:
        tokens = await v3_token(server)
        url = server.v3_config()["api_url"] + "/api/v3"
        bearer = {"Authorization": f"Bearer {tokens['accessToken']}"}
        assert tokens["expiresAt"] - json.loads(_claims(tokens["accessToken"]))["iat"] == 900
        day = {"from": "2026/11/19 00:00:00", "to": "2026/11/19 23:59:59", "symbol": "VCB"}
        empty = await http.get(f"{url}/data/ohlc", params=day | {"timeFrame": "1m"}, headers=bearer)
        assert (empty.status_code, empty.json()["code"]) == (200, 204)
        week = await http.get(f"{url}/data/ohlc", params=day | {"timeFrame": "1w"}, headers=bearer)
        assert (week.status_code, week.json()["code"]) == (400, 400210)
        wrong = await http.post(f"{url}/auth/token", json={"apiKey": "x", "apiSecret": "y"})
        assert wrong.status_code == 401
        asking = [http.get(f"{url}/data/indexList", headers=bearer) for _ in range(A_SECOND + 3)]
        answers = await asyncio.gather(*asking)
        refused = [each for each in answers if each.status_code == 429]
        assert refused
        assert refused[0].headers["Retry-After"] == "1"
        assert refused[0].headers["X-RateLimit-Limit"] == str(A_SECOND)


def _claims(token: str) -> bytes:
    body = token.split(".")[1]
    return base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
