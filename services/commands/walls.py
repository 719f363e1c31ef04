"""The Grafana dashboards: what there is, and how they are made."""

import json
import shlex
from pathlib import Path

import click

from services import stack
from services.commands._context import settings
from services.runtime.settings import Settings

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

    try:
        found = variables(settings(), prometheus)
    except SettingsError as e:
        raise click.ClickException(str(e)) from e
    for name, value in found.items():
        click.echo(f"export {name}={shlex.quote(value)}")


def variables(config: Settings, prometheus: str) -> dict[str, str]:
    """
    Variables of grafana/provisioning: the database, as the role that reads, and the folders.

    Raises:
        SettingsError: there is no login for the reader.
    """
    from psycopg.conninfo import conninfo_to_dict

    from services.runtime import roles

    parts = conninfo_to_dict(roles.url(config, roles.READER))
    return {
        "WALLS_DASHBOARDS": str(_FOLDER),
        "WALLS_DB_HOST": str(parts.get("host") or "127.0.0.1"),
        "WALLS_DB_PORT": str(parts.get("port") or 5432),
        "WALLS_DB_NAME": str(parts.get("dbname") or "postgres"),
        "WALLS_DB_USER": str(parts.get("user") or roles.READER),
        "WALLS_DB_PASSWORD": str(parts.get("password") or ""),
        "WALLS_DB_SSLMODE": str(parts.get("sslmode") or "disable"),
        "WALLS_PROMETHEUS_URL": prometheus,
    }
