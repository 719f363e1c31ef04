"""The Grafana dashboards: what there is, and how they are made."""

import json
import shlex
from pathlib import Path

import click

from services import stack
from services.commands._context import settings

_FOLDER = stack.clone_root() / "grafana" / "dashboards"


@click.group()
def command() -> None:
    """List the Grafana walls, or make their JSON again."""


@command.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=_FOLDER,
    help="Folder of the dashboards. [grafana/dashboards]",
)
@click.option("--language", type=click.Choice(["vi", "en"]), default="vi", show_default=True)
def generate(out: Path, language: str) -> None:
    """Write every wall; those that are no more are removed."""
    try:
        from services.walls import catalogue
    except ImportError as e:
        raise click.ClickException(
            f"{e.name} is not installed: pip install -c constraints.txt -e '.[walls]'"
        ) from e
    old = catalogue.on_disk(out)
    new = catalogue.files("en" if language == "en" else "vi")
    for path in sorted(old.keys() - new.keys()):
        (out / path).unlink()
        click.echo(f"removed {path}")
    for path, text in new.items():
        if old.get(path) != text:
            (out / path).parent.mkdir(parents=True, exist_ok=True)
            (out / path).write_text(text)
            click.echo(f"wrote {path}")


@command.command("list")
def list_() -> None:
    """Of each committed wall its file, its uid and its title."""
    for path in sorted(_FOLDER.rglob("*.json")):
        board = json.loads(path.read_text())
        click.echo(f"{path.relative_to(_FOLDER)}  {board['uid']}  {board['title']}")


@command.command()
@click.option("--prometheus", default="http://127.0.0.1:9090", show_default=True)
def environment(prometheus: str) -> None:
    """Print what grafana/provisioning expects: eval "$(vntape walls environment)"."""
    from services.runtime.settings import SettingsError
    from services.walls import server

    try:
        found = server.variables(settings(), _FOLDER.parent, prometheus)
    except SettingsError as e:
        raise click.ClickException(str(e)) from e
    for name, value in found.items():
        click.echo(f"export {name}={shlex.quote(value)}")
