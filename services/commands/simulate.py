"""A simulated Vietnamese exchange."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from services.commands._simulation import plan_options

if TYPE_CHECKING:
    from services.simulator.core.plan import Plan


@click.group()
def command() -> None:
    """A simulated Vietnamese exchange: seeded, and it knows the truth."""


@command.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder of the recording; an earlier one in it is replaced.",
)
@plan_options
def record(plan: "Plan", out: Path) -> None:
    """Write a day's recording, and the truth beside it.

    `VNTAPE_RECEIVE_CLOCK=recorded vntape run ingest --recording OUT/manifest.json` plays it.
    """
    from services.simulator.recording import record as make

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as progress:
        task = progress.add_task(f"{plan.day.date}, {len(plan.instruments)} symbols", total=1.0)
        try:
            made = make(plan, out, lambda share: progress.update(task, completed=share))
        except OSError as e:
            raise click.ClickException(f"{e.filename or out}: {e.strerror or e}") from e
    for channel, count in sorted(made.counts.items()):
        click.echo(f"{channel:8} {count:>9,}")
    click.echo(f"{made.trades:,} prints in the truth\n{made.manifest}")
