"""What plain JSON counts in lines of SSI, whatever way they are written."""

import gzip
import json
from pathlib import Path

import pytest

from services.report.independent import Counting, Recording, UnreadableRecording, count
from tests.support.vn_day_scripts import day_roll, flawed, late_start, whole_day
from tests.unit.report.support import counted

VN = Path("tests/data/vn")


def test_the_opening_auction_of_the_capture_has_seventy_prints_that_add_up() -> None:
    """69 fills of ATO at 21750 and the one after them; the snapshot of Friday is no print."""
    found = count(VN / "manifest-20260720.json")
    assert found.trades["HPG"].figures() == (70, 97_600 * 10**8, 1)
    assert found.days["HPG", "2026-07-20"].total == 97_600
    assert found.lines["VN", "X-TRADE"] == 73
    assert set(found.days) == {("HPG", "2026-07-20")}


def test_a_flawed_day_has_five_prints_and_none_of_what_went_wrong() -> None:
    """1000 + 300 + 200 + 400 + 200; repeats, another day, an older total and NaN are none."""
    found = counted(flawed)
    assert found.trades["HPG"].figures() == (5, 2_100 * 10**8, 2)
    today = found.days["HPG", "2026-07-22"]
    assert (today.total, today.price, today.repeats) == (2_800, 21_700.0, 1)
    assert today.foreign == (800, 100)
    assert dict(found.indices) == {"VNINDEX": 2}


@pytest.mark.parametrize(
    "content",
    [
        '{"TradingDate":"yesterday","Symbol":"HPG"}',
        '{"Symbol":"HPG","LastVol":-100,"TotalVol":97600,"LastPrice":21750}',
        '{"Symbol":"HPG","LastVol":1e300,"TotalVol":1e300,"LastPrice":21750}',
        f'{{"Symbol":"HPG","LastVol":100,"TotalVol":{10**400},"LastPrice":21750}}',
        '{"Symbol":"<b>","LastVol":100,"TotalVol":100,"LastPrice":21750}',
        "[" * 100_000,
    ],
)
def test_what_is_damaged_is_no_print_and_ends_no_count(content: str) -> None:
    line = json.dumps({"DataType": "X-TRADE", "Content": content}).encode()
    counting = Counting()
    counting.line("ssi", "VN", 1_784_520_000_000_000, line)
    assert counting.settle().trades == {}


def test_a_line_without_its_time_is_refused_by_file_and_number(tmp_path: Path) -> None:
    file = {"path": "a.txt", "feed": "ssi", "venue": "VN", "format": "ns_line"}
    (tmp_path / "a.txt").write_text("\nno time\n")
    (tmp_path / "m.json").write_text(json.dumps({"files": [file]}))
    with pytest.raises(UnreadableRecording, match=r"a\.txt: line 2 has no receive time"):
        count(tmp_path / "m.json")


def test_a_late_start_knows_the_total_of_the_whole_day() -> None:
    found = counted(late_start)
    assert found.days["HPG", "2026-07-23"].total == 5_005_000
    assert found.trades["HPG"].figures()[:2] == (3, 5_000 * 10**8)


def test_each_day_has_totals_of_its_own() -> None:
    totals = {key: day.total for key, day in counted(day_roll).days.items() if day.total}
    assert {day for _, day in totals} == {"2026-08-28", "2026-09-03"}


def test_odd_lots_are_no_prints() -> None:
    found = counted(whole_day)
    assert found.days["HPG", "2026-07-20"].odd_lots == 243
    assert found.days["HPG", "2026-07-20"].total == 144_000


@pytest.mark.parametrize("compressed", [False, True])
def test_files_are_merged_by_receive_time_plain_or_compressed(
    tmp_path: Path, compressed: bool
) -> None:
    """The day's volume chains only in the order of receipt, here torn over two files."""
    path = whole_day().write(tmp_path, "day")
    manifest = json.loads(path.read_text())
    (ssi,) = (entry for entry in manifest["files"] if entry["feed"] == "ssi")
    lines = (tmp_path / ssi["path"]).read_bytes().splitlines(keepends=True)
    manifest["files"].append(dict(ssi, path="other.txt"))
    for name, part in ((ssi["path"], lines[::2]), ("other.txt", lines[1::2])):
        text = b"".join(part)
        (tmp_path / name).write_bytes(gzip.compress(text, 1) if compressed else text)
    path.write_text(json.dumps(manifest))
    assert _trades(count(path)) == _trades(counted(whole_day))


def _trades(found: Recording) -> dict[str, tuple[int, int, int]]:
    return {symbol: trades.figures() for symbol, trades in sorted(found.trades.items())}
