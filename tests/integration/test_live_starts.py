"""Connecting to the simulated exchange in the middle of its day: what was missed, phases."""

import asyncio

import pytest

from schemas.market import Gap, Quote, Status, Trade
from services.ingest import reference
from services.ingest.core.vn.schedule import midnight_ms
from services.ingest.feeds.live.lines_of import lines_of
from services.ingest.spool_feed import image_of
from services.runtime.receive_clock import receive_clock
from services.runtime.settings_load import load
from tests.support.connected import environment
from tests.support.eventually import eventually
from tests.support.exchange import serving
from tests.support.heard import Heard, hearing
from tests.support.ingest import ROOT
from tests.unit.simulator.exchange_day import FRIDAY, plan

pytestmark = pytest.mark.timeout(180)

ALL = frozenset({"F", "X-TRADE", "X-QUOTE", "R", "MI", "OL", "L", "S"})
OPENED_MS = midnight_ms(FRIDAY) + (8 * 60 + 45) * 60_000
STARTS = [
    ("08:50", {"HOSE": "pre_open", "HNX": "pre_open", "DERIVATIVES": "ato"}),
    ("09:05", {"HOSE": "ato", "HNX": "continuous", "DERIVATIVES": "continuous"}),
    ("10:30", {"HOSE": "continuous", "HNX": "continuous", "DERIVATIVES": "continuous"}),
    ("11:31", {"HOSE": "break", "HNX": "break", "DERIVATIVES": "break"}),
    ("13:00:05", {"HOSE": "continuous", "HNX": "continuous", "DERIVATIVES": "continuous"}),
    ("14:46", {"HOSE": "put_through", "HNX": "plo", "UPCOM": "continuous"}),
]
SLOW = [start for start in STARTS if start[0] not in ("09:05",)]


async def started(begin: str, phases: dict[str, str], silence_s: str, listen_s: float) -> Heard:
    """Connect at `begin`, listen, and judge what stands."""
    day = plan(which="default", scale=0.01, channels=ALL)
    async with serving(day, begin, 1.0) as server:
        await asyncio.wait_for(server.floor.made_up.wait(), 120)
        clock = server.receive_clock()
        assert clock is not None
        settings = load(environment(server, feed_silence_s=silence_s))
        heard = Heard(receive_clock(clock), "late_start")
        data = reference.load(ROOT / "deploy" / "reference-data")
        heard.put(image_of(data, heard.clock()))
        begun_ms = heard.clock() // 1000
        async with hearing(lines_of(settings, ["ssi_v2"]), heard):
            await eventually(lambda: [c for c in heard.clients if c.machine.entered["live"]][4:])
            await asyncio.sleep(listen_s)
            alarms = {c.line.channel: c.machine.entered["silent"] for c in heard.clients}
            if phases["HOSE"] in ("break", "pre_open", "put_through"):
                assert set(alarms.values()) == {0}, alarms
    messages, dead = heard.decoded("VN")
    assert dead == []
    told = {m.exchange: m.phase for m in messages if isinstance(m, Status) and m.symbol == "*"}
    assert {name: told[name] for name in phases} == phases
    whole = {m.channel: m for m in messages if isinstance(m, Gap) and m.symbol == "*"}
    for channel in ("vn.X-TRADE", "vn.X-QUOTE", "vn.R", "vn.MI"):
        gap = whole[channel]
        assert (gap.cause, gap.from_ts_ms) == ("late_start", OPENED_MS)
        assert begun_ms - 61_000 <= gap.to_ts_ms <= heard.clock() // 1000
    exchange_of = {each.symbol: each.exchange for each in day.instruments}
    for message in messages:
        if isinstance(message, Quote) and message.ts_ms >= begun_ms:
            assert message.phase == phases.get(exchange_of[message.symbol], message.phase)
    first: dict[str, Trade] = {}
    missing = {m.symbol: m.missing_volume for m in messages if isinstance(m, Gap)}
    for message in messages:
        if isinstance(message, Trade) and message.symbol not in first:
            first[message.symbol] = message
            before = (message.total_volume or 0) - message.volume
            assert (missing.get(message.symbol) or 0) == before, message.symbol
    if begin > "09:15":
        assert len(first) > 80
    return heard


async def test_a_start_in_the_opening_auction_is_late_for_the_derivatives_alone() -> None:
    """09:05: futures trade since 08:45, HNX since 09:00, HOSE gathers orders."""
    await started(*STARTS[1], silence_s="30", listen_s=2)


@pytest.mark.soak
@pytest.mark.parametrize(("begin", "phases"), SLOW, ids=[begin for begin, _ in SLOW])
async def test_a_start_at_any_time_of_the_day_says_what_it_missed(
    begin: str, phases: dict[str, str]
) -> None:
    """In the break, before the opening and after the close no silence alarms."""
    await started(begin, phases, silence_s="0.3" if phases["HOSE"] != "continuous" else "30",
                  listen_s=4)  # fmt: skip
