"""Write all tapes of the database into a folder."""

from pathlib import Path

import click
import psycopg

from services.commands._context import reachable


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def command(folder: Path) -> None:
    """Write the database with all its tapes into FOLDER, which must not be there.

    Services may go on meanwhile: it is the database of one moment, the writer's offsets among it.
    """
    from services.commands._dump import DUMP, DumpError, back_up

    config = reachable(kafka=False, db=True)
    url = config.database_url.get_secret_value() if config.database_url else ""
    try:
        about = back_up(url, folder)
    except (DumpError, OSError, psycopg.Error) as e:
        raise click.ClickException(str(e).strip()) from e
    size = (folder / DUMP).stat().st_size / 1e6
    tapes = ", ".join(f"{tape} ({rows} rows)" for tape, rows in about.tapes.items())
    click.echo(f"{folder}: {size:.1f} MB, TimescaleDB {about.timescaledb}; {tapes or 'no tape'}")
