"""The feed `recording`: merging, pace, resuming, and files of all sorts."""

import asyncio
import gzip
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.ingest.core.feed import Routed
from services.ingest.core.manifest import Spaced
from services.ingest.feeds import recording as feed_module
from services.ingest.feeds.base import Arrival, FeedError
from services.ingest.feeds.lines import scan, stamp_of, stamped_lines
from services.ingest.feeds.pace import Pace
from services.ingest.feeds.recording import RecordedFile, Recording

NS = 1_700_000_000_000_000_000


def by_head(_venue: str, value: bytes) -> Routed:
    """Any message is a trade; its first characters are its key."""
    return Routed("binance", "spot.trade", value[:3].decode("latin-1"), value)


def made(folder: Path, *files: tuple[str, bytes], **options: Any) -> Recording:
    """A recording of files given as (venue, contents)."""
    recorded = []
    for n, (venue, data) in enumerate(files):
        path = folder / f"{n}.txt"
        path.write_bytes(data)
        recorded.append(
            RecordedFile(path=path, venue=venue, feed="binance", topics=["binance"], route=by_head)
        )
    references = {venue: b"ref " + venue.encode() for venue, _ in files}
    return Recording("r", recorded, references, **options)


async def all_of(feed: Recording) -> list[list[Arrival]]:
    """Every chunk to the end, without the ticks that end it."""
    return [
        [arrival for arrival in chunk if arrival.channel != "tick"]
        async for chunk in feed.chunks(asyncio.Event())
    ]


def values(chunks: list[list[Arrival]]) -> list[bytes]:
    """The vendors' bytes in order."""
    return [arrival.value for chunk in chunks for arrival in chunk]


def stamped(*pairs: tuple[int, str]) -> bytes:
    """Lines at NS plus so many ns."""
    return b"".join(b"%d %s\n" % (NS + ns, text.encode()) for ns, text in pairs)


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


def zst(data: bytes) -> bytes:
    """Two Zstandard frames in one file."""
    half = len(data) // 2
    return zstandard.compress(data[:half]) + zstandard.compress(data[half:])


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zst])
def test_plain_gzip_and_zstandard_read_alike(pack: Any, tmp_path: Path) -> None:
    """Told apart by content; the name does not matter."""
    data = stamped(*((n, f"message {n}") for n in range(1000)))
    path = tmp_path / "capture"
    path.write_bytes(pack(data))
    assert [value for _, _, value in stamped_lines(path)] == [
        b"message %d" % n for n in range(1000)
    ]
    extent = scan(path)
    assert (extent.lines, extent.first_ns, extent.last_ns, extent.damage) == (
        1000,
        NS,
        NS + 999,
        "",
    )


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_torn_file_ends_at_the_tear_and_scan_says_where(pack: Any, tmp_path: Path) -> None:
    """Both readings see the same number of messages."""
    data = stamped(*((n, f"{n * 7919 % 1_000_003:x}" * 20) for n in range(5000)))
    packed = pack(data)
    path = tmp_path / "torn"
    path.write_bytes(packed[: len(packed) // 2])
    extent = scan(path)
    assert extent.messages == sum(1 for _ in stamped_lines(path)) < 5000
    if pack is gzip.compress:
        assert "damaged after line" in extent.damage


def test_a_line_without_a_receive_time_is_given_whole_with_the_time_before_it(
    tmp_path: Path,
) -> None:
    """17 digits are no receive time; blank lines are no messages; \\r\\n is no part of one."""
    path = tmp_path / "odd"
    path.write_bytes(b"12345678901234567 x\n%d a\r\n\n  \nbad line\n%d \n" % (NS, NS + 1))
    assert list(stamped_lines(path, 0, NS - 5)) == [
        (NS - 5, 1, b"12345678901234567 x"),
        (NS, 2, b"a"),
        (NS, 5, b"bad line"),
        (NS + 1, 6, b""),
    ]
    assert stamp_of(b"%d a" % NS) == (NS, 20)


def test_one_damaged_receive_time_does_not_move_the_clock(tmp_path: Path) -> None:
    """A line dated centuries ahead is given whole, at the time of the line before it."""
    path, far = tmp_path / "a", 9_000_000_000_000_000_000
    path.write_bytes(b"%d a\n%d b\n%d c\n" % (NS, far, NS + 1))
    assert list(stamped_lines(path)) == [
        (NS, 1, b"a"),
        (NS, 2, b"%d b" % far),
        (NS + 1, 3, b"c"),
    ]
    assert scan(path).last_ns == NS + 1


@pytest.mark.parametrize("far", [9 * 10**18, 10**17])
async def test_a_damaged_first_receive_time_costs_its_line_only(tmp_path: Path, far: int) -> None:
    """It is given whole, at the time of the line after it; also when resumed before it."""
    data = b"%d a\n" % far + stamped((5, "b"), (7, "c"))
    [chunk] = await all_of(feed := made(tmp_path, ("BN", data)))
    assert [(a.received_us, a.value) for a in chunk[1:]] == [
        (NS // 1000, b"%d a" % far),
        (NS // 1000, b"b"),
        (NS // 1000, b"c"),
    ]
    again = made(tmp_path, ("BN", data))
    again.resume({**feed.cursor(), "lines": [1], "last_ns": [NS + 5], "done": 2})
    assert await all_of(again) == [chunk[2:]]
    long = scan(tmp_path / "0.txt")
    assert (long.first_ns, long.last_ns) == (NS + 5, NS + 7)


def test_a_file_put_together_from_two_recordings_is_refused(tmp_path: Path) -> None:
    """Times that leap for good are no damage: everything after would be refused line by line."""
    path = tmp_path / "a"
    path.write_bytes(b"%d a\n" % NS * 2 + b"%d b\n" % (NS + 40 * 86_400 * 10**9) * 9)
    with pytest.raises(FeedError, match="split the file"):
        scan(path)


def test_a_missing_file_and_a_wrong_speed_are_told(tmp_path: Path) -> None:
    """Before anything runs."""
    with pytest.raises(FeedError, match="cannot be read"):
        scan(tmp_path / "absent")
    with pytest.raises(FeedError, match="speed must be positive, was -1"):
        made(tmp_path, ("BN", b""), speed=-1.0)


async def test_a_capture_without_receive_times_plays_by_its_manifest_from_any_line(
    tmp_path: Path,
) -> None:
    """Its lines may begin with digits; a blank one takes its turn but is no message."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"1784513699900000000 a\n\nb\nc\n")
    spaced = Spaced(NS, 1000)
    file = RecordedFile(
        path=path, venue="VN", feed="ssi", topics=["ssi-x"], route=by_head, spaced=spaced
    )
    feed = Recording("r", [file], {})
    [whole] = await all_of(feed)
    assert [a.value for a in whole] == [b"1784513699900000000 a", b"b", b"c"]
    assert [a.received_us for a in whole] == [NS // 1000 + n for n in (0, 2, 3)]
    assert (feed.topics, feed.progress.total) == (["ssi-x"], 4)
    again = Recording("r", [file], {})
    assert again.identity == feed.identity
    again.resume({**feed.cursor(), "lines": [1], "last_ns": [NS], "done": 1})
    assert await all_of(again) == [whole[1:]]
