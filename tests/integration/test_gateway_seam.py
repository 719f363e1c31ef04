"""Joins, resumes, repeats and crashes under load: every client has everything, once, in order."""

import asyncio
import json
import random
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from services.gateway.client import GatewayClient
from services.stack.ports import pick_free
from tests.support.eventually import eventually
from tests.support.gateway import Feed, Gateway, gateway, read_until, stream_url, writer

pytestmark = [pytest.mark.broker]

SYMBOLS = [f"S{n}USDT.BN" for n in range(4)]
CHANNEL = "trades-classified"
CONNECTIONS, JOINS_EACH = 50, 40


async def pour(source: Feed, until: asyncio.Event) -> None:
    """Trades of all symbols, in small uneven batches; now and then a run of them again."""
    chance = random.Random(7)
    run: list[Any] = []
    while not until.is_set():
        batch = [source.trade(chance.choice(SYMBOLS)) for _ in range(chance.randint(1, 20))]
        await source.send_classified(batch)
        run += batch
        if len(run) > 300:
            await source.send_classified(run[-200:])  # a classifier came back from its snapshot
            run = []
        await asyncio.sleep(0.01)


async def join(
    socket: ClientConnection, symbol: str, after: int | None, tape: str, chance: random.Random
) -> list[int]:
    """One subscription, followed strictly for a while; returns what it gave, in order."""
    resume = {"epoch": tape, "after": {symbol: after}} if after is not None else {}
    command = {"op": "sub", "ch": CHANNEL, "symbols": [symbol], "snap": 20, **resume}
    await socket.send(json.dumps(command))
    got: list[int] = []
    last, wanted = None, chance.randint(0, 12)
    while last is None or wanted > 0:
        for m in json.loads(await asyncio.wait_for(socket.recv(), 20)):
            if m.get("op") == "sync" and m["symbol"] == symbol:
                assert m["mode"] == ("resume" if resume else "snapshot"), m
                got, last = [i["seq"] for i in m["items"]], m["last"]
                assert not got or got[-1] == last
            elif m.get("ch") == CHANNEL and "op" not in m and last is not None:
                assert m["prev"] == last, "a hole or a repeat at the seam"
                got.append(m["seq"])
                last, wanted = m["seq"], wanted - 1
    await socket.send(json.dumps({"op": "unsub", "ch": CHANNEL, "symbols": [symbol]}))
    while not any(m.get("op") == "ok" for m in json.loads(await socket.recv())):
        pass  # what was under way
    return got


async def one_client(url: str, source: Feed, number: int) -> int:
    chance, done = random.Random(number), 0
    async with connect(url, compression=None, max_size=None) as socket:
        await read_until(socket, "hello")
        for _ in range(JOINS_EACH):
            symbol = chance.choice(SYMBOLS)
            known = list(source.classified.get(symbol, ()))
            after = chance.choice(known[-500:-20] or known) if chance.random() < 0.5 else None
            got = await join(socket, symbol, after, source.tape, chance)
            all_of_it = source.classified[symbol]
            start = all_of_it.index(got[0]) if got else 0
            assert got == all_of_it[start : start + len(got)]
            if after is not None and got:
                assert all_of_it[start - 1] == after, "a resume began somewhere else"
            done += 1
    return done


async def test_two_thousand_joins_and_resumes_at_random_moments_are_gapless(
    served: Gateway, source: Feed
) -> None:
    stop = asyncio.Event()
    await source.send_classified([source.trade(s) for s in SYMBOLS for _ in range(60)])
    pouring = asyncio.create_task(pour(source, stop))
    await eventually(lambda: served.get(f"/v1/latest/{CHANNEL}") != [])
    clients = [one_client(stream_url(served), source, n) for n in range(CONNECTIONS)]
    try:
        joins = sum(await asyncio.gather(*clients))
    finally:
        stop.set()
        await pouring
    assert joins == CONNECTIONS * JOINS_EACH


async def test_a_gateway_killed_and_restarted_loses_nothing_for_its_clients(
    kafka: str, tape: str, source: Feed, tmp_path: Path
) -> None:
    port, stop = pick_free(), asyncio.Event()
    got: dict[str, list[int]] = {s: [] for s in SYMBOLS}
    client = GatewayClient(
        f"http://127.0.0.1:{port}", lambda m, _t: got[m["symbol"]].append(m["seq"])
    )
    await client.subscribe(CHANNEL, SYMBOLS)
    running = asyncio.create_task(client.run())
    async with gateway(kafka, tape, tmp_path, port=port) as first:
        await eventually(lambda: client.subscribed(CHANNEL, SYMBOLS))
        pouring = asyncio.create_task(pour(source, stop))
        await eventually(lambda: client.statistics.messages > 500)
        first.kill()
    async with gateway(kafka, tape, tmp_path, port=port):
        seen = client.statistics.messages
        await eventually(lambda: client.statistics.messages > seen + 500, 20)
        await client.drop()
        seen = client.statistics.messages
        await eventually(lambda: client.statistics.messages > seen + 500, 20)
        stop.set()
        await pouring
        await eventually(lambda: got == source.classified, 20)
    await client.close()
    await running
    assert client.statistics.connections >= 3
    assert client.statistics.breaks == 0
    assert [s for s in client.statistics.syncs[len(SYMBOLS) :] if s["mode"] != "resume"] == []


@pytest.mark.database
async def test_a_client_away_for_longer_than_the_ring_resumes_from_the_database(
    kafka: str, database: str, tape: str, source: Feed, tmp_path: Path
) -> None:
    symbol = SYMBOLS[0]
    trades = [source.trade(symbol) for _ in range(9_000)]
    await source.send_classified(trades)
    got: list[dict[str, Any]] = []
    with writer(kafka, tape, tmp_path, database):
        async with (
            gateway(kafka, tape, tmp_path, database=database) as served,
            connect(stream_url(served), compression=None, max_size=None) as socket,
        ):
            await read_until(socket, "hello")
            after = {symbol: trades[99].seq}
            sub = {"op": "sub", "ch": CHANNEL, "symbols": [symbol], "epoch": tape, "after": after}
            await socket.send(json.dumps(sub))
            control: list[dict[str, Any]] = []
            while not control or control[-1]["op"] != "live":
                for m in json.loads(await asyncio.wait_for(socket.recv(), 20)):
                    if m.get("op") != "hb":  # one may come on a slow machine
                        (control if "op" in m else got).append(m)
            history = served.get(f"/v1/history/{CHANNEL}/{symbol}?limit=50&after={trades[0].seq}")
    assert [c.get("mode") for c in control] == [None, "resume", None]
    assert [m["seq"] for m in got] == [t.seq for t in trades[100:]]
    assert [m["prev"] for m in got] == [t.seq for t in trades[99:-1]]
    assert [m["price"] for m in got] == [t.price for t in trades[100:]]
    assert [m["seq"] for m in history["items"]] == [t.seq for t in trades[1:51]]
    assert history["next_after"] == str(trades[50].seq)


async def test_a_resume_that_nobody_can_serve_is_a_snapshot_with_the_reason(
    served: Gateway, source: Feed
) -> None:
    symbol = SYMBOLS[0]
    trades = [source.trade(symbol) for _ in range(6_000)]
    await source.send_classified(trades)
    last = trades[-1].seq
    await eventually(lambda: served.get(f"/v1/latest/{CHANNEL}?symbols={symbol}")[0]["seq"] == last)
    async with connect(stream_url(served), compression=None) as socket:
        await read_until(socket, "hello")
        for epoch, why in ((source.tape, "too_old"), ("other", "epoch")):
            sub = {"op": "sub", "ch": CHANNEL, "symbols": [symbol], "snap": 3, "epoch": epoch}
            await socket.send(json.dumps({**sub, "after": {symbol: trades[0].seq}}))
            sync = await read_until(socket, "sync")
            assert (sync["mode"], sync["why"]) == ("snapshot", why)
            assert [m["seq"] for m in sync["items"]] == [t.seq for t in trades[-3:]]
