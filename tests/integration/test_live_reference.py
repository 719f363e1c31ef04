"""Reference data asked of the simulated exchange's REST."""

import pytest

from schemas.market import Basket, Instrument
from services.ingest import reference
from services.ingest.feeds.live.lines_of import lines_of
from services.ingest.feeds.live.source import LiveSource
from services.ingest.feeds.live.ssi_reference import SsiReference
from services.ingest.feeds.live.ssi_rest import SsiRest
from services.ingest.feeds.live.ssi_token import Tokens
from services.runtime.receive_clock import receive_clock
from services.runtime.settings_load import load
from tests.support.connected import environment
from tests.support.eventually import eventually
from tests.support.exchange import rest, serving
from tests.support.heard import Heard
from tests.support.ingest import ROOT
from tests.unit.simulator.exchange_day import FRIDAY, plan

pytestmark = pytest.mark.timeout(120)


async def test_what_ssi_says_otherwise_enters_the_tape_as_instruments_and_baskets() -> None:
    data = reference.load(ROOT / "deploy" / "reference-data")
    async with serving(plan(which="vn30", scale=0.01), "09:16", 1.0) as server:
        await server.floor.made_up.wait()
        clock = server.receive_clock()
        assert clock is not None
        settings = load(environment(server, ssi_channels="MI"))
        assert settings.ssi_consumer_id is not None
        assert settings.ssi_consumer_secret is not None
        tokens = Tokens(rest(server), settings.ssi_consumer_id, settings.ssi_consumer_secret)
        errand = SsiReference(SsiRest(rest(server), tokens, 0.01), lambda _us: data.record(FRIDAY))
        heard = Heard(receive_clock(clock))
        source = LiveSource(lines_of(settings, ["ssi_v2"]), lambda _day: True, [errand])
        await source.open(heard)
        try:
            await eventually(lambda: errand.report, 30)
            assert source.report()["ssi reference"] == errand.report
        finally:
            await source.closed()
    messages, dead = heard.decoded("VN")
    assert dead == []
    told = {m.symbol: m for m in messages if isinstance(m, Instrument)}
    assert {each.symbol for each in server.floor.plan.instruments} <= set(told)
    shares = {each.symbol: each.shares for each in server.floor.plan.instruments}
    assert told["VCB"].listed_shares == shares["VCB"]
    assert told["VCB"].reference is not None
    assert told["41I1GC000"].multiplier == 100_000
    assert [m.symbol for m in messages if isinstance(m, Basket)] in ([], ["VN30"])
