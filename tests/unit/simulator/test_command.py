"""`vntape simulate record` from the outside."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services import cli
from services.ingest.core.manifest import Manifest
from tests.unit.simulator.exchange_day import truth_day

SMALL = "simulate record --seed 3 --universe vn30 --scale 0.001"


def run(words: str, out: Path) -> Result:
    return CliRunner().invoke(cli.root, [*words.split(), "--out", str(out)])


def test_it_writes_a_recording_and_says_what_is_in_it(tmp_path: Path) -> None:
    result = run(f"{SMALL} --day 2026-11-20", tmp_path / "new" / "folder")
    assert result.exit_code == 0
    found = truth_day(tmp_path / "new" / "folder")
    for channel, count in found["messages"].items():
        assert f"{channel:8} {count:>9,}" in result.output
    manifest = tmp_path / "new" / "folder" / "manifest.json"
    assert str(manifest) in result.output
    assert Manifest.parse(manifest.read_bytes()).name == "simulated-3-20261120"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            f"{SMALL} --day 2026-11-21",
            "is a Saturday: the exchange is closed; it traded on 2026-11-20",
        ),
        (
            f"{SMALL} --day 2026-09-02",
            "2026-09-02 is a holiday: the exchange is closed; it traded on",
        ),
        (f"{SMALL} --day 20.11.2026", "must be a date like 2026-11-20, was '20.11.2026'"),
        (f"{SMALL} --day 2045-11-20", "codes name the years 2010 to 2039, not 2045"),
        (f"{SMALL} --day 2026-11-20 --universe 12", "a number from 34 to 1600, was '12'"),
        (f"{SMALL} --day 2026-11-20 --channels X-TRADE,Z", "channels are B, F, L, MI, OL, R, S,"),
        (f"{SMALL} --day 2026-11-20 --scale 0", "0 is not in the range"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(words: str, said: str, tmp_path: Path) -> None:
    result = run(words, tmp_path / "never")
    assert result.exit_code != 0
    assert said in result.output.replace("\n", " ")
    assert "Traceback" not in result.output
    assert not (tmp_path / "never").exists()


def test_a_weekend_trades_when_it_is_forced(tmp_path: Path) -> None:
    result = run(f"{SMALL} --day 2026-11-21 --force --channels X-TRADE", tmp_path)
    assert result.exit_code == 0
    assert truth_day(tmp_path)["day"] == "2026-11-21"


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    result = run(f"{SMALL} --day 2026-11-20", file / "folder")
    assert result.exit_code == 1
    assert str(file) in result.output


def test_a_folder_with_other_things_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine.zst").write_text("mine")
    (tmp_path / "ssi-1.zst").write_text("an older recording's")
    result = run(f"{SMALL} --day 2026-11-20", tmp_path)
    assert result.exit_code == 1
    assert "it holds mine.zst; name an empty folder" in result.output
    assert sorted(file.name for file in tmp_path.iterdir()) == ["mine.zst", "ssi-1.zst"]


def test_without_a_finished_day_there_is_no_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interrupted run leaves nothing that could be played as a whole day."""
    assert run(f"{SMALL} --day 2026-11-20 --channels F", tmp_path).exit_code == 0

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("services.simulator.recording.truth.write", interrupted)
    assert run(f"{SMALL} --day 2026-11-20 --channels F", tmp_path).exit_code == 1
    assert not (tmp_path / "manifest.json").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--speed fast", "must be from 0.1 to 3600, or max; was 'fast'"),
        ("--from 16:00", "must be from 08:35 to before 15:00, was 16:00"),
        ("--faults drop:evry=5", "Object contains unknown field `evry`"),
        ("--faults @nowhere", "nowhere"),
    ],
)
def test_what_cannot_be_served_is_refused_in_one_sentence(words: str, said: str) -> None:
    usual = "simulate serve --seed 7 --day 2026-11-20 --universe vn30"
    result = CliRunner().invoke(cli.root, [*usual.split(), *words.split()])
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())
    assert "Traceback" not in result.output
