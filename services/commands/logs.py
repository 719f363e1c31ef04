"""Print the logs of the local stack."""

import time
from collections import deque
from pathlib import Path

import click

from services import stack
from services.runtime.settings import SettingsError
from services.runtime.settings_load import load


@click.command()
@click.argument("component", type=click.Choice(stack.COMPONENTS), required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on printing what is added, until Ctrl-C.")
@click.option("-n", "--lines", default=50, show_default=True, type=click.IntRange(min=0))
def command(component: stack.Component | None, follow: bool, lines: int) -> None:
    """Print the end of the local stack's logs."""
    try:
        files = stack.log_files(stack.clone_root(), load().stack)
    except (stack.StackError, SettingsError) as e:
        raise click.ClickException(str(e)) from e
    wanted = {c: path for c, path in files.items() if component in (None, c)}
    if not any(path.exists() for path in wanted.values()):
        raise click.ClickException("no logs yet: `vntape up` starts the stack")
    read: dict[Path, int] = {}
    for name, path in wanted.items():
        read[path] = _print_tail(path, f"{name}: " if len(wanted) > 1 else "", lines)
    while follow:
        time.sleep(0.2)
        for name, path in wanted.items():
            read[path] = _print_new(path, f"{name}: " if len(wanted) > 1 else "", read[path])


def _print_tail(path: Path, prefix: str, lines: int) -> int:
    if not path.exists():
        return 0
    with path.open("rb") as f:
        for line in deque(f, maxlen=lines):
            click.echo(prefix + line.decode(errors="replace").rstrip("\n"))
        return f.tell()


def _print_new(path: Path, prefix: str, position: int) -> int:
    if not path.exists():
        return 0
    if path.stat().st_size < position:
        # Rotated: a new file begins.
        position = 0
    with path.open("rb") as f:
        f.seek(position)
        for line in f:
            if not line.endswith(b"\n"):
                break
            click.echo(prefix + line.decode(errors="replace").rstrip("\n"))
            position += len(line)
    return position
