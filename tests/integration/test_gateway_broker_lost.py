"""The broker dies under a gateway and comes back: clients stay, and lose nothing."""

import asyncio
import secrets
from pathlib import Path
from typing import Any

import pytest

from services.gateway.client import GatewayClient
from tests.support.eventually import eventually
from tests.support.gateway import feed, gateway
from tests.support.stack import OwnStack

pytestmark = [pytest.mark.broker]

SYMBOL = "BTCUSDT.BN"


@pytest.mark.soak
async def test_clients_stay_connected_while_the_broker_is_away_and_go_on_when_it_is_back(
    own_stack: OwnStack, tmp_path: Path
) -> None:
    kafka, tape = own_stack.addresses.kafka, f"t{secrets.token_hex(4)}"
    got: list[int] = []

    async with feed(kafka, tape) as source, gateway(kafka, tape, tmp_path) as served:

        def health() -> dict[str, Any]:
            report: dict[str, Any] = served.get("/healthz")
            return report

        client = GatewayClient(served.url, lambda m, _t: got.append(m["seq"]))
        await client.subscribe("trades-classified", [SYMBOL])
        running = asyncio.create_task(client.run())
        await eventually(lambda: client.subscribed("trades-classified", [SYMBOL]))
        await source.send_classified([source.trade(SYMBOL) for _ in range(100)])
        await eventually(lambda: len(got) == 100)
        await asyncio.to_thread(own_stack.kill, "kafka")
        await eventually(lambda: "kafka" in health()["problems"], 30)
        await asyncio.to_thread(own_stack.start, "kafka")
        await source.send_classified([source.trade(SYMBOL) for _ in range(100)])
        await eventually(lambda: len(got) == 200, 40)
        await eventually(lambda: health()["problems"] == {}, 20)
        await client.close()
        await running
    assert got == source.classified[SYMBOL]
    assert client.statistics.connections == 1
