"""The feed `recording` and files of all sorts: packed, torn, damaged, without receive times."""

import gzip
from pathlib import Path
from typing import Any

import pytest
import zstandard

from services.ingest.core.manifest import Spaced
from services.ingest.feeds.base import FeedError
from services.ingest.feeds.lines import scan, stamp_of, stamped_lines
from services.ingest.feeds.recording import RecordedFile, Recording
from tests.unit.ingest.recordings import NS, all_of, by_head, made, stamped


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
