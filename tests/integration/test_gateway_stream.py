"""The live stream of a real gateway on a real Kafka, read by a real WebSocket client."""

import asyncio

import pytest
from websockets.asyncio.client import connect

from services.gateway.client import GatewayClient
from tests.support.eventually import eventually
from tests.support.gateway import Feed, Gateway, read_until, stream_url

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
