"""Vendors that echo what they were told in their error texts: nobody reads it anywhere."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from services.ingest.feeds.live.check import check
from services.ingest.feeds.live.hidden import STARS
from services.ingest.feeds.live.lines_of import lines_of
from services.ingest.feeds.live.source import shown
from services.runtime import logs
from services.runtime.settings_load import load
from tests.support.eventually import eventually
from tests.support.heard import Heard, hearing, wall_us

pytestmark = pytest.mark.timeout(60)

WHO, SECRET, TOKEN = "me-of-nobody", "s3cr3t/of+nobody=", "opaque-t0ken-of-n0body"
CONNECTION = "c0nnection/t0ken+"
ALL = (WHO, SECRET, TOKEN, CONNECTION)
SETTINGS = {
    "VNTAPE_SSI_CONSUMER_ID": WHO, "VNTAPE_SSI_CONSUMER_SECRET": SECRET,
    "VNTAPE_SSI_API_KEY": WHO, "VNTAPE_SSI_API_SECRET": SECRET, "VNTAPE_BINANCE_API_KEY": SECRET,
    "VNTAPE_SSI_CHANNELS": "X-TRADE", "VNTAPE_SSI_V3_TOPICS": "trade.VCB",
    "VNTAPE_BINANCE_SYMBOLS": "BTCUSDT", "VNTAPE_BINANCE_STREAMS": "depth@100ms",
}  # fmt: skip


class Echo:
    """All vendors at once; `where` is the step at which one says no, and repeats everything."""

    def __init__(self, where: str) -> None:
        self.where = where

    async def token(self, request: web.Request) -> web.Response:
        if self.where == "token":
            return web.json_response({"status": 401, "message": f"no {await request.text()}"})
        return web.json_response({"status": 200, "data": {"accessToken": TOKEN}})

    async def token_v3(self, _request: web.Request) -> web.Response:
        told = {"accessToken": TOKEN, "expiresAt": 4e9, "refreshToken": "", "refreshExpiresAt": 0}
        return web.json_response(told)

    async def negotiate(self, _request: web.Request) -> web.Response:
        return web.json_response({"ConnectionToken": CONNECTION, "ProtocolVersion": "1.5"})

    async def hub(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"S": 1})
        await socket.receive()
        told = f"not for {request.headers['Authorization']} on {request.query['connectionToken']}"
        error = {"H": "FcMarketDataV2Hub", "M": "Error", "A": [told]}
        await socket.send_json({"M": [error]})
        await socket.send_json({"I": "0", "E": told})
        await socket.receive()
        return socket

    async def stream(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive()
        told = f"no {request.headers['Authorization']}, {WHO}:{SECRET}"
        if self.where == "frame":
            await socket.send_json({"code": 401, "msg": told})
        elif self.where == "answer":
            await socket.send_json({"method": "SUBSCRIBE", "status": "error", "message": told})
        await socket.close(code=1008, message=told.encode())
        return socket

    async def depth(self, request: web.Request) -> web.Response:
        told = {"code": -2014, "msg": f"API-key {request.headers['X-MBX-APIKEY']} invalid."}
        return web.json_response(told, status=400)

    async def books(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        update = {"e": "depthUpdate", "s": "BTCUSDT", "U": 1, "u": 1, "b": [], "a": []}
        await socket.send_json({"stream": "btcusdt@depth@100ms", "data": update})
        await socket.receive()
        return socket


@asynccontextmanager
async def echoing(where: str) -> AsyncIterator[dict[str, str]]:
    """Settings of clients for it."""
    echo, app = Echo(where), web.Application()
    app.router.add_post("/api/v2/Market/AccessToken", echo.token)
    app.router.add_post("/api/v3/auth/token", echo.token_v3)
    app.router.add_post("/v2.0/signalr/negotiate", echo.negotiate)
    app.router.add_get("/v2.0/signalr/connect", echo.hub)
    app.router.add_get("/v3", echo.stream)
    app.router.add_get("/api/v3/depth", echo.depth)
    app.router.add_get("/stream", echo.books)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        at = f"127.0.0.1:{runner.addresses[0][1]}"
        http, ws = f"http://{at}", f"ws://{at}"
        yield SETTINGS | {
            "VNTAPE_SSI_V2_REST_URL": http, "VNTAPE_SSI_V2_STREAM_URL": http,
            "VNTAPE_SSI_V3_REST_URL": http, "VNTAPE_SSI_V3_STREAM_URL": f"{ws}/v3",
            "VNTAPE_BINANCE_REST_URL": http, "VNTAPE_BINANCE_STREAM_URL": ws,
        }  # fmt: skip
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("feed", "where", "words"),
    [
        ("ssi_v2", "token", "SSI's access token: no "),
        ("ssi_v2", "hub", "SSI's hub does not give X-TRADE:ALL: not for Bearer "),
        ("ssi_v3", "frame", "SSI v3 says 401: no Bearer "),
        ("ssi_v3", "answer", "SSI v3 does not do what it was asked: no Bearer "),
        ("ssi_v3", "close", "(policy violation) no Bearer "),
        ("binance", "depth", "API-key "),
    ],
)
async def test_what_a_vendor_echoes_of_our_secrets_stands_nowhere(
    capsys: pytest.CaptureFixture[str], feed: str, where: str, words: str
) -> None:
    """Not in control records, `/health`, the log or `check-feed`; its other words do."""
    logs.configure("ingest")
    async with echoing(where) as settings:
        lines, heard = lines_of(load(settings), [feed]), Heard()
        async with hearing(lines, heard):
            await eventually(lambda: heard.clients[0].machine.why)
            health = json.dumps(shown(heard.clients[0]))
        checked = await check(lines_of(load(settings), [feed]), wall_us, lambda _day: True, 1)
    tape = b"".join(each.value for each in heard.arrivals).decode()
    for text in (tape, health, "".join(capsys.readouterr()), " ".join(checked.findings)):
        assert f"{words}" in text
        assert STARS in text
        for secret in ALL:
            assert secret not in text
