"""
The `vntape` command: a group whose commands are the files of `services/commands`.

`services/commands/<name>.py` exposes a click command named `command`; an underscore of the file
name becomes a dash. A command is imported when it is run, and only then: `vntape --help` reads
the one-line helps out of the files without importing them.
"""

import ast
import importlib
import os
import sys
from pathlib import Path

import click

_FOLDER = Path(__file__).parent / "commands"
_EXIT_RESTART = 70


class LazyGroup(click.Group):
    """Commands by file name; see the module."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx  # click passes it; the list is always the same
        names = (p.stem for p in _FOLDER.glob("*.py") if not p.stem.startswith("_"))
        return sorted(name.replace("_", "-") for name in names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"services.commands.{cmd_name.replace('-', '_')}")
        command = getattr(module, "command", None)
        if not isinstance(command, click.Command):
            raise TypeError(f"{module.__name__} exposes no click command named `command`")
        command.name = cmd_name
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, one_line_help(name)) for name in self.list_commands(ctx)])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in self.list_commands(ctx):
            ctx.fail(f"no command {name!r}; `vntape --help` lists them")
        return super().resolve_command(ctx, args)


def one_line_help(name: str) -> str:
    """First line of the docstring of the file's function `command`, or of the file."""
    tree = ast.parse((_FOLDER / f"{name.replace('-', '_')}.py").read_text())
    functions = (n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "command")
    function = next(functions, None)
    text = (function and ast.get_docstring(function)) or ast.get_docstring(tree) or ""
    return text.partition("\n")[0].rstrip(".")


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="vntape")
def root() -> None:
    """The streaming pipeline for market tapes."""


def main() -> None:
    """Entry point of the script: failures that a person can mend print as one sentence."""
    try:
        root.main(prog_name="vntape")
    except BrokenPipeError:
        # `vntape … | head`: the reader has enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except Exception as e:
        from services.commands._context import away

        sentence = away(e)
        if sentence is None:
            raise
        click.echo(f"Error: {sentence}", err=True)
        # A service wants to be restarted: what it needs may come back.
        sys.exit(_EXIT_RESTART if sys.argv[1:2] == ["run"] else 1)


if __name__ == "__main__":
    main()
