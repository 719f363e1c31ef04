"""Reports over a tape: accuracy, latency, completeness, agreement, reconciliation, truth."""

import asyncio
import json
import sys
from collections.abc import Coroutine, Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import psycopg
from rich.console import Console

from services.commands._arguments import Day
from services.commands._context import reading
from services.runtime.settings import Settings

if TYPE_CHECKING:
    from services.report.completeness import Line
    from services.report.facts import Tape
    from services.report.held import Days

T = TypeVar("T")


@click.group()
def command() -> None:
    """Reports over a tape: accuracy, latency, completeness, agreement, reconciliation, truth."""


_tape = click.option("--tape", help="The tape to read. [VNTAPE_TAPE, live]")
_symbol = click.option("--symbol", metavar="CODE", help="Only this symbol.")
_json = click.option("--json", "as_json", is_flag=True, help="JSON, for programs.")


def _asked(asking: Coroutine[Any, Any, T]) -> T:
    """What a coroutine finds; a topic that the tape lacks is one sentence."""
    try:
        return asyncio.run(asking)
    except (KeyError, IndexError):
        raise
    except LookupError as e:
        raise click.ClickException(str(e)) from e


def _read(config: Settings) -> "Tape":
    from services.report import facts

    return _asked(facts.read(str(config.kafka), config.tape))


def _no_tables(config: Settings) -> click.ClickException:
    return click.ClickException(
        f"tape {config.tape} has no tables: `vntape run writer --tape {config.tape}` fills them"
    )


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
@_symbol
@click.option("--day", type=Day(), metavar="YYYY-MM-DD", help="Only this trading day.")
@click.option("--from-topics", is_flag=True, help="Read `market` instead of the database.")
@_json
def completeness(
    tape: str | None, symbol: str | None, day: date | None, from_topics: bool, as_json: bool
) -> None:
    """What of the vendor's totals the tape has, by symbol and day, worst first.

    Prints and the known gaps must add up to the vendor's last total of the day (crypto: to the
    trade ids that passed), foreign trading to R's, odd lots to OL's; these are read from the raw
    topics by plain JSON. Where the tape has the vendor's official figures of the day, the matched
    volume must be that of prints and gaps; foreign totals are shown. Exit status 1 when something
    does not add up, 0 when all does.
    """
    from services.report import completeness_table, official, raw
    from services.report.completeness import compare

    config = reading(tape, db=not from_topics)
    days = _days(config, from_topics)
    counted = _asked(raw.counted(str(config.kafka), config.tape))
    told = _asked(official.read(str(config.kafka), config.tape))
    lines = compare(counted.days, days.by_key, told)
    if symbol or day:
        lines = _chosen(config, lines, symbol, day)
    if as_json:
        said = {
            "summary": completeness_table.summary(lines),
            "symbol_days": [line.as_json() for line in lines],
        }
        click.echo(json.dumps(said))
    else:
        gaps = [] if symbol or day else list(days.venue_gaps.values())
        completeness_table.show(Console(soft_wrap=True), lines, gaps)
    sys.exit(1 if any(line.faults for line in lines) else 0)


def _chosen(
    config: Settings, lines: "Iterable[Line]", symbol: str | None, day: date | None
) -> "list[Line]":
    meant = symbol and _meant(config, symbol)
    chosen = [
        line
        for line in lines
        if meant in (None, line.symbol) and (day is None or line.day == day.isoformat())
    ]
    if not chosen:
        what = " on ".join(str(each) for each in (meant, day) if each)
        raise click.ClickException(f"tape {config.tape} has nothing of {what}")
    return chosen


def _meant(config: Settings, symbol: str) -> str:
    from services.commands._symbols import resolve

    try:
        return asyncio.run(resolve(config, symbol))
    except LookupError as e:
        raise click.ClickException(str(e)) from e


def _days(config: Settings, from_topics: bool) -> "Days":
    from services.report import held

    if from_topics:
        return _asked(held.from_topics(str(config.kafka), config.tape))
    assert config.database_url is not None
    try:
        return held.from_database(config.database_url.get_secret_value(), config.tape)
    except psycopg.errors.UndefinedTable as e:
        raise _no_tables(config) from e


@command.command()
@_tape
@_symbol
@_json
def agreement(tape: str | None, symbol: str | None, as_json: bool) -> None:
    """How sources that were not chosen (X, B, iBoard) differ from what `market` has.

    Each is decoded from its raw topic by itself: prints matched by second, price and volume,
    best bid and ask, foreign trading.
    """
    from services.report import agreement_table

    config = reading(tape)
    meant = symbol and _meant(config, symbol)
    found = _asked(agreement_table.read(str(config.kafka), config.tape, meant))
    if as_json:
        click.echo(json.dumps(agreement_table.as_json(found)))
    else:
        agreement_table.show(Console(soft_wrap=True), found)


@command.command()
@_tape
@click.option(
    "--recording",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="Manifest of the recording that was played onto the tape.",
)
def reconciliation(tape: str | None, recording: Path) -> None:
    """Files = raw topics = market = tables; exit status 1 when something differs."""
    from services.report import stored, tables
    from services.report.independent import UnreadableRecording, count
    from services.report.reconcile import Stored, reconcile

    config = reading(tape, db=True)
    assert config.database_url is not None
    url = config.database_url.get_secret_value()
    try:
        held = Stored(
            stored.trades(url, config.tape),
            stored.rows(url, config.tape),
            stored.flow(url, config.tape),
        )
    except psycopg.errors.UndefinedTable as e:
        raise _no_tables(config) from e
    try:
        files = count(recording)
    except UnreadableRecording as e:
        raise click.ClickException(str(e)) from e
    found = reconcile(files, _read(config), held)
    sys.exit(0 if tables.checks(Console(soft_wrap=True), found) else 1)


@command.command()
@click.argument(
    "folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@_tape
@click.option(
    "--least-agreement",
    "least",
    type=click.FloatRange(0, 100),
    default=99.0,
    show_default=True,
    help="Per cent of trade sides in continuous trading that must be the true ones.",
)
@_json
def truth(folder: Path, tape: str | None, least: float, as_json: bool) -> None:
    """The database of a tape against the truth in DIR, which the simulated exchange wrote.

    Prints, volume and value of every symbol, session-flow per phase, foreign trading, auctions,
    every index value and the board's last row must be exact; sides in continuous trading may
    differ a little, for quotes can overtake their trades. Exit status 1 on any difference.
    """
    from services.report.truth import kept, table, told
    from services.report.truth.compare import compare

    config = reading(tape, db=True)
    assert config.database_url is not None
    try:
        wanted = told.read(folder)
    except told.NoTruth as e:
        raise click.ClickException(str(e)) from e
    days = wanted.day, wanted.first_us, wanted.end_us
    try:
        tables = kept.read(config.database_url.get_secret_value(), config.tape, *days)
    except psycopg.errors.UndefinedTable as e:
        raise _no_tables(config) from e
    found = compare(wanted, tables, least)
    if as_json:
        click.echo(json.dumps(table.as_json(found)))
    else:
        table.show(Console(soft_wrap=True), found)
    sys.exit(0 if found.holds else 1)
