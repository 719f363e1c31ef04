"""SSI v3's live client against the simulated exchange's v3."""

import asyncio
import json
import re

import pytest

from schemas.market import Gap, Index, Quote, Trade
from services.ingest import reference
from services.ingest.core.vn.sources import named
from services.ingest.feeds import chosen
from services.ingest.feeds.base import FeedError
from services.ingest.feeds.live.line import Busy, Refused
from services.ingest.feeds.live.lines_of import lines_of
from services.ingest.feeds.live.ssi_v3 import is_data, requests
from services.ingest.spool_feed import image_of
from services.runtime.receive_clock import receive_clock
from services.runtime.settings_load import load
from tests.support.connected import environment
from tests.support.eventually import eventually
from tests.support.exchange import order, serving
from tests.support.heard import Heard, hearing
from tests.support.ingest import ROOT
from tests.unit.simulator.exchange_day import plan

pytestmark = pytest.mark.timeout(120)

ALL = frozenset({"F", "X-TRADE", "X-QUOTE", "R", "MI", "OL", "S"})
CHOICE = "trade=ssi3:trade,quote=ssi3:quote,foreign=ssi3:room,index=ssi3:index"


async def test_v3_gives_the_tape_and_comes_back_after_a_loss_and_an_expired_token(
    capsys: pytest.CaptureFixture[str],
) -> None:
    day = plan(which="vn30", scale=0.1, channels=ALL)
    async with serving(day, "09:16:00", 1.0) as server:
        await server.floor.made_up.wait()
        clock = server.receive_clock()
        assert clock is not None
        settings = load(environment(server, feed_silence_s="30"))
        heard = Heard(receive_clock(clock), "late_start")
        data = reference.load(ROOT / "deploy" / "reference-data")
        heard.put(image_of(data, heard.clock()))
        heard.put(chosen.record(named(CHOICE), heard.clock()))
        lines = lines_of(settings, ["ssi_v3"])
        async with hearing(lines, heard):
            clients = {each.line.channel: each for each in heard.clients}
            await eventually(lambda: clients["vn.trade"].messages > 10, 30)
            await eventually(lambda: clients["vn.quote"].messages > 10, 30)
            await order(
                server, [{"kind": "expire_tokens"}, {"kind": "disconnect", "feed": "ssi_v3"}]
            )
            await eventually(
                lambda: all(c.machine.entered["live"] > 1 for c in clients.values()), 30
            )
            count = clients["vn.trade"].messages
            await eventually(lambda: clients["vn.trade"].messages > count + 5, 30)
            await eventually(lambda: clients["vn.index"].last_s is not None, 30)
            await asyncio.sleep(1.5)
    messages, dead = heard.decoded("VN")
    assert dead == []
    trades = [m for m in messages if isinstance(m, Trade)]
    assert {m.feed for m in trades} == {"ssi3"}
    assert any(isinstance(m, Quote) for m in messages)
    assert {m.symbol for m in messages if isinstance(m, Index)} >= {"VN30"}
    totals: dict[str, int] = {}
    for trade in trades:
        assert (trade.total_volume or 0) > totals.get(trade.symbol, 0)
        totals[trade.symbol] = trade.total_volume or 0
    gaps = {(m.channel, m.cause) for m in messages if isinstance(m, Gap) and m.symbol == "*"}
    assert ("vn.trade", "disconnect") in gaps
    said = b"".join(each.value for each in heard.arrivals)
    assert b"eyJ" not in said, "no token stands on the tape"
    printed = "".join(capsys.readouterr())
    assert "feed_live" in printed
    assert "eyJ" not in printed, "no token is printed"


def test_a_request_is_never_longer_than_ssi_reads() -> None:
    topics = [f"trade.S{n:04}" for n in range(1600)]
    asked = list(requests(topics))
    assert max(map(len, asked)) <= 4096
    assert [topic for each in asked for topic in json.loads(each)["topics"]] == topics


def test_a_refusal_in_a_frame_is_one() -> None:
    with pytest.raises(Busy) as busy:
        is_data(b'{"code":429,"msg":"Too many connections"}')
    assert busy.value.wait_s >= 30
    with pytest.raises(Refused, match="401"):
        is_data(b'{"code":401,"msg":"Unauthorized"}')
    assert not is_data(b'{"method":"PING_PONG","channel":"HEARTBEAT","status":"ok"}')
    assert is_data(b"no json")


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("trade.VN30", "trade.VN30 streams the members of VN30, not the index"),
        ("price.VCB", "'price.VCB' is no topic"),
        ("", "names no topic"),
    ],
)
def test_a_topic_that_means_something_else_is_refused(written: str, named: str) -> None:
    known = {"VNTAPE_SSI_API_KEY": "k", "VNTAPE_SSI_API_SECRET": "s"}
    with pytest.raises(FeedError, match=re.escape(named)):
        lines_of(load({**known, "VNTAPE_SSI_V3_TOPICS": written}), ["ssi_v3"])
