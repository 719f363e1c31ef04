"""The simulated exchange on real sockets: SSI v2's hub and REST, iBoard, speeds, the command."""

import asyncio
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.runtime.receive_clock import receive_clock
from services.runtime.settings import Settings
from services.simulator.core.day import NS, time_of
from services.simulator.core.plan import Plan
from services.simulator.serve.clock import UNPACED
from tests.support.eventually import eventually
from tests.support.exchange import (
    Made,
    board,
    control,
    events,
    hub,
    made,
    order,
    rest,
    sent,
    serving,
    token,
)
from tests.support.faulty import content
from tests.unit.simulator.exchange_day import plan

ALL = frozenset({"F", "X-TRADE", "X-QUOTE", "X", "R", "MI", "B", "OL", "L", "S", "S-ALL"})
BEGIN, END = "09:14:50", "09:16:30"


@pytest.fixture(scope="module")
def small() -> Plan:
    return plan(which="vn30", channels=ALL)


@pytest.fixture(scope="module")
def expected(small: Plan) -> Made:
    return made(small, BEGIN, END)


async def test_a_client_gets_the_last_messages_and_then_every_one_byte_for_byte(
    small: Plan, expected: Made, tmp_path: Path
) -> None:
    """Two channels of the hub and iBoard at full speed; the sent log says the same."""
    lots = expected.of("L", "S")
    options = {"wait_for": 3, "truth": tmp_path}
    async with serving(small, BEGIN, UNPACED, **options) as server:
        trades, indices = await hub(server, "X-TRADE:ALL"), await hub(server, "MI:all")
        pushed = await board(server, [each.symbol.lower() for each in small.instruments])
        async with trades, indices, pushed:
            for client, channel in ((trades, "X-TRADE"), (indices, "MI")):
                wanted = expected.snapshot(channel) + expected.of(channel)
                got = await client.until(len(wanted), 20)
                assert got[: len(wanted)] == wanted
            assert (await pushed.until(len(lots)))[: len(lots)] == lots
    assert sent(tmp_path, 1, "ssi_v2")[: len(trades.messages)] == trades.messages
    assert sent(tmp_path, 3, "iboard")[: len(pushed.messages)] == pushed.messages
    whats = [each["what"] for each in events(tmp_path, "connections") if each["connection"] == 1]
    assert whats == ["begun", "switched", "ended"]


async def test_the_snapshot_holds_the_day_before_and_then_the_auction(small: Plan) -> None:
    """SSI's stale snapshot: 14:45:00 of the last session; the uncross comes at 09:15:00."""
    async with (
        serving(small, "08:40", UNPACED, wait_for=1) as server,
        await hub(server, "X-TRADE:VCB") as client,
    ):
        found = [content(text) for text in await client.until(60)]
    assert (found[0]["TradingDate"], found[0]["Time"]) == ("19/11/2026", "14:45:00")
    today = [each for each in found[1:] if each["TradingDate"] == "20/11/2026"]
    assert len(today) == len(found) - 1
    expecting = [each for each in today if each["TradingSession"] == "ATO"]
    assert {each["LastVol"] for each in expecting} == {0.0}
    assert all(each["EstMatchedPrice"] > 0 for each in expecting)
    uncross = [each for each in today if each["Time"] == "09:15:00" and each["LastVol"] > 0]
    assert len(uncross) > 1
    assert len({each["LastPrice"] for each in uncross}) == 1
    total = 0.0
    for each in today:
        total += each["LastVol"]
        assert each["TotalVol"] == total


async def test_a_selection_replaces_the_one_before_and_a_comma_ends_the_first(small: Plan) -> None:
    async with serving(small, "09:24:51", 5) as server, await hub(server) as client:
        await client.choose("R:VCB-SSI", 1)
        first = [content(text) for text in await client.until(2)][:2]
        assert {(each["RType"], each["Symbol"]) for each in first} == {("R", "VCB"), ("R", "SSI")}
        await client.choose("X-QUOTE:VCB,MI:VNINDEX", 2)
        await client.choose("MI:VN30-VNINDEX", 3)
        before = len(await eventually(lambda: client.answers[2:] and client.messages))
        # The last MI of both at once, and those of 09:24:55; X-QUOTE would come too.
        later = [content(text) for text in (await client.until(before + 4))[before:]]
        assert {each["RType"] for each in later} == {"MI"}
        assert {each["IndexId"] for each in later} == {"VN30", "VNINDEX"}
        assert [each["I"] for each in client.answers] == ["1", "2", "3"]
        await client.say({"H": "FcMarketDataV2Hub", "M": "Subscribe", "A": [], "I": 4})
        await eventually(lambda: client.answers[-1].get("E"))
        assert "'Subscribe' method could not be resolved" in client.answers[-1]["E"]


async def test_indices_come_every_5_s_of_the_day_at_its_pace(small: Plan) -> None:
    async with serving(small, "09:16", 20) as server, await hub(server, "MI:VN30") as client:
        found = [content(text) for text in await client.until(6)]
    times = [int(each["Time"][-2:]) + 60 * int(each["Time"][3:5]) for each in found]
    assert {b - a for a, b in itertools.pairwise(times)} == {5}
    took = client.times[-1] - client.times[-5]
    assert 0.6 < took < 1.6, "4 x 5 s at 20 times their pace are 1 s"


async def test_a_day_that_begins_later_tells_its_clock_at_once(small: Plan) -> None:
    """A client that stamps by it stamps what arrives with the exchange's own times."""
    async with serving(small, "08:59:50", 20, begin_in_s=1) as server:
        told, day = server.receive_clock(), server.floor.clock
        assert told is not None
        assert day is not None
        now_us = receive_clock(told)
        async with await hub(server, "MI:VN30") as client:
            first = content((await client.until(1))[0])
            shown = time_of(now_us() * 1000 - small.day.midnight_ns)
        assert abs(now_us() * 1000 - small.day.midnight_ns - day.at(_now())) < NS
    assert first["Time"] == "09:00:00"
    assert first["Time"] <= shown


async def test_rest_answers_in_ssi_s_envelope_within_its_limits(small: Plan) -> None:
    async with serving(small, "09:25", 1) as server, httpx.AsyncClient() as http:
        await server.floor.made_up.wait()
        bearer = {"Authorization": f"Bearer {await token(server)}"}

        async def ask(request: str, **asked: Any) -> Any:
            url = f"{rest(server)}api/v2/Market/{request}"
            return (await http.get(url, params=asked, headers=bearer)).json()

        found = await ask("Securities", market="HOSE", pageIndex=2, pageSize=20)
        assert (found["status"], found["message"]) == ("Success", "Success")
        assert (len(found["data"]), found["totalRecord"]) == (10, 30)
        named = {f"lookupRequest.{name}": value for name, value in
                 {"market": "HOSE", "pageIndex": 2, "pageSize": 20}.items()}  # fmt: skip
        assert await ask("Securities", **named) == found
        members = (await ask("IndexComponents", indexCode="VN30"))["data"][0]
        assert members["TotalSymbolNo"] == "30"
        day = {"fromDate": "20/11/2026", "toDate": "20/11/2026"}
        bars = (await ask("IntradayOhlc", symbol="VCB", ascending=True, **day))["data"]
        assert bars[0]["Time"].startswith("09:15:")
        assert all(bar["Value"] == bar["Close"] for bar in bars)
        daily = (await ask("DailyOhlc", symbol="VCB", **day))["data"][0]
        assert int(daily["Volume"]) == sum(int(bar["Volume"]) for bar in bars)
        assert float(daily["High"]) == max(float(bar["High"]) for bar in bars)
        prices = (await ask("DailyStockPrice", symbol="VCB", **day))["data"][0]
        assert prices["TotalMatchVol"] == daily["Volume"]
        assert (await ask("DailyIndex", indexId="VN30", **day))["data"][0]["IndexId"] == "VN30"
        wrong = await ask("DailyOhlc", fromDate="2026-11-20")
        assert (wrong["status"], wrong["data"]) == ("Error", None)
        assert "max range 30 days" in wrong["message"]
        assert "pageSize must be one of" in (await ask("IndexList", pageSize=7))["message"]
        bad = await http.post(f"{rest(server)}api/v2/Market/AccessToken", json={"consumerID": "x"})
        assert bad.status_code == 401
        naked = await http.get(f"{rest(server)}api/v2/Market/IndexList")
        assert naked.status_code == 401


@pytest.mark.soak
async def test_a_whole_day_at_full_speed_arrives_complete(tmp_path: Path) -> None:
    """Every message of every channel, and the truth beside what was sent."""
    whole = plan(which="vn30", scale=0.01, channels=ALL)
    expected = made(whole, "08:40", "15:40")
    channels = [name for name in sorted(ALL) if name not in ("L", "S", "S-ALL")]
    options = {"wait_for": len(channels), "truth": tmp_path}
    async with serving(whole, "08:40", UNPACED, **options) as server, AsyncExitStack() as stack:
        clients = {
            name: await stack.enter_async_context(await hub(server, f"{name}:ALL"))
            for name in channels
        }
        await server.day
        for name, client in clients.items():
            wanted = expected.snapshot(name) + expected.of(name)
            assert await client.until(len(wanted), 30) == wanted
    counted = json.loads((tmp_path / "truth-day.json").read_text())["messages"]
    assert {name: counted[name] for name in channels} == {
        name: len(client.messages) for name, client in clients.items()
    }


def test_the_command_prints_the_variables_and_ctrl_c_ends_it(tmp_path: Path) -> None:
    words = "simulate serve --seed 7 --day 2026-11-20 --universe vn30 --scale 0.01 --port 0"
    command = [sys.executable, "-m", "services.cli", *words.split(), "--truth", str(tmp_path)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
    )
    try:
        assert process.stdout is not None
        told = dict(process.stdout.readline().strip().split("=", 1) for _ in range(5))
        assert {name.removeprefix("VNTAPE_").lower() for name in told} < set(Settings.model_fields)
        who = {"consumerID": told["VNTAPE_SSI_CONSUMER_ID"],
               "consumerSecret": told["VNTAPE_SSI_CONSUMER_SECRET"]}  # fmt: skip
        url = f"{told['VNTAPE_SSI_V2_REST_URL']}api/v2/Market/AccessToken"
        assert httpx.post(url, json=who).status_code == 200
        begun = time.monotonic()
        os.kill(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=10)
        assert process.returncode == 0, err
        assert time.monotonic() - begun < 5
        assert "Traceback" not in out + err
    finally:
        process.kill()
        process.wait()


async def test_a_port_that_is_taken_is_named(small: Plan) -> None:
    async with serving(small, BEGIN, 1) as server:
        port = int(rest(server).rstrip("/").rpartition(":")[2])
        with pytest.raises(OSError, match=str(port)):
            async with serving(small, BEGIN, 1, port=port):
                pass


def _now() -> float:
    return asyncio.get_running_loop().time()


async def test_the_control_port_says_what_it_does_and_what_it_does_not_understand(
    small: Plan,
) -> None:
    async with (
        serving(small, "09:20", 10) as server,
        await hub(server, "MI:ALL") as client,
        httpx.AsyncClient() as http,
    ):
        url = control(server)
        await order(server, [{"kind": "drop", "every": 2}, {"kind": "slow", "after": 60}])
        listed = (await http.get(f"{url}/faults")).json()
        assert [(each["kind"], each["begun"]) for each in listed] == [
            ("drop", True),
            ("slow", False),
        ]
        state = (await http.get(f"{url}/state")).json()
        assert state["day"] == "2026-11-20"
        assert state["connections"][-1]["feed"] == "ssi_v2"
        refused = await http.post(f"{url}/faults", content="drop:every=0")
        assert refused.status_code == 400
        assert refused.json()["error"] == "drop: every must be at least 1, was 0"
        assert (await http.delete(f"{url}/faults")).json() == []
        await client.until(1)
