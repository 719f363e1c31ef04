"""What a lost connection missed, asked of the simulated exchange's REST as minute bars."""

import asyncio
import json

import pytest

from schemas import frames
from schemas.market import Candle, Gap, Trade
from services.ingest import reference
from services.ingest.core.vn.schedule import local, midnight_ms
from services.ingest.feeds.live.lines_of import lines_of
from services.ingest.feeds.live.source import LiveSource
from services.ingest.feeds.live.ssi_backfill import SsiBackfill
from services.ingest.feeds.live.ssi_official import SsiOfficial
from services.ingest.feeds.live.ssi_rest import SsiRest
from services.ingest.feeds.live.ssi_token import Tokens
from services.report import official
from services.runtime.receive_clock import receive_clock
from services.runtime.settings_load import load
from services.simulator.serve.server import Server
from tests.support.connected import environment
from tests.support.eventually import eventually
from tests.support.exchange import order, rest, serving
from tests.support.heard import Heard
from tests.support.ingest import ROOT
from tests.unit.simulator.exchange_day import FRIDAY, plan

pytestmark = pytest.mark.timeout(120)

SPEED = 20.0
CHOSEN = ["VCB", "SSI", "HPG", "FPT"]
MINUTE_MS = 60_000


async def lived(server: Server) -> tuple[Heard, list[list[int]]]:
    """Connected, lost for a minute and a half, connected again, and the bars asked for."""
    clock = server.receive_clock()
    assert clock is not None
    settings = load(environment(server, ssi_channels="X-TRADE", ssi_symbols="-".join(CHOSEN)))
    assert settings.ssi_consumer_id is not None
    assert settings.ssi_consumer_secret is not None
    tokens = Tokens(rest(server), settings.ssi_consumer_id, settings.ssi_consumer_secret)
    data = reference.load(ROOT / "deploy" / "reference-data")
    errand = SsiBackfill(
        SsiRest(rest(server), tokens, 0.01), CHOSEN, lambda _us: data.record(FRIDAY),
        lambda _day: True,
    )  # fmt: skip
    heard = Heard(receive_clock(clock))
    heard.source = LiveSource(lines_of(settings, ["ssi_v2"]), lambda _day: True, [errand])
    await heard.source.open(heard)
    try:
        await eventually(heard.is_live, 30)
        # The start's own loss is asked for first.
        await eventually(lambda: errand.report.get("told") == len(CHOSEN), 30)
        errand.report = {}
        await order(server, [{"kind": "too_many_requests", "lasts": 4}, {"kind": "disconnect"}])
        await eventually(lambda: heard.clients[0].outage.is_open, 10)
        await eventually(lambda: errand.report.get("told") == len(CHOSEN), 60)
        assert heard.is_live()
        windows = errand.report["lost_ms"]
        assert isinstance(windows, list)
    finally:
        await heard.source.closed()
    return heard, windows


async def test_bars_of_the_lost_minutes_stand_beside_the_gap_and_make_no_trades() -> None:
    """All of them, as the exchange has them, and a second decoding gives the same bytes."""
    async with serving(plan(which="vn30", scale=0.3), "09:20", SPEED) as server:
        await server.floor.made_up.wait()
        heard, windows = await asyncio.wait_for(lived(server), 100)
        known = {name: list(server.floor.so_far.bars(name, 1)) for name in CHOSEN}
    messages, dead = heard.decoded("VN")
    assert dead == []
    ((from_ms, to_ms),) = windows
    assert to_ms - from_ms > MINUTE_MS
    gaps = [m for m in messages if isinstance(m, Gap) and m.cause == "disconnect"]
    assert (from_ms, to_ms) in [(gap.from_ts_ms, gap.to_ts_ms) for gap in gaps]
    first = from_ms - from_ms % MINUTE_MS
    found = {(m.symbol, m.ts_ms): m for m in messages if isinstance(m, Candle) and m.ts_ms >= first}
    expected = {}
    for symbol, bars in known.items():
        for bar in bars:
            hour, minute = int(bar.time[:2]), int(bar.time[3:5])
            at = midnight_ms(local(from_ms)[0]) + (hour * 60 + minute) * MINUTE_MS
            if first <= at <= to_ms:
                expected[symbol, at] = bar[1:]
    assert len(expected) > len(CHOSEN)
    told = {key: (m.open, m.high, m.low, m.close, m.volume) for key, m in found.items()}
    assert told == expected
    assert {(m.source, m.interval, m.closed, m.feed) for m in found.values()} == {
        ("rest", "1m", True, "ssi")
    }
    trades = [m for m in messages if isinstance(m, Trade) and from_ms < m.ts_ms < to_ms]
    assert sum(m.volume for m in trades) < sum(bar[4] for bar in expected.values())
    again, _ = heard.decoded("VN")
    assert [frames.encode(m) for m in again] == [frames.encode(m) for m in messages]


async def test_the_official_figures_of_a_day_stand_on_the_tape_after_its_close() -> None:
    """At 15:20 of the exchange's clock; nothing of them enters `market`."""
    async with serving(plan(which="vn30", scale=0.05), "15:19:57", 1.0) as server:
        await server.floor.made_up.wait()
        clock = server.receive_clock()
        assert clock is not None
        settings = load(environment(server))
        assert settings.ssi_consumer_id is not None
        assert settings.ssi_consumer_secret is not None
        tokens = Tokens(rest(server), settings.ssi_consumer_id, settings.ssi_consumer_secret)
        errand = SsiOfficial(SsiRest(rest(server), tokens, 0.01), lambda _day: True)
        heard = Heard(receive_clock(clock))
        asking = asyncio.create_task(errand.run(heard))
        try:
            await asyncio.sleep(1)
            assert heard.arrivals == []
            await eventually(lambda: errand.report, 40)
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
        said = server.floor.so_far.content("X-TRADE", "VCB")
        foreign = server.floor.so_far.content("R", "VCB")
    assert heard.decoded("VN") == ([], [])
    bodies = [json.loads(each.value)["body"] for each in heard.arrivals]
    figures = official.figures(bodies)
    vcb = figures["VCB", FRIDAY.isoformat()]
    assert (vcb.matched, vcb.foreign) == (
        said["TotalVol"], (foreign["BuyVol"], foreign["SellVol"])
    )  # fmt: skip
    assert vcb.matched > 0
