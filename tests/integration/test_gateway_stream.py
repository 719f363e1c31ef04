"""The live stream of a real gateway on a real Kafka, read by a real WebSocket client."""

import asyncio
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError

from services.gateway.client import GatewayClient, GatewayRefused
from tests.support.eventually import eventually
from tests.support.gateway import (
    Feed,
    Gateway,
    feed,
    gateway_process,
    read_until,
    stream_url,
)

pytestmark = [pytest.mark.broker]

SYMBOL = "BTCUSDT.BN"


async def test_a_subscriber_gets_the_snapshot_and_then_every_message_once(
    served: Gateway, source: Feed
) -> None:
    await source.send_classified([source.trade(SYMBOL) for _ in range(20)])
    got: list[int] = []
    client = GatewayClient(
        served.url, lambda m, _t: got.append(m["seq"]), snap=500, snapshot_items=True
    )
    await client.subscribe("trades-classified", [SYMBOL])
    running = asyncio.create_task(client.run())
    await eventually(lambda: len(got) == 20)
    for _ in range(30):
        await source.send_classified([source.trade(SYMBOL) for _ in range(10)])
    await eventually(lambda: len(got) == 320)
    await client.close()
    await running
    assert got == source.classified[SYMBOL]
    assert client.statistics.breaks == client.statistics.repeats == 0


async def test_a_client_whose_subscription_is_refused_says_why_at_once(served: Gateway) -> None:
    client = GatewayClient(served.url, lambda _m, _t: None, snap=501)
    await client.subscribe("trades-classified", [SYMBOL])
    async with asyncio.timeout(5):
        with pytest.raises(GatewayRefused, match="limit: snap must be from 0 to 500, was 501"):
            await client.run()


async def test_malformed_commands_are_answered_and_the_connection_lives(served: Gateway) -> None:
    async with connect(stream_url(served), compression=None) as socket:
        await read_until(socket, "hello")
        for text in ("", "{", "[]", '"sub"', "{}", '{"op":"jump","id":7}', '{"op":"sub"}', "\x00"):
            await socket.send(text)
            answer = await read_until(socket, "err")
            assert answer["code"] == "bad_frame"
        await socket.send(b"\xff\xfe")
        assert (await read_until(socket, "err"))["code"] == "bad_frame"
        await socket.send('{"op":"sub","id":"x","ch":"nothing","symbols":["A"]}')
        answer = await read_until(socket, "err")
        assert (answer["code"], answer["id"]) == ("unknown_channel", "x")
        await socket.send('{"op":"ping","id":3}')
        assert (await read_until(socket, "pong"))["id"] == 3


async def test_a_frame_too_large_closes_only_its_own_connection(served: Gateway) -> None:
    async with connect(stream_url(served), compression=None) as socket:
        await socket.send("x" * 100_000)
        with pytest.raises(ConnectionClosedError) as closed:
            await read_until(socket, "never")
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009
    assert served.get("/readyz") == {"ready": True}


async def test_a_wildcard_on_quotes_brings_every_symbol_also_new_ones(
    served: Gateway, source: Feed
) -> None:
    await source.send_market([source.quote(f"S{n}") for n in range(300)])
    await eventually(lambda: len(served.get("/v1/symbols")) == 300)
    newest: dict[str, int] = {}
    client = GatewayClient(
        served.url, lambda m, _t: newest.update({m["symbol"]: m["seq"]}), snapshot_items=True
    )
    await client.subscribe("quote", ["*"])
    running = asyncio.create_task(client.run())
    await eventually(lambda: len(newest) == 300)
    for _ in range(20):
        last = [source.quote(f"S{n}") for n in range(310)]
        await source.send_market(last)
    await eventually(lambda: newest == {q.symbol: q.seq for q in last})
    await client.close()
    await running
    assert client.statistics.messages < 20 * 310, "states were not conflated"


async def test_a_client_before_the_tape_is_read_in_is_told_to_come_back(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    """The topics are not there yet: the gateway waits for them, and says so."""
    with gateway_process(kafka, tape, tmp_path) as address:
        served = await eventually(address)
        assert httpx.get(served.url + "/readyz").status_code == 503
        assert httpx.get(served.url + "/v1/latest/quote").status_code == 503
        async with connect(stream_url(served), compression=None) as socket:
            bye = await read_until(socket, "bye")
            await socket.wait_closed()
            assert (bye["code"], socket.close_code) == (4503, 4503)
        async with feed(kafka, tape):
            await eventually(lambda: httpx.get(served.url + "/readyz").status_code == 200, 20)
