"""Start the local Kafka and TimescaleDB."""

import time

import click

from services import stack
from services.runtime.settings import SettingsError
from services.runtime.settings_load import load


@click.command()
@click.option("--no-install", is_flag=True, help="Do not install missing programs with apt-get.")
def command(no_install: bool) -> None:
    """Start the local Kafka and TimescaleDB; reuses what runs, makes what is missing."""
    begun = time.monotonic()
    try:
        config = load()
        found = stack.ensure(
            stack.clone_root(),
            config.stack,
            kafka_port=config.kafka_port or None,
            database_port=config.database_port or None,
            install=not no_install,
            report=click.echo,
        )
    except (stack.StackError, SettingsError) as e:
        raise click.ClickException(str(e)) from e
    seconds = time.monotonic() - begun
    database = found.database.rpartition("@")[2]
    click.echo(
        f"stack {config.stack} is up ({seconds:.1f} s): Kafka {found.kafka}, database {database}"
    )
