"""A simulated Vietnamese exchange."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from services.commands._simulation import plan_options

if TYPE_CHECKING:
    from services.simulator.core.plan import Plan

_SERVED = {"scale": 0.2, "channels": "F,X-TRADE,X-QUOTE,X,R,MI,B,OL,L,S-ALL"}
"""What `serve` takes for --scale and --channels when nothing is said: one process makes it."""


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


@command.command(context_settings={"default_map": _SERVED})
@plan_options
@click.option(
    "--speed", default="1", show_default=True,
    help="Seconds of the exchange's day in one of yours, 0.1 to 3600, or max: as fast as it is "
    "made and taken.",
)  # fmt: skip
@click.option(
    "--wait-for", type=click.IntRange(0), default=0,
    help="Begin the day when so many connections have chosen channels.",
)  # fmt: skip
@click.option(
    "--begin-in", type=click.FloatRange(0), default=0.0,
    help="Begin the day so many seconds from now, and tell its clock at once.",
)  # fmt: skip
@click.option(
    "--from", "begin", default="08:50", show_default=True,
    help="Local time at which the day begins for its clients, from 08:35 on.",
)  # fmt: skip
@click.option(
    "--faults", "faulty", default="",
    help="As 'drop:every=50;disconnect:at=09:20', or JSON, or @FILE. More while it runs: POST "
    "/faults to the control port.",
)  # fmt: skip
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8660, show_default=True,
    help="Of REST and both streams, on loopback; 0: a free one.",
)  # fmt: skip
@click.option(
    "--control-port", type=click.IntRange(0, 65535), default=0, show_default=True,
    help="Of faults and state.",
)  # fmt: skip
@click.option(
    "--token-life", type=click.FloatRange(1), default=28_800, show_default=True,
    help="Seconds for which an access token is good.",
)  # fmt: skip
@click.option(
    "--tls", type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="PEM file of a certificate and its key: https and wss, which ssi-sdk insists on.",
)  # fmt: skip
@click.option(
    "--truth", type=click.Path(path_type=Path, file_okay=False),
    help="Folder for what really happened, and for what was sent to whom.",
)  # fmt: skip
@click.option(
    "--reference", type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the day's reference data: what ingest must know and no message says.",
)  # fmt: skip
@click.option("--once", is_flag=True, help="End with the day.")
def serve(
    plan: "Plan", speed: str, wait_for: int, begin_in: float, begin: str, faulty: str, port: int,
    control_port: int, token_life: float, tls: Path | None, truth: Path | None,
    reference: Path | None, once: bool,
) -> None:  # fmt: skip
    """Be the exchange: SSI FastConnect v2 and v3 and iBoard on loopback.

    Prints the variables with which a client finds it, and its clock; Ctrl-C ends it.
    """
    from services.commands import _simulate_serve
    from services.simulator.serve.floor import Options

    faults = _simulate_serve.faults_of(faulty)
    if reference is not None:
        _simulate_serve.write_reference(plan, reference)
    start = _simulate_serve.start_of(begin)
    pace = _simulate_serve.speed_of(speed)
    options = Options(
        start,
        pace,
        wait_for,
        begin_in,
        port,
        control_port,
        token_life_s=token_life,
        tls=tls,
        truth=truth,
    )
    _simulate_serve.serve(plan, options, faults, once)
