"""Reports over a tape: accuracy, latency, completeness."""

import asyncio
import sys
from pathlib import Path

import click
from rich.console import Console

from services.commands._context import settings


@click.group()
def command() -> None:
    """Reports over a tape: accuracy, latency, completeness."""


_tape = click.option("--tape", help="The tape to read. [VNTAPE_TAPE, live]")


@command.command()
@_tape
def accuracy(tape: str | None) -> None:
    """How often the inferred aggressor is the vendor's, by instrument, rule and confidence."""
    from services.report import facts, tables

    config = settings(tape=tape)
    assert config.kafka is not None
    tables.accuracy(Console(soft_wrap=True), asyncio.run(facts.read(config.kafka, config.tape)))


@command.command()
@_tape
def latency(tape: str | None) -> None:
    """Milliseconds from the raw record to `market` and to `trades-classified`, of all trades.

    Times are the broker's append times. A part that was played as fast as it goes shows queues,
    not latency: read it on a live or a paced tape.
    """
    from services.report import facts, tables
    from services.report.delays import by_stage

    config = settings(tape=tape)
    assert config.kafka is not None
    found = asyncio.run(facts.read(config.kafka, config.tape))
    tables.latency(Console(soft_wrap=True), "Latency of trades, ms", by_stage(found))


@command.command()
@_tape
@click.option(
    "--recording",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="Manifest of the recording that was played onto the tape.",
)
def completeness(tape: str | None, recording: Path) -> None:
    """Files = raw topics = market = tables; exit status 1 when something differs."""
    from services.report import facts, tables
    from services.report.independent import count
    from services.report.reconcile import reconcile

    config = settings(tape=tape)
    assert config.kafka is not None
    if config.database_url is None:
        raise click.ClickException("no database: set VNTAPE_DATABASE_URL")
    url = config.database_url.get_secret_value()
    found = reconcile(
        count(recording),
        asyncio.run(facts.read(config.kafka, config.tape)),
        facts.stored_trades(url, config.tape),
        facts.stored_rows(url, config.tape),
    )
    sys.exit(0 if tables.checks(Console(soft_wrap=True), found) else 1)
