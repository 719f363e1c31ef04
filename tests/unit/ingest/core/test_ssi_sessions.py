"""Phases of the exchanges as broadcasts, from receive times and reference data alone."""

import msgspec
import pytest

from schemas.control import Reference, Tick
from schemas.market import Status
from services.ingest.core.engine import Engine
from services.ingest.core.records import Raw
from tests.unit.ingest.core.vietnam import ms, us

TICK = msgspec.json.encode(Tick(venue="VN"))


def ticks(*times: tuple[str, str], engine: Engine | None = None) -> list[Status]:
    """Broadcasts of an engine that gets a tick at each (day, time)."""
    engine = engine or Engine(["VN"])
    found = []
    for day, time in times:
        raw = Raw("VN", us(time, day), "ingest", "tick", "VN", TICK)
        found += [m for m in engine.decode(raw).messages if isinstance(m, Status)]
    return found


def reference(phase: str, at: int, trading_day: bool | None = None) -> Raw:
    status = Status(symbol="*", feed="", seq=0, ts_ms=0, venue="VN", exchange="HOSE", phase=phase)  # type: ignore[arg-type]
    value = msgspec.json.encode(
        Reference(venue="VN", source="test", statuses=[status], trading_day=trading_day)
    )
    return Raw("VN", at, "ingest", "reference", "VN", value)


def test_a_whole_day_of_hose() -> None:
    minutes = [("2026-07-20", f"{h:02}:{m:02}:00.2") for h in range(24) for m in range(60)]
    told = [(m.ts_ms, m.phase) for m in ticks(*minutes) if m.exchange == "HOSE"]
    assert told == [
        (ms("09:00:00"), "ato"),
        (ms("09:15:00"), "continuous"),
        (ms("11:30:00"), "break"),
        (ms("13:00:00"), "continuous"),
        (ms("14:30:00"), "atc"),
        (ms("14:45:00"), "put_through"),
        (ms("15:00:00"), "closed"),
    ]


def test_a_new_day_begins_before_the_opening_and_a_weekend_says_nothing() -> None:
    days = [("2026-07-17", "16:00:00"), ("2026-07-18", "10:00:00"), ("2026-07-19", "10:00:00")]
    assert {m.phase for m in ticks(*days)} <= {"closed"}
    [*monday] = ticks(*days, ("2026-07-20", "00:00:01"))
    assert {m.phase for m in monday[-4:]} == {"pre_open"}


def test_it_is_told_once_whatever_the_time_between_records() -> None:
    at = [("2026-07-20", t) for t in ("09:14:59", "09:15:00", "09:15:00.5", "09:15:01")]
    assert [m.phase for m in ticks(*at)] == ["continuous"]


def test_a_day_that_reference_data_calls_off_has_no_phase_but_closed() -> None:
    engine = Engine(["VN"])
    engine.decode(reference("closed", us("08:00:00"), trading_day=False))
    assert ticks(("2026-07-20", "09:00:01"), ("2026-07-20", "10:00:00"), engine=engine) == []
    next_day = ticks(("2026-07-21", "09:00:01"), engine=engine)
    assert {m.exchange for m in next_day} == {"HOSE", "HNX", "UPCOM", "DERIVATIVES"}


def test_what_reference_data_says_already_is_not_said_again() -> None:
    engine = Engine(["VN"])
    engine.decode(reference("ato", us("08:59:59.9")))
    told = ticks(("2026-07-20", "09:00:01"), engine=engine)
    assert {m.exchange for m in told} == {"HNX", "UPCOM", "DERIVATIVES"}


@pytest.mark.parametrize("venue", ["BN", "BNF"])
def test_a_venue_without_hours_has_no_phases(venue: str) -> None:
    engine = Engine([venue])
    value = msgspec.json.encode(Tick(venue=venue))
    for time in ("09:14:59", "09:15:01"):
        done = engine.decode(Raw(venue, us(time), "ingest", "tick", venue, value))
        assert not any(isinstance(m, Status) for m in done.messages)
