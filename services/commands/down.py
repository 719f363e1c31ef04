"""Stop the local Kafka and TimescaleDB."""

import click

from services import stack
from services.runtime.settings import SettingsError
from services.runtime.settings_load import load


@click.command()
@click.option("--wipe", is_flag=True, help="Also remove the instance's data, ports and logs.")
@click.option("--all", "everything", is_flag=True, help="With --wipe: all instances and binaries.")
def command(wipe: bool, everything: bool) -> None:
    """Stop the local Kafka and TimescaleDB; their data stays unless wiped."""
    if everything and not wipe:
        raise click.UsageError("--all goes with --wipe")
    try:
        name = load().stack
        if wipe:
            stack.wipe(stack.clone_root(), name, everything=everything, report=click.echo)
        else:
            stack.stop(stack.clone_root(), name, report=click.echo)
    except (stack.StackError, SettingsError) as e:
        raise click.ClickException(str(e)) from e
