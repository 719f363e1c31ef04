"""Put a backup into an empty database."""

from pathlib import Path

import click
import psycopg

from services.commands._context import reachable


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def command(folder: Path) -> None:
    """Put the backup in FOLDER into the database, which must have no tape.

    Then `vntape migrate` for each tape gives the roles their passwords, and the services go on.
    """
    from services.commands._dump import DumpError, restore

    config = reachable(kafka=False, db=True)
    url = config.database_url.get_secret_value() if config.database_url else ""
    try:
        about = restore(url, folder)
    except (DumpError, OSError, psycopg.Error) as e:
        raise click.ClickException(str(e).strip()) from e
    for tape, rows in about.tapes.items():
        click.echo(f"tape {tape}: {rows} rows; now `vntape migrate --tape {tape}`")
