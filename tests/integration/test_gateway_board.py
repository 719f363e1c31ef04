"""The gateway's states that outlive a day's log: snapshots, then changes, and other names."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from websockets.asyncio.client import connect

from schemas.keys import partition, routing_key
from schemas.market import Instrument, Status
from schemas.topics import BY_NAME, MARKET
from services.gateway.client import GatewayClient
from services.runtime import topics_admin
from tests.support.delivering import alert
from tests.support.derived import board_row, flow, key_of
from tests.support.eventually import eventually
from tests.support.gateway import (
    PARTITIONS,
    Feed,
    Gateway,
    feed,
    gateway,
    read_until,
    stream_url,
    writer,
)

pytestmark = [pytest.mark.broker]

FRONT, NEXT = "41I1G8000", "41I1G9000"


async def publish(source: Feed, topic: str, messages: Iterable[Any]) -> None:
    """Append to a topic of single messages, each to its partition in order, acknowledged."""
    sent = [
        await source.producer.send(
            BY_NAME[topic].on(source.tape),
            msgspec.json.encode(message),
            key=key_of(message),
            partition=partition(routing_key(message.symbol), PARTITIONS),
        )
        for message in messages
    ]
    await asyncio.gather(*sent)


def future(source: Feed, symbol: str, *aliases: str) -> Instrument:
    """The image of a contract, with its other names that day."""
    seq = source.next_seq()
    return Instrument(
        symbol=symbol, feed="test", seq=seq, ts_ms=seq // 1000, venue="VN",
        exchange="DERIVATIVES", kind="future", aliases=list(aliases),
    )  # fmt: skip


async def test_a_subscriber_to_the_board_gets_every_row_and_then_changes_also_after_a_restart(
    kafka: str, tape: str, source: Feed, tmp_path: Path
) -> None:
    names = [f"S{n}" for n in range(60)]
    for last in (1.0, 2.0):
        rows = [board_row(s, source.next_seq(), last=last) for s in names]
        await publish(source, "board", rows)
    await publish(source, "board", rows[:10])  # an older run again
    for last in (3.0, 4.0):
        async with gateway(kafka, tape, tmp_path) as served:
            shown: dict[str, float] = {}
            syncs: list[dict[str, Any]] = []

            def show(message: dict[str, Any], _at: float, into: dict[str, float] = shown) -> None:
                into[message["symbol"]] = message["last"]

            client = GatewayClient(served.url, show, on_sync=syncs.append, snapshot_items=True)
            await client.subscribe("board", ["*"])
            running = asyncio.create_task(client.run())
            await eventually(lambda: shown == dict.fromkeys(names, last - 1))  # noqa: B023
            assert [len(sync["items"]) for sync in syncs] == [1] * 60
            await publish(
                source, "board", [board_row(s, source.next_seq(), last=last) for s in names]
            )
            await eventually(lambda: shown == dict.fromkeys(names, last))  # noqa: B023
            await client.close()
            await running


async def test_of_session_flow_the_newest_of_each_phase_of_the_newest_day_is_served(
    served: Gateway, source: Feed
) -> None:
    old = [flow("A", source.next_seq(), 0, p, "2024-08-08") for p in ("ato", "plo", "day")]
    new = [flow("A", source.next_seq(), 0, p, "2024-08-09") for p in ("ato", "day", "ato", "day")]
    await publish(source, "session-flow", [*old, *new, *old])
    want = {m.phase: m.seq for m in new}

    async def phases() -> dict[str, int]:
        return {m["phase"]: m["seq"] for m in served.get("/v1/latest/session-flow?symbols=A")}

    async def settled() -> bool:
        return await phases() == want

    await eventually(settled)


async def test_sessions_have_the_newest_status_of_each_exchange_whichever_partition_has_it(
    served: Gateway, source: Feed
) -> None:
    """Read in any order of partitions: an older status of one is not hidden by another's."""
    for exchange, number in (("HNX", 0), ("HOSE", 3), ("UPCOM", 1)):
        seq = {"HNX": 30, "HOSE": 20, "UPCOM": 10}[exchange]
        status = Status(symbol="*", feed="f", seq=seq, ts_ms=1, venue="VN", exchange=exchange)
        await source.producer.send_and_wait(
            BY_NAME["sessions"].on(source.tape),
            msgspec.json.encode(status),
            key=key_of(status),
            partition=number,
        )

    async def exchanges() -> bool:
        found = served.get("/v1/latest/sessions?symbols=*VN")
        return {m["exchange"] for m in found} == {"HNX", "HOSE", "UPCOM"}

    await eventually(exchanges)


async def test_an_instrument_of_long_ago_is_known_from_the_compacted_topic(
    served: Gateway, source: Feed
) -> None:
    """`instruments` feeds the channel `instrument`; `market` saying it again changes nothing."""
    image = future(source, FRONT, "VN30F1M")
    await publish(source, "instruments", [image])
    await eventually(lambda: served.get(f"/v1/latest/instrument?symbols={FRONT}") != [])
    await source.send_market([image])
    await source.send_market([newer := future(source, FRONT, "VN30F1M")])
    await eventually(
        lambda: (
            [m["seq"] for m in served.get("/v1/latest/instrument?symbols=VN30F1M")] == [newer.seq]
        )
    )


async def test_an_alias_is_resolved_at_the_subscription_and_stays_with_its_symbol(
    served: Gateway, source: Feed
) -> None:
    """Also over the roll, and over a reconnect after it; a new subscription gets the new one."""
    await publish(source, "instruments", [future(source, FRONT, "VN30F1M", "VN30F2608")])
    await eventually(lambda: served.get("/v1/aliases").get("VN30F1M") == FRONT)
    got: list[str] = []
    client = GatewayClient(served.url, lambda m, _t: got.append(m["symbol"]), snapshot_items=True)
    await client.subscribe("trades-classified", ["VN30F1M"])
    running = asyncio.create_task(client.run())
    await eventually(lambda: client.subscribed("trades-classified", ["VN30F1M"]))
    await source.send_classified([source.trade(FRONT)])
    await eventually(lambda: got == [FRONT])
    rolled = [future(source, FRONT, "VN30F2608"), future(source, NEXT, "VN30F1M", "VN30F2609")]
    await publish(source, "instruments", rolled)
    await eventually(lambda: served.get("/v1/aliases").get("VN30F1M") == NEXT)
    await client.drop()
    await eventually(lambda: client.statistics.connections == 2)
    await eventually(lambda: client.subscribed("trades-classified", ["VN30F1M"]))
    await source.send_classified([source.trade(NEXT), source.trade(FRONT)])
    await eventually(lambda: got == [FRONT, FRONT])
    await client.close()
    await running
    (last,) = served.get("/v1/latest/trades-classified?symbols=VN30F2609,VN30F1M")
    assert last["symbol"] == NEXT


async def test_an_unknown_alias_is_refused_with_a_sentence(served: Gateway) -> None:
    async with connect(stream_url(served), compression=None) as socket:
        await socket.send('{"op":"sub","id":1,"ch":"board","symbols":["VCB","VN30F1M"]}')
        refusal = await read_until(socket, "err")
        assert (refusal["code"], refusal["id"]) == ("unknown_symbol", 1)
        assert "no instrument of the tape is called VN30F1M" in refusal["msg"]
    for path in ("/v1/latest/board?symbols=VN30F1M", "/v1/history/quote/VN30F1M"):
        answer = httpx.get(served.url + path)
        assert answer.status_code == 404
        assert "is called VN30F1M" in answer.json()["error"]


async def test_a_topic_that_comes_later_is_served_from_its_beginning(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    """A tape has only the topics of what runs on it; the gateway waits for none but market."""
    await topics_admin.apply(kafka, tape, [MARKET], partitions=PARTITIONS)
    async with gateway(kafka, tape, tmp_path) as served, feed(kafka, tape) as source:
        await publish(source, "board", [board_row("A", source.next_seq())])
        await eventually(lambda: served.get("/v1/latest/board") != [], 20)
        quote = source.quote("A")
        await source.send_market([quote])
        await eventually(lambda: [m["seq"] for m in served.get("/v1/latest/quote")] == [quote.seq])


@pytest.mark.database
async def test_history_gives_back_board_and_flow_as_they_were_on_the_stream(
    kafka: str, database: str, tape: str, source: Feed, tmp_path: Path
) -> None:
    row = board_row(FRONT, source.next_seq(), asks=None)
    flows = [flow(FRONT, source.next_seq(), part, "day") for part in (0, 1)]
    await publish(source, "board", [row])
    await publish(source, "session-flow", flows)
    await publish(source, "instruments", [future(source, FRONT, "VN30F1M")])
    with writer(kafka, tape, tmp_path, database):
        async with gateway(kafka, tape, tmp_path, database=database) as served:
            for channel, kind, want in (
                ("board", type(row), [row]),
                ("session-flow", type(flows[0]), flows),
            ):
                path = f"/v1/history/{channel}/VN30F1M?after={row.seq - 1}"
                found = await eventually(
                    lambda p=path, w=want: len(i := served.get(p)["items"]) == len(w) and i, 20
                )
                assert msgspec.convert(found, list[kind]) == want  # type: ignore[valid-type]


@pytest.mark.database
async def test_alerts_of_one_moment_are_not_parted_by_the_end_of_a_page(
    kafka: str, database: str, tape: str, source: Feed, tmp_path: Path
) -> None:
    """Two rules that fire at one message give alerts of one position: the cursor names both."""
    first, both = source.next_seq(), source.next_seq()
    places = (first, "a"), (both, "a"), (both, "b")
    told = [msgspec.structs.replace(alert(0, FRONT), seq=seq, rule=rule) for seq, rule in places]
    await publish(source, "alerts", told)
    with writer(kafka, tape, tmp_path, database):
        async with gateway(kafka, tape, tmp_path, database=database) as served:
            path = f"/v1/history/alerts/{FRONT}"
            await eventually(lambda: len(served.get(path)["items"]) == 3, 20)
            page = served.get(f"{path}?limit=2")
            assert sorted((m["seq"], m["rule"]) for m in page["items"]) == list(places)
            rest = served.get(f"{path}?limit=2&after={page['next_after']}")
            assert rest == {"items": [], "next_after": None}
