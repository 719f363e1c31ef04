"""The spool: what was appended is read back in order, however it ended."""

import errno
import os
import random
from pathlib import Path

import pytest

from services.ingest import spool_records
from services.ingest.feeds.base import Arrival, FeedError
from services.ingest.spool import Spool

CAP = 10_000_000


def arrival(number: int, size: int = 20) -> Arrival:
    value = b"%d " % number + bytes(number % 251 for _ in range(size))
    return Arrival("binance", "BN", 1_000_000 + number, "binance", "spot.trade", "*", value, 0)


def fill(spool: Spool, count: int, start: int = 0, size: int = 20) -> list[Arrival]:
    given = [arrival(n, size) for n in range(start, start + count)]
    for one in given:
        assert spool.append([one])
    return given


def read_all(spool: Spool, at: int = 0) -> list[Arrival]:
    found: list[Arrival] = []
    while at < spool.end:
        some, at = spool.read(at, 7)
        found += some
    return found


def cut_file(folder: Path) -> Path:
    return max(folder.glob("*.spool"))


def test_reads_back_what_was_appended_over_many_segments_and_openings(tmp_path: Path) -> None:
    given: list[Arrival] = []
    for opening in range(4):
        spool = Spool(tmp_path, CAP, 500)
        assert spool.is_new == (opening == 0)
        given += fill(spool, 50, len(given))
        assert read_all(spool) == given
        assert spool.last_us == given[-1].received_us
        spool.close()
    assert len(list(tmp_path.glob("*.spool"))) > 10


def test_a_record_longer_than_a_block_and_a_segment_is_read_back(tmp_path: Path) -> None:
    spool = Spool(tmp_path, CAP, 500)
    given = [*fill(spool, 3), *fill(spool, 1, 3, 400_000), *fill(spool, 3, 4)]
    assert read_all(spool) == given


def test_released_segments_are_deleted_and_make_room(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 2000, 300)
    count = 0
    while spool.append([arrival(count)]):
        count += 1
    _, at = spool.read(0, 7)
    spool.release(at)
    assert spool.used == spool.end - at
    assert spool.append([arrival(count)])
    spool.release(spool.end)
    assert spool.used == 0
    assert len(list(tmp_path.glob("*.spool"))) == 1
    assert spool.end - spool.first <= 600, "at most what the last segment holds is kept"


def test_what_was_released_is_known_after_opening_again(tmp_path: Path) -> None:
    spool = Spool(tmp_path, CAP)
    fill(spool, 10)
    spool.release(spool.end)
    spool.close()
    again = Spool(tmp_path, CAP)
    assert (again.released, again.used) == (again.end, 0)


@pytest.mark.parametrize("seed", range(20))
def test_a_torn_end_is_cut_and_what_comes_after_is_of_another_run(
    tmp_path: Path, seed: int
) -> None:
    """Cut or damaged anywhere in its last file: the whole records before it stand."""
    chance = random.Random(seed)
    spool = Spool(tmp_path, CAP, 400)
    given = fill(spool, 30)
    before, end = spool.place(spool.end), spool.end
    spool.close()
    path = cut_file(tmp_path)
    data = bytearray(path.read_bytes())
    at = chance.randrange(len(data))
    if seed % 2:
        del data[at:]
    else:
        data[at] ^= 0x55
    path.write_bytes(data)
    again = Spool(tmp_path, CAP, 400)
    kept = read_all(again)
    assert kept == given[: len(kept)]
    assert again.end <= end
    assert again.torn == 0 or len(kept) < len(given) or seed % 2
    new = fill(again, 5, 100)
    assert read_all(again) == kept + new
    if again.torn:
        cut = again.standing(before)
        assert cut is None or read_all(again, cut) == new
        assert again.place(again.end).run != before.run


def test_a_place_of_another_spool_is_not_standing(tmp_path: Path) -> None:
    one, two = Spool(tmp_path / "1", CAP), Spool(tmp_path / "2", CAP)
    fill(one, 3)
    fill(two, 3)
    assert two.standing(one.place(one.end)) is None
    assert one.standing(one.place(one.end)) == one.end


def test_a_second_process_is_refused(tmp_path: Path) -> None:
    spool = Spool(tmp_path, CAP)
    with pytest.raises(FeedError, match="another ingest uses the spool"):
        Spool(tmp_path, CAP)
    spool.close()
    Spool(tmp_path, CAP).close()


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FeedError, match="VNTAPE_SPOOL_DIR"):
        Spool(tmp_path / "file" / "spool", CAP)


def test_a_damaged_record_in_the_middle_is_refused_with_its_place(tmp_path: Path) -> None:
    spool = Spool(tmp_path, CAP)
    fill(spool, 10)
    path = cut_file(tmp_path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(FeedError, match="damaged at byte"):
        read_all(spool)


def test_nothing_of_a_write_that_failed_halfway_is_ever_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full after two whole records of three: none was taken, none comes back."""
    spool = Spool(tmp_path, CAP)
    given = fill(spool, 3)
    lost, size = [arrival(n) for n in (50, 51, 52)], cut_file(tmp_path).stat().st_size
    whole = 2 * len(spool_records.write(lost[0], 0))
    write = os.pwrite
    room = [whole]

    def full(fd: int, data: bytes, where: int) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = write(fd, bytes(data)[: room[0]], where)
        room[0] -= written
        return written

    monkeypatch.setattr(os, "pwrite", full)
    assert not spool.append(lost)
    assert cut_file(tmp_path).stat().st_size == size, "a killed process would find a rest"
    monkeypatch.setattr(os, "pwrite", write)
    # A record of the same length as the first lost one: the second would stand behind it.
    given += fill(spool, 1, 60)
    assert read_all(spool) == given
    spool.close()
    assert read_all(Spool(tmp_path, CAP)) == given


def test_a_disk_that_is_full_of_what_stands_on_the_tape_is_emptied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk smaller than a segment would else stay full for ever."""
    spool = Spool(tmp_path, CAP)
    fill(spool, 100)
    size, write = cut_file(tmp_path).stat().st_size, os.pwrite

    def small(fd: int, data: bytes, where: int) -> int:
        if where + len(data) > size:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(fd, data, where)

    monkeypatch.setattr(os, "pwrite", small)
    assert not spool.append([arrival(100)])
    spool.release(spool.end - 1)
    assert not spool.append([arrival(101)]), "the last record does not stand on the tape yet"
    spool.release(spool.end)
    at, last_us = spool.end, spool.last_us
    place = spool.place(at)
    assert not spool.append([arrival(102)]), "what it holds goes now, so the next is taken"
    spool.close()
    spool = Spool(tmp_path, CAP)
    assert (spool.torn, spool.end, spool.last_us) == (0, at, last_us)
    given = fill(spool, 90, 103)
    assert (read_all(spool, at), spool.standing(place)) == (given, at)


def test_killed_while_a_full_disk_is_emptied_nothing_old_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path, CAP)
    fill(spool, 100)
    spool.release(spool.end)
    file, at = cut_file(tmp_path), spool.end
    spool.close()
    file.rename(tmp_path / f"{at:020d}.spool")
    again = Spool(tmp_path, CAP)
    assert again.end == at
    assert read_all(again, at) == []


def test_what_follows_a_first_record_that_was_torn_outlives_its_release(tmp_path: Path) -> None:
    """Nothing is left of the file, and the next one has its name."""
    spool = Spool(tmp_path, CAP)
    spool.close()
    with cut_file(tmp_path).open("ab") as file:
        file.write(spool_records.write(arrival(0), 0)[:-1])
    again = Spool(tmp_path, CAP)
    assert again.torn > 0
    given = fill(again, 3)
    again.release(1)
    assert read_all(again) == given
    again.close()
    assert read_all(Spool(tmp_path, CAP)) == given


def test_killed_after_a_write_that_failed_halfway_its_rest_is_cut(tmp_path: Path) -> None:
    spool = Spool(tmp_path, CAP)
    given = fill(spool, 3)
    with cut_file(tmp_path).open("ab") as file:
        file.write(spool_records.write(arrival(9), spool.end)[:-1])
    spool.close()
    again = Spool(tmp_path, CAP)
    assert again.torn > 0
    assert read_all(again) == given


def test_everything_written_reaches_the_disk_once(tmp_path: Path) -> None:
    """The descriptors of rolled segments, of the last one and of new names in the folder."""
    spool = Spool(tmp_path, CAP, 300)
    for fd in spool.to_sync():
        os.close(fd)
    fill(spool, 30)
    spool.note_dirty()
    fds = spool.to_sync()
    found = {str(Path(f"/proc/self/fd/{fd}").readlink()) for fd in fds}
    for fd in fds:
        os.fsync(fd)
        os.close(fd)
    assert found == {str(tmp_path), *map(str, tmp_path.glob("*.spool"))}
    assert spool.to_sync() == []
