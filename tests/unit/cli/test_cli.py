"""The `vntape` command finds its commands by file name and loads only what is run."""

import ast
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from services import cli

NAMES = cli.root.list_commands(click.Context(cli.root))


def test_help_names_every_command_with_one_line_and_imports_none() -> None:
    code = (
        "import sys; from services import cli\n"
        "try: cli.root.main(['--help'], prog_name='vntape')\n"
        "except SystemExit: pass\n"
        "print([m for m in sys.modules if m.startswith('services.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for name in NAMES:
        assert f"\n  {name} " in done.stdout
    assert ast.literal_eval(done.stdout.splitlines()[-1]) == ["services.cli"]


@pytest.mark.parametrize("name", NAMES)
def test_a_command_loads_and_its_one_line_help_is_what_it_says_itself(name: str) -> None:
    command = cli.root.get_command(click.Context(cli.root), name)
    assert command is not None
    assert command.name == name
    assert cli.one_line_help(name)
    assert command.get_short_help_str(200).rstrip(".") == cli.one_line_help(name)


def test_a_file_without_a_command_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import services.commands

    (tmp_path / "not_one.py").write_text('"""Nothing."""')
    monkeypatch.setattr(cli, "_FOLDER", tmp_path)
    monkeypatch.setattr(services.commands, "__path__", [str(tmp_path)])
    with pytest.raises(TypeError, match="exposes no click command named `command`"):
        cli.root.get_command(click.Context(cli.root), "not-one")


def test_an_unknown_command_points_to_the_list() -> None:
    result = CliRunner().invoke(cli.root, ["nope"])
    assert result.exit_code == 2
    assert "`vntape --help` lists them" in result.output
