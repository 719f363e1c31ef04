"""Reference data at the beginning of each day of a Vietnamese feed."""

import asyncio
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.control import Reference
from services.ingest import reference
from services.ingest.app import run_ingest
from services.ingest.core.feed import Routed
from services.ingest.core.vn.reference_data import ReferenceData
from services.ingest.core.vn.reference_files import FILES
from services.ingest.feed_options import Options, feed_of
from services.ingest.feeds import recording as feed_module
from services.ingest.feeds.base import Arrival, FeedError
from services.ingest.feeds.daily import Daily
from services.ingest.feeds.recording import RecordedFile, Recording
from services.runtime.settings_load import load
from tests.unit.ingest.core.vietnam import DATA, MANIFESTS, REFERENCE_DATA, us


@cache
def data() -> ReferenceData:
    return reference.load(REFERENCE_DATA)


def by_head(_venue: str, value: bytes) -> Routed:
    return Routed("ssi-x", "vn.X", value[:3].decode("latin-1"), value)


def made(folder: Path, *files: tuple[str, list[int]], **own: bytes) -> Daily:
    """A recording of (venue, receive times in µs); `own`: venue -> its reference record."""
    recorded = []
    for n, (venue, times) in enumerate(files):
        path = folder / f"{n}.txt"
        path.write_bytes(b"".join(b"%d000 %s %d\n" % (t, venue.encode(), t) for t in times))
        file = RecordedFile(path=path, venue=venue, feed="ssi", topics=["ssi-x"], route=by_head)
        recorded.append(file)
    return Daily(Recording("r", recorded, own), data())


def play(feed: Daily) -> list[Arrival]:
    async def all_of() -> list[Arrival]:
        return [a async for chunk in feed.chunks(asyncio.Event()) for a in chunk]

    return [a for a in asyncio.run(all_of()) if a.channel != "tick"]


def record(arrival: Arrival) -> Reference:
    return msgspec.json.decode(arrival.value, type=Reference)


MONDAY, TUESDAY = us("10:30:00"), us("08:50:00", "2026-07-21")


def test_each_day_begins_with_its_image_at_the_time_of_its_first_arrival(tmp_path: Path) -> None:
    feed = made(tmp_path, ("VN", [MONDAY, MONDAY + 1, TUESDAY]), VN=b"own")
    channels = [(a.channel, a.received_us) for a in play(feed)]
    assert channels == [
        ("reference", MONDAY), ("reference", MONDAY), ("vn.X", MONDAY), ("vn.X", MONDAY + 1),
        ("reference", TUESDAY), ("vn.X", TUESDAY),
    ]  # fmt: skip


def test_the_image_is_of_that_day_and_its_phases_of_that_time(tmp_path: Path) -> None:
    first, own, _, second, _ = play(made(tmp_path, ("VN", [MONDAY, TUESDAY]), VN=b"own"))
    assert own.value == b"own", "the feed's own comes later: it has the last word"
    monday, tuesday = record(first), record(second)
    assert monday == data().record(date(2026, 7, 20), 37_800_000)
    phases = {s.exchange: s.phase for s in tuesday.statuses}
    assert phases == {
        "HOSE": "pre_open", "HNX": "pre_open", "UPCOM": "pre_open", "DERIVATIVES": "ato"
    }  # fmt: skip
    assert (first.topic, first.key, first.feed) == ("control", "VN", "ingest")


def test_another_venue_gets_none_and_moves_no_day(tmp_path: Path) -> None:
    feed = made(tmp_path, ("BN", [MONDAY, TUESDAY]), ("VN", [MONDAY + 5]))
    assert [(a.venue, a.channel) for a in play(feed)] == [
        ("BN", "vn.X"), ("VN", "reference"), ("VN", "vn.X"), ("BN", "vn.X")
    ]  # fmt: skip


def test_a_receive_time_of_the_day_before_introduces_nothing_again(tmp_path: Path) -> None:
    times = [us("23:59:59.9"), us("00:00:00", "2026-07-21"), us("23:59:59.95")]
    days = [record(a).source[-10:] for a in play(made(tmp_path, ("VN", times)))
            if a.channel == "reference"]  # fmt: skip
    assert days == ["2026-07-20", "2026-07-21"]


TIMES = st.lists(st.integers(MONDAY, MONDAY + 4 * 86_400_000_000), min_size=1, max_size=8)


@given(first=TIMES, second=TIMES, cut=st.integers(0, 30))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_resumed_at_any_cursor_it_gives_exactly_the_rest(
    first: list[int], second: list[int], cut: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "CHUNK", 1)
    files = (("VN", sorted(first)), ("VN", second))

    async def cursors() -> list[tuple[int, Any]]:
        feed, given_, found = made(tmp_path, *files, VN=b"own"), 0, []
        async for chunk in feed.chunks(asyncio.Event()):
            given_ += len(chunk)
            found.append((given_, msgspec.json.decode(msgspec.json.encode(feed.cursor()))))
        return found

    whole, places = play(made(tmp_path, *files, VN=b"own")), asyncio.run(cursors())
    given_, cursor = places[min(cut, len(places) - 1)]
    again = made(tmp_path, *files, VN=b"own")
    again.resume(cursor)
    assert play(again) == whole[given_:]


def test_a_recording_insists_on_the_reference_data_it_began_with(tmp_path: Path) -> None:
    feed = made(tmp_path, ("VN", [MONDAY]))
    play(feed)
    with pytest.raises(FeedError, match="begun with reference data 0000, now they are"):
        feed.resume({**feed.cursor(), "data": "0000"})
    with pytest.raises(FeedError, match="begun without reference data"):
        feed.resume(feed.feed.cursor())


def test_without_a_vietnamese_venue_no_reference_data_is_read(tmp_path: Path) -> None:
    manifest = DATA.parent / "binance" / "manifest-20240809.json"
    feed = feed_of(Options(recording=manifest), load({}, reference_data=tmp_path / "absent"))
    assert isinstance(feed, Recording)


def test_a_malformed_line_ends_ingest_at_start_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in FILES:
        (tmp_path / name).write_bytes((REFERENCE_DATA / name).read_bytes())
    holidays = tmp_path / "holidays.csv"
    lines = holidays.read_text().splitlines()
    lines[2] = "2026-13-01,New Year,somebody,"
    holidays.write_text("\n".join(lines) + "\n")
    with pytest.raises(SystemExit) as end:
        run_ingest(load({}, reference_data=tmp_path), Options(recording=DATA / MANIFESTS[0]))
    assert end.value.code == 78
    said = capsys.readouterr().err
    assert str(tmp_path) in said
    assert "holidays.csv line 3:" in said
