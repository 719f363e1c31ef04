"""
What the gateway costs: `python -m tests.bench.gateway_fanout`.

Fan-out: messages delivered per CPU-second of the gateway's process. Latency: from the making
of a classified trade to its reading by a client, beside the same for a plain consumer of Kafka
in the same process, so the difference is what the gateway adds.
"""

import asyncio
import secrets
import tempfile
import time
from pathlib import Path

import msgspec

from schemas.topics import TRADES_CLASSIFIED
from services.gateway.client import GatewayClient
from services.runtime import kafka as clients
from tests.support.eventually import eventually
from tests.support.gateway import Feed, Gateway, feed, gateway
from tests.support.stack import shared_stack
from tests.support.tapes import forget

SYMBOLS = [f"S{n}USDT.BN" for n in range(20)]
CHANNEL = TRADES_CLASSIFIED.name


async def paced(source: Feed, rate: int, seconds: float) -> int:
    """So many messages a second, a batch each 5 ms; how many in all."""
    began, sent = time.monotonic(), 0
    while (passed := time.monotonic() - began) < seconds:
        due = int(passed * rate) - sent
        if due > 0:
            await source.send_classified([source.trade(SYMBOLS[n % 20]) for n in range(due)])
            sent += due
        await asyncio.sleep(0.005)
    return sent


def quantiles(delays: list[float]) -> str:
    """Median and p99 in ms."""
    delays.sort()
    at = [delays[int(len(delays) * q)] * 1000 for q in (0.5, 0.99)]
    return f"p50 {at[0]:5.1f} ms  p99 {at[1]:6.1f} ms  of {len(delays)}"


async def plain(bootstrap: str, source: Feed, delays: list[float]) -> None:
    """A consumer without a gateway; until cancelled."""
    client = clients.consumer(bootstrap, "bench-plain")
    await client.start()
    try:
        span = await clients.bounds(client, TRADES_CLASSIFIED.on(source.tape))
        client.assign(list(span))
        for tp, (_, end) in span.items():
            client.seek(tp, end)
        while True:
            for records in (await client.getmany(timeout_ms=100)).values():
                for record in records:
                    message = msgspec.json.decode(record.value)
                    delays.append(time.time() - message["seq"] / 1e6)
    finally:
        await client.stop()


async def latency(bootstrap: str, served: Gateway, source: Feed, rate: int) -> None:
    """One client at a rate."""
    through: list[float] = []
    direct: list[float] = []
    client = GatewayClient(served.url, lambda m, t: through.append(t - m["seq"] / 1e6))
    await client.subscribe(CHANNEL, SYMBOLS)
    tasks = [
        asyncio.create_task(client.run()),
        asyncio.create_task(plain(bootstrap, source, direct)),
    ]
    await eventually(lambda: client.subscribed(CHANNEL, SYMBOLS))
    await paced(source, rate, 2)
    through.clear(), direct.clear()
    sent = await paced(source, rate, 8)
    await eventually(lambda: len(through) >= sent)
    await client.close()
    tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    print(f"{rate:>6}/s  gateway {quantiles(through)}   plain consumer {quantiles(direct)}")


async def fan_out(served: Gateway, source: Feed, count: int, rate: int) -> None:
    """Many clients of all symbols."""
    everyone = [GatewayClient(served.url, lambda m, t: None) for _ in range(count)]
    tasks = []
    for client in everyone:
        await client.subscribe(CHANNEL, SYMBOLS)
        tasks.append(asyncio.create_task(client.run()))
    await eventually(lambda: all(c.subscribed(CHANNEL, SYMBOLS) for c in everyone), 30)
    before, frames = served.cpu_s, sum(c.statistics.frames for c in everyone)
    sent = await paced(source, rate, 6)
    await eventually(lambda: sum(c.statistics.messages for c in everyone) >= sent * count, 60)
    cpu, delivered = served.cpu_s - before, sent * count
    frames = sum(c.statistics.frames for c in everyone) - frames
    for client in everyone:
        await client.close()
    await asyncio.gather(*tasks)
    print(
        f"{count:>4} clients x {rate}/s: {delivered / cpu:>10,.0f} messages per CPU-second, "
        f"{delivered / frames:.1f} a frame, RSS {served.memory_bytes / 1e6:.0f} MB"
    )


async def main(bootstrap: str, tape: str, folder: Path) -> None:
    """All of it."""
    async with feed(bootstrap, tape) as source, gateway(bootstrap, tape, folder) as served:
        for rate in (200, 1000, 5000):
            await latency(bootstrap, served, source, rate)
        for count, rate in ((1, 5000), (20, 2000), (100, 500)):
            await fan_out(served, source, count, rate)


if __name__ == "__main__":
    with shared_stack() as stack, tempfile.TemporaryDirectory() as folder:
        name = f"b{secrets.token_hex(5)}"
        try:
            asyncio.run(main(stack.kafka, name, Path(folder)))
        finally:
            forget(name, stack)
