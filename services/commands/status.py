"""Show whether the local stack runs, where and how large it is."""

import sys

import click

from services import stack
from services.runtime.settings import SettingsError
from services.runtime.settings_load import load

_HEAD = ("component", "state", "pid", "address", "version", "memory", "data")


@click.command()
def command() -> None:
    """Show the local stack: state, addresses, sizes; exit code 0 only when all is up."""
    try:
        found = stack.status(stack.clone_root(), load().stack)
    except (stack.StackError, SettingsError) as e:
        raise click.ClickException(str(e)) from e
    rows = [_HEAD, *(_row(line) for line in found)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEAD))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())
    sys.exit(0 if all(line.state == "up" for line in found) else 1)


def _row(line: stack.ComponentStatus) -> tuple[str, ...]:
    return (
        line.component,
        line.state,
        str(line.pid or "-"),
        line.address or "-",
        line.version or "-",
        _size(line.memory_bytes),
        _size(line.data_bytes),
    )


def _size(count: int) -> str:
    if count < 1e6:
        return f"{count / 1e3:.0f} kB" if count else "-"
    return f"{count / 1e6:.0f} MB"
