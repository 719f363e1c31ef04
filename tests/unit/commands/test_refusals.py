"""What an option or a setting cannot mean is refused before anything is done, in one sentence."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services import cli

MANIFEST = "tests/data/vn/manifest-20260720.json"
INGEST = f"run ingest --recording {MANIFEST}"
RECORD = "simulate record --seed 1 --out never --universe vn30"


def run(words: str, **settings: str) -> Result:
    env = {f"VNTAPE_{name}": value for name, value in settings.items()}
    return CliRunner().invoke(cli.root, words.split(), env=env)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (f"{INGEST} --speed nan", "'--speed': must be a number above 0 like 1 or 10x, or max"),
        (f"{INGEST} --speed inf", "'--speed': must be a number above 0"),
        (f"{INGEST} --speed -1", "'--speed': must be a number above 0"),
        (f"{INGEST} --paced-last nan", "'--paced-last': must be a number, was 'nan'"),
        (f"{INGEST} --paced-last -5", "'--paced-last': -5"),
        ("run gateway --port 99999", "'--port': 99999 is not in the range"),
        ("run board --worker 0", "'--worker': 0 is not in the range"),
        ("run board --workers 2 --first 0", "'--first': 0 is not in the range"),
        (f"{RECORD} --scale nan", "'--scale': must be a number, was 'nan'"),
        (f"{RECORD} --day 9999-12-31", "'--day': must be a date like 2026-11-20"),
        (f"{RECORD} --day 2026-02-30", "'--day': must be a date like 2026-11-20"),
        ("report completeness --day 2026-13-01", "'--day': must be a date like 2026-11-20"),
        ("demo --paced nan", "'--paced': must be a number, was 'nan'"),
    ],
)
def test_an_option_that_means_nothing_is_named(words: str, said: str) -> None:
    result = run(words)
    assert result.exit_code == 2
    assert said in result.output


@pytest.mark.parametrize("service", ["classifier", "board", "writer", "gateway", INGEST[4:]])
def test_a_service_with_a_wrong_setting_does_not_want_to_be_restarted(service: str) -> None:
    result = run(f"run {service}", TAPE="A B")
    assert result.exit_code == 78
    assert result.output.startswith("Error: VNTAPE_TAPE: a tape's name is")


def test_the_simulated_exchange_keeps_the_holidays_of_the_reference_data_that_is_set() -> None:
    result = run(f"{RECORD} --day 2026-11-20", REFERENCE_DATA="/nowhere")
    assert result.exit_code == 1
    assert "/nowhere/holidays.csv: No such file or directory" in result.output


def test_a_manifest_that_is_none_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("no JSON")
    result = run(f"report reconciliation --tape x --recording {file}", KAFKA="127.0.0.1:1")
    assert "does not answer" in result.output
    from services.demo.played import Played

    with pytest.raises(RuntimeError, match="file: not a manifest of a recording"):
        Played(file)
