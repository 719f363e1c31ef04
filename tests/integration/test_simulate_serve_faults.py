"""
Each fault of the simulated exchange, ordered over its control port, as real sockets see it.

One exchange for all of them: what a test ordered has ended when it ends.
"""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from functools import partial

import httpx
import pytest
import pytest_asyncio
import websockets

from tests.support.eventually import eventually
from tests.support.exchange import (
    board,
    hub,
    made,
    order,
    rest,
    sent,
    serving,
    stream,
    token,
)
from tests.support.faulty import (
    PLAN,
    SYMBOLS,
    Faulty,
    broken,
    broken_so_far,
    content,
    end_of,
    late,
    listens,
    live,
    mentions,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Faulty]:
    """09:20 at ten times its pace, about 500 messages a second."""
    folder = tmp_path_factory.mktemp("truth")
    async with serving(PLAN, "09:20", 10, truth=folder) as server:
        await server.floor.made_up.wait()
        yield Faulty(server, folder)


@pytest.fixture(scope="module")
def afterwards() -> list[str]:
    """X-TRADE and X-QUOTE from 09:20 on, as the core makes them."""
    return made(PLAN, "09:20", "09:35").of("X-TRADE", "X-QUOTE")


@pytest_asyncio.fixture(loop_scope="module")
async def exchange(running: Faulty) -> AsyncIterator[Faulty]:
    """The same, without the faults of other tests."""
    yield running
    running.server.injector.clear()


@pytest.mark.parametrize(("how", "code"), [("close", 1001), ("abort", 1006)])
async def test_a_disconnect_ends_the_connections_of_one_feed(
    exchange: Faulty, how: str, code: int
) -> None:
    pushed = await board(exchange.server, ["VCB", "SSI"])
    async with pushed, await hub(exchange.server, "X-QUOTE:ALL") as client:
        await live(client)
        await order(exchange.server, f"disconnect:feed=ssi_v2,how={how}")
        ended = await eventually(lambda: client.ended)
        assert ended is not None
        assert (ended.rcvd.code if ended.rcvd else 1006) == code
        await pushed.until(len(pushed.messages) + 2)
        async with await hub(exchange.server, "X-QUOTE:ALL") as again:
            await live(again)


async def test_a_silent_socket_answers_pings_and_withholds_data(exchange: Faulty) -> None:
    async with await hub(exchange.server, "X-QUOTE:ALL") as client:
        await live(client)
        number = exchange.server.floor.hub.number() - 1
        await order(exchange.server, "silent:lasts=1")
        count = len(client.messages)
        await asyncio.wait_for(await client.socket.ping(), 1)
        connection = exchange.server.floor.hub.connections[number]
        await eventually(lambda: connection.withheld > 50)
        assert len(client.messages) - count < 100, "what was in the socket already"
        assert client.ended is None
        await live(client)
    ended = await eventually(lambda: end_of(exchange, number))
    assert ended is not None
    assert ended["withheld"] > 50
    assert len(sent(exchange.folder, number, "ssi_v2")) == ended["sent"]


async def test_a_half_open_socket_answers_nothing_and_stays_open(exchange: Faulty) -> None:
    async with await hub(exchange.server, "X-QUOTE:ALL") as client:
        await live(client)
        await order(exchange.server, "half_open")
        waiter = await client.socket.ping()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(waiter, 1)
        count = len(client.messages)
        await asyncio.sleep(0.2)
        assert len(client.messages) == count
        assert client.ended is None


async def test_a_slow_line_brings_so_many_bytes_a_second(exchange: Faulty) -> None:
    async with await hub(exchange.server) as client:
        await order(exchange.server, "slow:bytes_per_s=30000")
        await client.choose("X-QUOTE:ALL")
        first = len(await client.until(1))
        await asyncio.sleep(1.5)
        got = sum(len(each) for each in client.frames[first:])
        assert 10_000 < got < 90_000
        exchange.server.injector.clear()
        await eventually(lambda: sum(map(len, client.frames)) > got + 200_000)


async def test_messages_that_are_dropped_are_missing_and_nothing_else(
    exchange: Faulty, afterwards: list[str]
) -> None:
    """A loss shows in the chain of total volumes."""
    async with await hub(exchange.server, "X-TRADE:ALL") as client:
        await live(client)
        numbers = await order(exchange.server, "drop:every=5,channel=X-TRADE,count=6")
        lost = await eventually(lambda: exchange.effects(numbers[0], "dropped", 6))
        await client.until(len(client.messages) + 10)
        got = client.messages[SYMBOLS:]
    trades = [text for text in afterwards if text.startswith('{"DataType":"X-TRADE"')]
    expected = trades[trades.index(got[0]) : trades.index(got[-1]) + 1]
    assert set(lost) < set(expected)
    assert got == [text for text in expected if text not in lost]


async def test_duplicates_come_twice_in_a_row(exchange: Faulty) -> None:
    async with await hub(exchange.server, "X-QUOTE:ALL") as client:
        await live(client)
        numbers = await order(exchange.server, "duplicate:every=7,channel=X-QUOTE,count=10")
        await eventually(lambda: exchange.effects(numbers[0], "duplicated", 10))
        count = await live(client)
    twice = [new for old, new in zip(client.messages, client.messages[1:count], strict=False)
             if old == new]  # fmt: skip
    assert twice == exchange.effects(numbers[0], "duplicated")


async def test_a_quote_overtakes_its_trades(exchange: Faulty, afterwards: list[str]) -> None:
    async with await hub(exchange.server, "ALL") as client:
        await live(client)
        numbers = await order(exchange.server, "overtake:every=3,count=5")
        held = await eventually(lambda: exchange.effects(numbers[0], "held", 5))
        await eventually(lambda: set(held) <= set(client.messages))
    for text in held:
        symbol = content(text)["Symbol"]
        later = afterwards[afterwards.index(text) + 1 :]
        quote = next(
            each for each in later if "X-QUOTE" in each and content(each)["Symbol"] == symbol
        )
        assert client.messages.index(quote) < client.messages.index(text)


async def test_seconds_come_out_of_order(exchange: Faulty) -> None:
    async with await hub(exchange.server, "X-QUOTE:ALL") as client:
        start = await live(client)
        numbers = await order(
            exchange.server, "out_of_order:every=20,seconds=6,count=4,channel=X-QUOTE"
        )
        held = await eventually(lambda: exchange.effects(numbers[0], "held", 4))
        await eventually(lambda: late(client.messages[start:]) == sorted(held))


async def test_the_clock_of_the_exchange_steps_back(exchange: Faulty) -> None:
    pushed = await board(exchange.server, ["VCB", "SSI", "HPG", "VNM", "FPT"])
    async with pushed, await hub(exchange.server, "X-QUOTE:ALL") as client:
        await live(client)
        newest = content(client.messages[-1])["Time"]
        traded = (await pushed.until(1))[-1].split("|")[5]
        numbers = await order(exchange.server, "clock_back:seconds=300")
        await eventually(lambda: content(client.messages[-1])["Time"] < newest)
        await eventually(lambda: pushed.messages[-1].split("|")[5] < traded)
        shown = pushed.messages[-1].split("|")
        stamped = [text.split("|") for text in exchange.effects(numbers[0], "stamped")]
    truth = next(fields for fields in stamped if fields[:5] == shown[:5])
    assert int(truth[12]) - int(shown[12]) == 300_000


async def test_a_stale_snapshot_is_told_again(exchange: Faulty) -> None:
    async with await hub(exchange.server, "X-TRADE:ALL") as client:
        await live(client)
        await order(exchange.server, "stale:lasts=5")
        stale = await eventually(lambda: [t for t in client.messages if "19/11/2026" in t])
        await eventually(lambda: mentions(client, "19/11/2026") >= 34)
        assert all(content(text)["Time"] == "14:45:00" for text in stale)
        async with await hub(exchange.server, "X-TRADE:VCB") as other:
            first = content((await other.until(1))[0])
            assert (first["Symbol"], first["TradingDate"]) == ("VCB", "19/11/2026")


async def test_malformed_messages_break_their_content_their_envelope_or_their_frame(
    exchange: Faulty,
) -> None:
    async with await hub(exchange.server, "X-QUOTE:ALL") as client:
        await live(client)
        for count, how in enumerate(("content", "envelope", "frame"), 1):
            await order(exchange.server, f"malformed:every=5,count=3,how={how},channel=X-QUOTE")
            await eventually(partial(broken_so_far, client, 3 * count))
        await live(client)
    assert broken(client) == {"content": 3, "envelope": 3, "frame": 3}


async def test_expired_tokens_are_refused_and_new_ones_taken(exchange: Faulty) -> None:
    url = f"{rest(exchange.server)}api/v2/Market/IndexList"
    async with await hub(exchange.server, "X-QUOTE:ALL") as client, httpx.AsyncClient() as http:
        old = {"Authorization": f"Bearer {await token(exchange.server)}"}
        assert (await http.get(url, headers=old)).status_code == 200
        await order(exchange.server, "expire_tokens")
        assert (await http.get(url, headers=old)).status_code == 401
        new = {"Authorization": f"Bearer {await token(exchange.server)}"}
        assert (await http.get(url, headers=new)).status_code == 200
        await live(client)


async def test_too_many_requests_are_refused_with_the_time_to_wait(exchange: Faulty) -> None:
    url = f"{rest(exchange.server)}api/v2/Market/AccessToken"
    await order(exchange.server, "too_many_requests:count=2")
    async with httpx.AsyncClient() as http:
        answers = [await http.post(url, json={}) for _ in range(3)]
    assert [each.status_code for each in answers] == [429, 429, 401]
    assert answers[0].headers["Retry-After"] == "1"


async def test_after_a_restart_the_day_has_gone_on(exchange: Faulty) -> None:
    """The snapshot tells the new totals; what came between was sent to nobody."""
    async with await hub(exchange.server, "X-TRADE:ALL") as client:
        await live(client)
        before = exchange.server.environment()
        await order(exchange.server, "restart:lasts=1")
        await eventually(lambda: client.ended)
        with pytest.raises(ConnectionRefusedError):
            await websockets.connect(before["VNTAPE_IBOARD_URL"])
        last = {content(text)["Symbol"]: content(text) for text in client.messages}

        await eventually(lambda: listens(exchange.server))
        async with await hub(exchange.server, "X-TRADE:ALL") as back:
            snapshot = [content(text) for text in (await back.until(30))[:30]]
    assert exchange.server.environment() == before
    assert any(each["TotalVol"] > last[each["Symbol"]]["TotalVol"] for each in snapshot)


async def test_v3_has_the_same_faults(exchange: Faulty) -> None:
    pushed = await board(exchange.server, ["VCB", "SSI"])
    async with pushed, await stream(exchange.server, "quote.*") as client:
        await client.until(50)
        numbers = await order(exchange.server, "duplicate:every=7,channel=X-QUOTE,count=5")
        await eventually(lambda: exchange.effects(numbers[0], "duplicated", 5))
        twice = exchange.effects(numbers[0], "duplicated")
        await client.until(len(client.messages) + 50)
        doubled = [new for old, new in itertools.pairwise(client.messages) if old == new]
        assert [json.loads(each)["data"]["s"] for each in doubled] == [
            content(each)["Symbol"] for each in twice
        ]
        await order(exchange.server, "malformed:every=5,count=3,channel=X-QUOTE")
        await eventually(lambda: len(client.torn) == 3)
        await order(exchange.server, "disconnect:feed=ssi_v3")
        await eventually(lambda: client.ended)
        await pushed.until(len(pushed.messages) + 2)
        async with await stream(exchange.server, "quote.*") as again:
            await again.until(50)
