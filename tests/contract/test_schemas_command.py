"""`vntape schemas` on a copy of the contract in a git repository of its own."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from schemas import generate
from schemas.generate import Schema
from schemas.topics import MARKET
from services.commands import _contract, schemas


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    run(tmp_path, "generate")
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "the contract"]):
        git(tmp_path, *words)
    return tmp_path


def git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.invalid"]
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(schemas.command, ["--folder", str(folder), *words])


@pytest.fixture
def edit(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Schema], None]], None]:
    """Change what the code says of `market`."""

    def change(how: Callable[[Schema], None]) -> None:
        found = generate.documents()
        how(found[MARKET.name]["$defs"])
        monkeypatch.setattr(_contract, "documents", lambda: found)

    return change


def without_price(types: Schema) -> None:
    del types["Trade"]["properties"]["price"]
    types["Trade"]["required"].remove("price")


def with_note(types: Schema) -> None:
    types["Trade"]["properties"]["note"] = {"type": "string", "default": ""}


Edit = Callable[[Callable[[Schema], None]], None]


def test_check_is_green_on_what_generate_wrote(folder: Path) -> None:
    assert run(folder, "check").exit_code == 0


def test_check_names_topic_type_field_and_what_to_do(folder: Path, edit: Edit) -> None:
    edit(without_price)
    result = run(folder, "check")
    assert result.exit_code == 1
    assert "market, trade.price: the field was removed; keep it" in result.output
    assert "--break" in result.output


def test_generate_refuses_a_break_and_writes_nothing(folder: Path, edit: Edit) -> None:
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    edit(without_price)
    assert run(folder, "generate").exit_code == 1
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before


def test_a_file_edited_or_deleted_by_hand_does_not_hide_a_break(folder: Path, edit: Edit) -> None:
    edit(without_price)
    (folder / "json/market.json").unlink()
    assert run(folder, "generate").exit_code == 1
    for path, text in _contract.files(_contract.documents()).items():
        (folder / path).write_text(text)
    assert run(folder, "check").exit_code == 1


def test_a_break_with_a_reason_is_written_down_and_then_passes(folder: Path, edit: Edit) -> None:
    edit(without_price)
    assert run(folder, "generate", "--break", "prices are private").exit_code == 0
    assert (
        "## prices are private\n\n- market, trade.price: the field was removed\n"
        in (folder / "json/BREAKING.md").read_text()
    )
    assert run(folder, "check").exit_code == 0
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "without prices")
    assert run(folder, "check").exit_code == 0
    assert run(folder, "check", "--against", "HEAD~1").exit_code == 0


def test_an_optional_field_passes_once_it_is_generated(folder: Path, edit: Edit) -> None:
    edit(with_note)
    result = run(folder, "check")
    assert result.exit_code == 1
    assert "compatible: market, trade.note: a new optional field" in result.output
    assert "run `vntape schemas generate`" in result.output
    assert run(folder, "generate").exit_code == 0
    assert run(folder, "check").exit_code == 0


def test_a_file_of_no_topic_is_named(folder: Path) -> None:
    (folder / "json/left-over.json").write_text("{}")
    result = run(folder, "check")
    assert result.exit_code == 1
    assert "schemas/json/left-over.json belongs to no topic" in result.output


def test_an_unknown_revision_is_a_sentence(folder: Path) -> None:
    result = run(folder, "check", "--against", "nowhere")
    assert result.exit_code == 1
    assert "git does not know the revision 'nowhere'" in result.output


def test_without_git_the_files_on_disk_are_the_contract(tmp_path: Path, edit: Edit) -> None:
    run(tmp_path, "generate")
    edit(without_price)
    assert "market, trade.price" in run(tmp_path, "check").output
    assert run(tmp_path, "generate").exit_code == 1
