"""Replay recorded days onto a tape of their own."""

import asyncio
from pathlib import Path

import click

from services.commands._arguments import Speed
from services.commands._context import reachable
from services.commands.run import refusals

READERS = ("ingest", "classifier", "board", "writer", "gateway")
"""Whoever may be started on the tape finds its topics."""


@click.command()
@click.argument(
    "manifests",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option("--tape", help="The tape to make. [replay and the first day, as replay20261120]")
@click.option("--speed", type=Speed(), default="max", show_default=True, help="1, 10x, … or max.")
def command(manifests: tuple[Path, ...], tape: str | None, speed: float) -> None:
    """Play what `vntape record` wrote, MANIFESTS of one or more days, onto a new tape.

    Decoding the same raw records gives the same `market` as on the day, byte for byte, with the
    same seqs. Started again it goes on where it stopped. Then run services on that tape.
    """
    from services.ingest.app import run_ingest
    from services.ingest.feed_options import Options
    from services.ingest.feeds.archive import Archive
    from services.ingest.feeds.base import FeedError
    from services.runtime import topics_admin

    try:
        archive = Archive(manifests)
    except FeedError as e:
        raise click.ClickException(str(e)) from e
    first_day = archive.first_day.replace("-", "")
    config = reachable(tape or f"replay{first_day}")
    needed = topics_admin.needed(READERS, archive.topics)
    made = asyncio.run(topics_admin.apply(str(config.kafka), config.tape, needed))
    if made:
        click.echo(f"new tape {config.tape}", err=True)
    options = Options(archives=manifests, speed=speed)
    with refusals():
        run_ingest(config.model_copy(update={"receive_clock": "recorded"}), options)
    click.echo(f"tape {config.tape}: {archive.progress.total:,} raw records are there", err=True)
