"""The spooled feed: what it plays, where it goes on, and what it says was lost."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from services.ingest import spool_intake
from services.ingest.feeds.base import Arrival, FeedError
from services.ingest.spool import Spool
from services.ingest.spool_feed import SpooledFeed
from services.ingest.spool_intake import Intake
from services.ingest.stamping import Stamper
from services.runtime.health import Health

SECOND = 1_000_000
NOON = 1_784_520_000 * SECOND
"""11:00 of Monday 20 July 2026 in Vietnam: in session hours."""


class Nobody:
    """A source from which nothing comes by itself."""

    name, venues, topics = "nobody", ("BN",), ("binance",)

    async def open(self, intake: Intake) -> None: ...

    def close(self) -> None: ...

    def report(self) -> Mapping[str, object]:
        return {}


class Clock:
    """Time as the test says."""

    def __init__(self) -> None:
        self.us = NOON

    def __call__(self) -> int:
        return self.us


def message(number: int, at_us: int) -> Arrival:
    return Arrival("binance", "BN", at_us, "binance", "spot.trade", "*", b"%d" % number, 0)


def feed_on(folder: Path, clock: Clock, cap: int = 10**6, **options: Any) -> SpooledFeed:
    return SpooledFeed(Nobody(), Spool(folder, cap), clock, **options)


def played(feed: SpooledFeed) -> list[Arrival]:
    """All that stands in the spool after its place."""

    async def play() -> list[Arrival]:
        stopping = asyncio.Event()
        stopping.set()
        return [each async for chunk in feed.chunks(stopping) for each in chunk]

    return asyncio.run(play())


def said(arrivals: Sequence[Arrival]) -> list[Any]:
    """Numbers of messages, and what control records say."""
    return [json.loads(a.value) for a in arrivals]


def test_a_clock_that_steps_back_is_told_until_it_is_there_again(tmp_path: Path) -> None:
    """Also after a restart: it is the spool that remembers the latest time."""
    clock, health = Clock(), Health()
    feed = feed_on(tmp_path, clock)
    feed.join(None, {})
    assert feed.intake.take([message(1, clock.us)])
    feed.tell(health)
    assert "clock" not in health.problems
    feed.close()
    clock.us -= 3600 * SECOND
    again = feed_on(tmp_path, clock)
    again.tell(health)
    assert "shows 3600 s less than the tape" in health.problems["clock"]
    clock.us += 3600 * SECOND
    again.tell(health)
    assert "clock" not in health.problems


def test_a_full_spool_is_one_gap_with_bounds_and_count_behind_what_was_taken(
    tmp_path: Path,
) -> None:
    clock = Clock()
    feed = feed_on(tmp_path, clock, 2000)
    feed.join(None, {})
    taken = 0
    while feed.intake.take([message(taken, clock.us)]):
        taken += 1
        clock.us += 1000
    first_us = clock.us
    for n in range(4):
        clock.us = first_us + n * 7000
        assert not feed.intake.take([message(n, clock.us), message(n, clock.us)])
    assert feed.intake.is_full
    assert len(played(feed)) == taken
    feed.stands(feed.cursor())
    clock.us += 5000
    assert feed.intake.take([message(77, clock.us)])
    lost, after = said(played(feed))
    assert (lost["cause"], lost["count"], after) == ("spool_full", 1 + 4 * 2, 77)
    assert (lost["from_ts_ms"], lost["to_ts_ms"]) == (first_us // 1000, first_us // 1000 + 21)
    assert (feed.intake.taken, feed.intake.missed) == (taken + 1, 9)
    assert feed.refused() == 9
    assert feed.refused() == 0


def test_who_asks_where_the_tape_stands_is_not_held_up_by_a_kafka_that_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool_intake, "STANDS_S", 0.01)
    intake = feed_on(tmp_path, Clock()).intake

    async def stood(venue: str) -> Any:
        return await asyncio.wait_for(intake.stood(venue, "binance"), 5)

    assert asyncio.run(stood("BN")) is None
    intake.stands({"BN": {"binance": {"state": 1}}})
    assert asyncio.run(stood("BN")) == {"state": 1}
    assert asyncio.run(stood("BNF")) is None


def test_seqs_rise_though_the_clock_goes_back_and_a_restart_gives_the_same(
    tmp_path: Path,
) -> None:
    """NTP or a person sets the clock back an hour: played again, the seqs are what they were."""
    clock = Clock()
    feed = feed_on(tmp_path, clock)
    feed.join(None, {})
    for n in range(20):
        clock.us += 500 if n != 10 else -3600 * SECOND
        feed.intake.take([message(n, clock.us)])
    arrivals = played(feed)
    stamped = [stamper.stamp(("binance", 0, "BN"), a.received_us, a.value)[0]
               for stamper in [Stamper({}, recorded=True)] for a in arrivals]  # fmt: skip
    assert stamped == sorted(set(stamped))
    feed.close()
    again = feed_on(tmp_path, clock)
    again.join(None, {"BN": stamped[-1]})
    assert again.repeatable
    stamper = Stamper({}, recorded=True)
    values = [a.value for a in arrivals]
    stamper.expect(("binance", 0, "BN"), zip(stamped, values, strict=True))
    for seq, arrival in zip(stamped, played(again)[:20], strict=True):
        assert stamper.stamp(("binance", 0, "BN"), arrival.received_us, arrival.value) == (
            seq,
            True,
        )


@pytest.mark.parametrize("kept", range(6))
def test_from_any_position_the_rest_is_given_again_then_the_gap_of_the_restart(
    tmp_path: Path, kept: int
) -> None:
    clock = Clock()
    feed = feed_on(tmp_path, clock)
    feed.join(None, {})
    cursors = [feed.cursor()]
    for n in range(5):
        clock.us += SECOND
        feed.intake.take([message(n, clock.us)])
        played(feed)
        cursors.append(feed.cursor())
    last_us = clock.us
    feed.close()
    clock.us += 60 * SECOND
    again = feed_on(tmp_path, clock)
    again.join(json.loads(json.dumps(cursors[kept])), {"BN": 1})
    assert again.repeatable
    *rest, lost = said(played(again))
    assert rest == list(range(kept, 5))
    assert lost["cause"] == "restart"
    assert (lost["from_ts_ms"], lost["to_ts_ms"]) == (last_us // 1000, clock.us // 1000)


def test_on_another_machine_the_tape_says_from_when_on_nothing_came(tmp_path: Path) -> None:
    clock = Clock()
    feed = feed_on(tmp_path, clock)
    feed.join({"spool": ["of another machine", 12345]}, {"BN": NOON - 30 * SECOND})
    assert not feed.repeatable
    (lost,) = said(played(feed))
    assert (lost["cause"], lost["from_ts_ms"]) == ("restart", NOON // 1000 - 30_000)


def test_a_spool_of_a_tape_that_was_dropped_is_not_played_on_the_new_one(tmp_path: Path) -> None:
    clock = Clock()
    feed = feed_on(tmp_path, clock)
    feed.join(None, {})
    feed.intake.take([message(1, clock.us)])
    played(feed)
    feed.stands(feed.cursor())
    feed.intake.take([message(2, clock.us)])
    feed.close()
    again = feed_on(tmp_path, clock)
    again.join(None, {})
    assert [each["cause"] for each in said(played(again))] == ["restart"]


def test_a_tape_of_a_recording_is_refused(tmp_path: Path) -> None:
    feed = feed_on(tmp_path, Clock())
    with pytest.raises(FeedError, match="not of a live feed"):
        feed.join({"recording": "x"}, {})


def test_a_silent_second_is_a_tick_and_one_with_messages_is_none(tmp_path: Path) -> None:
    clock = Clock()
    feed = feed_on(tmp_path, clock)
    feed.join(None, {})
    for n in range(4):
        clock.us += SECOND
        if n % 2:
            feed.intake.take([message(n, clock.us)])
        feed.intake.tick("BN")
    assert [a.channel for a in played(feed)] == ["tick", "spot.trade", "tick", "spot.trade"]


def test_outside_session_hours_vietnam_ticks_once_a_minute(tmp_path: Path) -> None:
    clock = Clock()
    feed = feed_on(tmp_path, clock)
    feed.join(None, {})
    for start_us, ticks in ((NOON, 120), (NOON + 11 * 3600 * SECOND, 2)):
        clock.us = start_us
        for _ in range(120):
            clock.us += SECOND
            feed.intake.tick("VN")
        assert abs(len(played(feed)) - ticks) <= 1


def test_each_day_and_each_start_begins_with_its_image(tmp_path: Path) -> None:
    def image(us: int) -> Arrival:
        return Arrival("control", "BN", us, "ingest", "reference", "BN", b'"image"')

    clock = Clock()
    feed = feed_on(tmp_path, clock, image=image)
    feed.join(None, {})
    for n in range(4):
        feed.intake.take([message(n, clock.us)])
        clock.us += 12 * 3600 * SECOND
    assert said(played(feed)) == ["image", 0, 1, "image", 2, 3]
    feed.close()
    again = feed_on(tmp_path, clock, image=image)
    assert [a.channel for a in again.intake._spool.read(again._begin, 9)[0]] == [
        "reference", "lost",
    ]  # fmt: skip
