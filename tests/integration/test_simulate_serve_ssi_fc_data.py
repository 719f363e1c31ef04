"""SSI's own package, as it comes from PyPI, with the simulated exchange."""

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import pytest
from ssi_fc_data.fc_md_client import MarketDataClient
from ssi_fc_data.fc_md_stream import MarketDataStream
from ssi_fc_data.model import model

from services.simulator.serve.clock import UNPACED
from services.simulator.serve.server import Server
from tests.support.eventually import eventually
from tests.support.exchange import hub, serving
from tests.unit.simulator.exchange_day import plan


def configured(server: Server) -> SimpleNamespace:
    """What its users write into their config.py, with our addresses."""
    told = server.environment()
    return SimpleNamespace(
        auth_type="Bearer",
        consumerID=told["VNTAPE_SSI_CONSUMER_ID"],
        consumerSecret=told["VNTAPE_SSI_CONSUMER_SECRET"],
        url=told["VNTAPE_SSI_V2_REST_URL"],
        stream_url=told["VNTAPE_SSI_V2_STREAM_URL"],
    )


@pytest.mark.parametrize("channels", ["X:VCB-SSI-41I1GC000", "ALL"])
async def test_its_stream_gets_what_a_plain_client_gets(channels: str) -> None:
    told: list[Any] = []
    errors: list[Any] = []
    small = plan(which="vn30", channels=frozenset({"F", "X-TRADE", "X-QUOTE", "X", "R", "MI"}))
    async with serving(small, "09:14:50", UNPACED, wait_for=2) as server:

        def start() -> None:
            config = configured(server)
            stream = MarketDataStream(config, MarketDataClient(config))
            stream.start(told.append, errors.append, channels)

        await asyncio.to_thread(start)
        async with await hub(server, channels) as plain:
            await eventually(lambda: len(told) > 500)
            count = len(told)
            expected = [json.loads(text) for text in (await plain.until(count))[:count]]
            assert told[:count] == expected
            assert not errors


async def test_its_rest_client_gets_answers() -> None:
    async with serving(plan(which="vn30"), "09:20", 1) as server:
        await server.floor.made_up.wait()
        config = configured(server)

        def ask() -> dict[str, Any]:
            client = MarketDataClient(config)
            day = {"fromDate": "20/11/2026", "toDate": "20/11/2026"}
            return {
                "token": client.access_token(
                    model.accessToken(config.consumerID, config.consumerSecret)
                ),
                "securities": client.securities(config, model.securities("HOSE", 1, 100)),
                "details": client.securities_details(
                    config, model.securities_details("HOSE", "VCB", "1", "10")
                ),
                "components": client.index_components(config, model.index_components("VN30")),
                "indices": client.index_list(config, model.index_list("HOSE")),
                "daily": client.daily_ohlc(config, model.daily_ohlc("VCB", **day)),
                "intraday": client.intraday_ohlc(config, model.intraday_ohlc("VCB", **day)),
                "index": client.daily_index(config, model.daily_index("", "VN30", **day)),
                "prices": client.daily_stock_price(config, model.daily_stock_price("VCB", **day)),
            }

        found = await asyncio.to_thread(ask)
    assert found.pop("token")["status"] == 200
    assert {answer["status"] for answer in found.values()} == {"Success"}
    assert len(found["securities"]["data"]) == 30
    assert found["details"]["data"][0]["RepeatedInfo"][0]["Symbol"] == "VCB"
    assert len(found["components"]["data"][0]["IndexComponent"]) == 30
    assert [row["IndexCode"] for row in found["indices"]["data"]] == ["VNINDEX", "VN30"]
    assert found["daily"]["data"][0]["Symbol"] == "VCB"
    assert len(found["intraday"]["data"]) > 3
    assert found["index"]["data"][0]["IndexId"] == "VN30"
    assert found["prices"]["data"][0]["Symbol"] == "VCB"
