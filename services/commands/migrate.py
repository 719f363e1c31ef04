"""Bring the database's schema of a tape up to date."""

import click
import psycopg

from services.commands._context import reachable
from services.runtime.database import address
from services.runtime.migrations import MigrationError
from services.runtime.settings import SettingsError
from services.writer.schema import migrate


@click.command()
@click.option("--tape", help="The tape. [VNTAPE_TAPE, live]")
def command(tape: str | None) -> None:
    """Bring a tape's tables and roles up to date; does nothing when they are."""
    config = reachable(tape, kafka=False, db=True)
    try:
        ran = migrate(config)
    except (MigrationError, SettingsError, ValueError, psycopg.Error) as e:
        raise click.ClickException(str(e).strip()) from e
    url = config.database_url.get_secret_value() if config.database_url else ""
    for name in ran:
        click.echo(f"ran {name}")
    click.echo(f"tape {config.tape} is up to date in {address(url)}")
