"""`vntape reference check` and `show`."""

import shutil

import pytest
from click.testing import CliRunner

from services.commands._context import REFERENCE_DATA as FOLDER
from services.commands.reference import command


def run(*arguments: str):
    return CliRunner().invoke(command, arguments)


def test_check_accepts_the_committed_data_and_names_what_is_unverified():
    result = run("check", "--date", "2026-11-20")
    assert result.exit_code == 0
    assert "2026-11-20 is a trading day" in result.output
    assert "VN30: 30 members of 2026-02-02" in result.output
    assert "unverified since 2026-08-03" in result.output


def test_check_refuses_a_malformed_line_by_file_and_number(tmp_path):
    folder = shutil.copytree(FOLDER, tmp_path / "data")
    with (folder / "vn30-weights.csv").open("a") as file:
        file.write("2026-08-03,VN30,VCB,,2,,nobody,\n")
    lines = len((folder / "vn30-weights.csv").read_text().splitlines())
    result = run("--folder", str(folder), "check")
    assert result.exit_code == 1
    assert f"vn30-weights.csv line {lines}:" in result.output
    assert "free_float" in result.output


def test_check_names_a_file_that_is_not_there(tmp_path):
    result = run("--folder", str(tmp_path), "check")
    assert result.exit_code == 1
    assert f"{tmp_path / 'holidays.csv'}: No such file or directory" in result.output


@pytest.mark.parametrize("name", ["VN30F1M", "VN30F2612", "41I1GC000", "vn30f1m"])
def test_show_gives_the_contract_by_code_and_by_alias(name):
    result = run("show", name, "--date", "2026-11-20")
    assert result.exit_code == 0
    for text in ("41I1GC000", "VN30F2612, VN30F1M", "2026-12-17", "100,000", "0.1 from 0"):
        assert text in result.output


def test_show_gives_prices_steps_and_what_is_unverified_of_a_stock():
    result = run("show", "SSI", "--date", "2026-08-14")
    for text in ("26,750", "23,250", "10 from 0, 50 from 10,000, 100 from 50,000"):
        assert text in result.output
    assert "listed_shares name_vi name_en sector" in result.output


def test_show_says_when_an_expired_future_traded():
    result = run("show", "VN30F2407", "--date", "2026-11-20")
    assert result.exit_code == 1
    assert "it does from 2024-05-17 to 2024-07-18" in result.output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["XXXX"], "is no symbol of instruments.csv"),
        (["TAR", "--date", "2020-01-06"], "TAR does not trade on 2020-01-06"),
        (["VCB", "--date", "20/7/2026"], "must be a date like 2026-11-20, was '20/7/2026'"),
    ],
)
def test_show_refuses_what_it_cannot_show_with_what_to_do(arguments, says):
    result = run("show", *arguments)
    assert result.exit_code != 0
    assert says in result.output
