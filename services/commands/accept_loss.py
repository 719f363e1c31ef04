"""Go on after input that expired, leaving a gap."""

import asyncio

import click

from services.commands._context import reading
from services.commands._services import COMPUTING, declared


@click.command()
@click.argument("service", type=click.Choice(COMPUTING))
@click.option("--tape", help="The tape it belongs to. [VNTAPE_TAPE, live]")
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(service: str, tape: str | None, yes: bool) -> None:
    """Let a stopped SERVICE go on behind input that retention deleted before it was read.

    Writes a gap into its outputs where the input was, and a state that begins at what is left.
    Values that sum up a day stay wrong by what was lost.
    """
    from services.runtime.accept_loss import Acceptance, WorkersAliveError
    from services.runtime.settings import SettingsError
    from services.runtime.snapshots import RefusedSnapshotError

    config = reading(tape)

    async def run() -> None:
        async with Acceptance(declared(service, config), config) as acceptance:
            losses = await acceptance.losses()
            for loss in losses:
                lost = loss.first - loss.at
                click.echo(f"partition {loss.partition}: {lost} records from {loss.at} are lost")
            if not losses:
                click.echo(f"{service} on tape {config.tape}: nothing is lost")
                return
            if not yes:
                click.confirm("Go on without them?", abort=True)
            gaps = await acceptance.accept(losses)
            click.echo(f"{gaps} gaps written; {service} may be started again")

    try:
        asyncio.run(run())
    except (WorkersAliveError, RefusedSnapshotError, LookupError, SettingsError) as e:
        raise click.ClickException(str(e)) from e
