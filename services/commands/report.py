"""Reports over a tape: accuracy, latency, completeness."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import psycopg
from rich.console import Console

from services.commands._context import reading
from services.runtime.settings import Settings

if TYPE_CHECKING:
    from services.report.facts import Tape


@click.group()
def command() -> None:
    """Reports over a tape: accuracy, latency, completeness."""


_tape = click.option("--tape", help="The tape to read. [VNTAPE_TAPE, live]")


def _read(config: Settings) -> "Tape":
    from services.report import facts

    try:
        return asyncio.run(facts.read(str(config.kafka), config.tape))
    except (KeyError, IndexError):
        raise
    except LookupError as e:  # a topic the tape lacks
        raise click.ClickException(str(e)) from e


@command.command()
@_tape
def accuracy(tape: str | None) -> None:
    """How often the inferred aggressor is the vendor's, by instrument, rule and confidence."""
    from services.report import tables

    config = reading(tape)
    tables.accuracy(Console(soft_wrap=True), _read(config))


@command.command()
@_tape
def latency(tape: str | None) -> None:
    """Milliseconds from the raw record to `market` and to `trades-classified`, of all trades.

    Times are the broker's append times. A part that was played as fast as it goes shows queues,
    not latency: read it on a live or a paced tape.
    """
    from services.report import tables
    from services.report.delays import by_stage

    config = reading(tape)
    found = _read(config)
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

    config = reading(tape, db=True)
    assert config.database_url is not None
    url = config.database_url.get_secret_value()
    try:
        rows = facts.stored_rows(url, config.tape)
        trades = facts.stored_trades(url, config.tape)
    except psycopg.errors.UndefinedTable as e:
        raise click.ClickException(
            f"tape {config.tape} has no tables: `vntape run writer --tape {config.tape}` fills them"
        ) from e
    found = reconcile(count(recording), _read(config), trades, rows)
    sys.exit(0 if tables.checks(Console(soft_wrap=True), found) else 1)
