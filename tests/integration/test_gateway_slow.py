"""A client that does not keep up harms nobody: not the others, not the gateway's memory."""

import asyncio
import json
import socket as sockets
import time
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from services.gateway.client import GatewayClient
from tests.support.eventually import eventually
from tests.support.gateway import Feed, Gateway, read_until, stream_url

pytestmark = [pytest.mark.broker]

SYMBOLS = [f"S{n}USDT.BN" for n in range(4)]
CHANNEL = "trades-classified"


async def narrow(served: Gateway) -> ClientConnection:
    """A subscribed client with a small receive buffer that is not read by itself."""
    where = urlsplit(served.url)
    s = sockets.socket()
    s.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 8192)
    s.connect((where.hostname, where.port))
    s.setblocking(False)
    socket = await connect(
        stream_url(served), sock=s, compression=None, max_size=None, max_queue=1, ping_interval=None
    )
    await read_until(socket, "hello")
    sub = {"op": "sub", "ch": CHANNEL, "symbols": SYMBOLS, "snap": 0}
    await socket.send(json.dumps(sub))
    return socket


async def read_to_the_end(socket: ClientConnection, pause_s: float = 0.0) -> list[dict[str, Any]]:
    """All messages until the connection is closed, read slowly if so asked."""
    messages: list[dict[str, Any]] = []
    try:
        while True:
            messages += json.loads(await asyncio.wait_for(socket.recv(), 20))
            await asyncio.sleep(pause_s)
    except ConnectionClosed:
        return messages


async def burst(source: Feed, count: int, size: int = 500) -> None:
    for _ in range(count // size):
        await source.send_classified([source.trade(SYMBOLS[n % 4]) for n in range(size)])
        await asyncio.sleep(0.02)


async def test_clients_that_stop_reading_neither_delay_the_others_nor_fill_the_memory(
    served: Gateway, source: Feed
) -> None:
    delays: list[float] = []
    good = GatewayClient(served.url, lambda m, t: delays.append(t - m["seq"] / 1e6))
    await good.subscribe(CHANNEL, SYMBOLS)
    running = asyncio.create_task(good.run())
    await eventually(lambda: good.subscribed(CHANNEL, SYMBOLS))
    await burst(source, 10_000)
    await eventually(lambda: len(delays) == 10_000)
    before = served.memory_bytes
    stuck = [await narrow(served) for _ in range(20)]
    await burst(source, 20_000)
    await eventually(lambda: len(delays) == 30_000, 20)
    # 20 x (1 MiB of queue + 0.2 MiB of socket) would be 25 MB, and rings fill on beside that.
    assert served.memory_bytes - before < 60e6
    delays.sort()
    assert delays[len(delays) * 99 // 100] < 1.0
    await eventually(lambda: clients(served) == 1, 20)
    for socket in stuck:
        await read_to_the_end(socket)
    await good.close()
    await running
    assert good.statistics.breaks == good.statistics.repeats == 0


def clients(served: Gateway) -> int:
    count: int = served.get("/healthz")["clients"]
    return count


async def test_a_slow_client_is_told_4508_and_resumes_without_a_loss(
    served: Gateway, source: Feed
) -> None:
    socket = await narrow(served)
    got: list[dict[str, Any]] = []
    bye: dict[str, Any] = {}
    pouring = asyncio.create_task(burst(source, 12_000))
    for m in await read_to_the_end(socket, pause_s=0.05):
        got += [m] if "op" not in m else []
        bye = m if m.get("op") == "bye" else bye
    await pouring
    assert (bye["code"], bye["why"]) == (4508, "slow")
    assert socket.close_code == 4508
    after = {m["symbol"]: m["seq"] for m in got} or dict.fromkeys(SYMBOLS, 0)
    wanted = sum(map(len, source.classified.values()))
    async with connect(stream_url(served), compression=None, max_size=None) as again:
        sub = {"op": "sub", "ch": CHANNEL, "symbols": SYMBOLS, "epoch": source.tape, "after": after}
        await again.send(json.dumps(sub))
        while len(got) < wanted:
            for m in json.loads(await asyncio.wait_for(again.recv(), 20)):
                got += [m] if "op" not in m else []
    for symbol, seqs in source.classified.items():
        assert [m["seq"] for m in got if m["symbol"] == symbol] == seqs


async def test_two_hundred_clients_get_every_message(served: Gateway, source: Feed) -> None:
    got: list[list[int]] = [[] for _ in range(200)]

    def keep(n: int) -> Any:
        return lambda m, _t: got[n].append(m["seq"])

    clients_ = [GatewayClient(served.url, keep(n)) for n in range(200)]
    for client in clients_:
        await client.subscribe(CHANNEL, SYMBOLS[:1])
    tasks = [asyncio.create_task(c.run()) for c in clients_]
    await eventually(lambda: all(c.subscribed(CHANNEL, SYMBOLS[:1]) for c in clients_), 30)
    began = time.monotonic()
    for _ in range(50):
        await source.send_classified([source.trade(SYMBOLS[0]) for _ in range(20)])
    wanted = source.classified[SYMBOLS[0]]
    await eventually(lambda: all(len(g) == 1000 for g in got), 60)
    print(f"200,000 deliveries in {time.monotonic() - began:.1f} s")
    for client in clients_:
        await client.close()
    await asyncio.gather(*tasks)
    assert all(g == wanted for g in got)
