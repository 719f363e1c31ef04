"""The feed `recording`: merging, pace, resuming."""

import asyncio
import gzip
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.ingest.core.manifest import Spaced
from services.ingest.feeds import recording as feed_module
from services.ingest.feeds.base import Arrival, FeedError
from services.ingest.feeds.pace import Pace
from services.ingest.feeds.recording import RecordedFile, Recording
from tests.unit.ingest.recordings import NS, all_of, by_head, made, stamped, values


async def test_files_merge_by_receive_time_and_by_their_order_where_it_is_equal(
    tmp_path: Path,
) -> None:
    """Each venue's reference record stands before its first line, received with it."""
    feed = made(
        tmp_path,
        ("BN", stamped((0, "a0"), (5, "a5"), (9, "a9"))),
        ("BNF", stamped((0, "b0"), (5, "b5"), (7, "b7"))),
    )
    chunks = await all_of(feed)
    assert values(chunks) == [
        b"ref BN", b"a0", b"ref BNF", b"b0", b"a5", b"b5", b"b7", b"a9"
    ]  # fmt: skip
    first = chunks[0][0]
    assert first == Arrival("control", "BN", NS // 1000, "binance", "reference", "BN", b"ref BN")
    feed.settled()
    assert feed.report()["recording"] == {
        "name": "r", "done": 10, "total": 10, "finished": True, "paced": False
    }  # fmt: skip


async def test_a_second_after_its_end_time_passes_once_more_for_each_venue(tmp_path: Path) -> None:
    """So that what the last lines changed is published; given once, also over a restart."""
    feed = made(tmp_path, ("BNF", stamped((0, "b"))), ("BN", stamped((5_000_000, "a"))))
    *_, first, second = [a async for chunk in feed.chunks(asyncio.Event()) for a in chunk]
    end = (NS + 5_000_000) // 1000 + 1_000_001
    tick = b'{"type":"tick","venue":"BN"}'
    assert first == Arrival("control", "BN", end, "ingest", "tick", "BN", tick)
    assert (second.venue, second.received_us) == ("BNF", end - 5_000)
    again = made(tmp_path, ("BNF", stamped((0, "b"))), ("BN", stamped((5_000_000, "a"))))
    again.resume(feed.cursor())
    assert [a async for chunk in again.chunks(asyncio.Event()) for a in chunk] == []


LINE = st.sampled_from(
    [b"%d x\n" % NS, b"%d y\n" % (NS + 5), b"%d z\n" % (NS + 9), b"bad\n", b"\n"]
)
FILE = st.lists(LINE, max_size=12).map(b"".join)


@given(files=st.lists(FILE, min_size=1, max_size=3), cut=st.integers(0, 40))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_resumed_at_any_cursor_it_gives_exactly_the_rest(
    files: list[bytes], cut: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files out of order, with bad and blank lines, cut after any record: the same records."""
    monkeypatch.setattr(feed_module, "CHUNK", 1)
    parts = [(("BN", "BNF", "BNC")[n], data) for n, data in enumerate(files)]

    async def play() -> tuple[list[Arrival], list[Any]]:
        whole, cursors = made(tmp_path, *parts), []
        arrivals = []
        async for chunk in whole.chunks(asyncio.Event()):
            arrivals += chunk
            cursors.append((len(arrivals), whole.cursor()))
        return arrivals, cursors

    arrivals, cursors = asyncio.run(play())
    given_, cursor = cursors[min(cut, len(cursors) - 1)]
    again = made(tmp_path, *parts)
    again.resume(cursor)

    async def remaining() -> list[Arrival]:
        return [a async for chunk in again.chunks(asyncio.Event()) for a in chunk]

    assert asyncio.run(remaining()) == arrivals[given_:]
    assert again.progress.done == again.progress.total == len(arrivals)


async def test_a_cursor_of_another_recording_or_of_none_is_refused(tmp_path: Path) -> None:
    """The text says what to do; no cursor at all means from the beginning."""
    feed = made(tmp_path, ("BN", stamped((0, "a"))))
    with pytest.raises(FeedError, match="one recording is one tape"):
        feed.resume({**feed.cursor(), "recording": "other"})
    with pytest.raises(FeedError, match="not of a recording"):
        feed.resume({"batches": 3})
    feed.resume(None)
    assert values(await all_of(feed)) == [b"ref BN", b"a"]


def test_whatever_decides_what_a_recording_gives_is_in_its_identity(tmp_path: Path) -> None:
    """One byte of a line, the venue, the feed, the times or a reference record: another one."""
    path, spaced = tmp_path / "a", Spaced(NS, 1000)

    def identity(data: bytes = stamped((0, "a"), (5, "b")), ref: bytes = b"r", **over: Any) -> str:
        path.write_bytes(data)
        fields = {"venue": "BN", "feed": "binance", "topics": ["binance"], "route": by_head}
        file = RecordedFile(**({"path": path} | fields | over))
        return Recording("r", [file], {"BN": ref}).identity

    others = [
        identity(stamped((0, "a"), (5, "c"))),
        identity(ref=b"q"),
        identity(venue="BNF"),
        identity(feed="ssi"),
        identity(spaced=spaced),
        identity(spaced=Spaced(NS + 1, 1000)),
        identity(spaced=Spaced(NS, 2000)),
        identity(),
    ]
    assert len(set(others)) == len(others)
    assert identity() == identity(gzip.compress(stamped((0, "a"), (5, "b"))))


async def test_stopping_ends_it_with_the_cursor_after_what_was_given(tmp_path: Path) -> None:
    """A paced recording with hours to go ends at once."""
    feed = made(tmp_path, ("BN", stamped((0, "a"), (3600 * 10**9, "b"))), speed=1.0)
    stopping = asyncio.Event()
    seen = []
    async with asyncio.timeout(2):
        async for chunk in feed.chunks(stopping):
            seen += [arrival.value for arrival in chunk]
            stopping.set()
    assert seen == [b"ref BN", b"a"]
    assert feed.cursor()["done"] == 2
    feed.settled()
    assert not feed.progress.finished


async def test_while_nothing_is_due_empty_chunks_come_twice_a_second(tmp_path: Path) -> None:
    """So that the reader can write its position."""
    feed = made(tmp_path, ("BN", stamped((0, "a"), (1_000_000_000, "b"))), speed=1.0)
    chunks = await all_of(feed)
    assert chunks.count([]) >= 2
    assert values(chunks) == [b"ref BN", b"a", b"b"]


def test_pace_follows_speed_then_the_recorded_pace() -> None:
    """At max nothing waits; from `paced_from_ns` on the first is due at once, the rest at 1x."""
    pace = Pace(None, paced_from_ns=2_000_000_000)
    assert [pace.wait_s(ns, 50.0) for ns in (0, 1_999_999_999)] == [0.0, 0.0]
    assert not pace.paced
    assert pace.wait_s(2_000_000_000, 100.0) == 0.0
    assert pace.paced
    assert pace.wait_s(2_500_000_000, 100.2) == pytest.approx(0.3)
    assert pace.wait_s(2_500_000_000, 107.0) == 0.0
    fast = Pace(10.0)
    assert fast.wait_s(NS, 5.0) == 0.0
    assert fast.wait_s(NS + 10**9, 5.0) == pytest.approx(0.1)
