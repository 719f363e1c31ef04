"""Show how far every service is behind."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterable

import click
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.live import Live
from rich.table import Table

from services.commands._context import reachable, reading
from services.lag.app import AWAY, reader_url
from services.lag.core.lags import Lag, Sum, sums
from services.lag.log import Log
from services.lag.survey import Survey, Surveyor
from services.runtime.settings import Settings

WATCH_S = 2.0
_HEADINGS = ("tape", "service", "topic", "partition", "waiting", "oldest", "workers")


@click.command()
@click.option("--tape", help="Of this tape. [VNTAPE_TAPE, live]")
@click.option("--all", "everything", is_flag=True, help="Of every tape there is.")
@click.option("--partitions", is_flag=True, help="A line for each partition.")
@click.option("--watch", is_flag=True, help=f"Look again every {WATCH_S:g} s, until Ctrl-C.")
def command(tape: str | None, everything: bool, partitions: bool, watch: bool) -> None:
    """How far each service is behind the log, in records and in seconds.

    A service on the pump stands where its last snapshot does, so up to VNTAPE_SNAPSHOT_INTERVAL_S
    of what it has done still counts as waiting. Of `market` a record is a frame of messages.
    `vntape run lag` says the same to Prometheus.
    """
    if everything and tape:
        raise click.UsageError("give --tape or --all")
    config = reachable() if everything else reading(tape)
    only = None if everything else config.tape
    try:
        asyncio.run(_show(config, only, partitions, watch))
    except KeyboardInterrupt:
        return
    except (KafkaError, LookupError, TimeoutError) as e:
        raise click.ClickException(f"Kafka does not say: {str(e).strip() or e!r}") from e


async def _show(config: Settings, only: str | None, partitions: bool, watch: bool) -> None:
    console = Console()
    if not watch:
        async with Log(str(config.kafka), only) as log:
            survey = await Surveyor(log, reader_url(config)).look()
        _say(console, survey, partitions)
        return
    if not console.is_terminal:
        async for survey in _looks(config, only):
            _say(console, survey, partitions)
    with Live(console=console, auto_refresh=False) as live:
        async for survey in _looks(config, only):
            live.update(_table(survey, partitions), refresh=True)


def _say(console: Console, survey: Survey, partitions: bool) -> None:
    if survey.problem is not None:
        click.echo(f"warning: {survey.problem}; as Kafka has it", err=True)
    if survey.lags:
        Console(width=max(console.width, 160)).print(_table(survey, partitions))
    else:
        click.echo("no service has a position yet", err=True)


async def _looks(config: Settings, only: str | None) -> AsyncIterator[Survey]:
    """One after the other, for ever; a broker that was away is looked at anew."""
    while True:
        with contextlib.suppress(*AWAY):
            async with Log(str(config.kafka), only) as log:
                surveyor = Surveyor(log, reader_url(config))
                while True:
                    begun = time.monotonic()
                    yield await surveyor.look()
                    await asyncio.sleep(max(0.1, WATCH_S - (time.monotonic() - begun)))
        await asyncio.sleep(WATCH_S)


def _table(survey: Survey, partitions: bool) -> Table:
    lines = Table(box=None, pad_edge=False)
    for heading in _HEADINGS:
        right = heading in ("partition", "waiting", "oldest", "workers")
        lines.add_column(heading, justify="right" if right else "left", no_wrap=True)
    lines.add_column("")
    for row in _rows(survey, partitions):
        lines.add_row(*row)
    return lines


def _rows(survey: Survey, partitions: bool) -> Iterable[tuple[str, ...]]:
    found: Iterable[Lag | Sum] = survey.lags if partitions else sums(survey.lags)
    for each in found:
        if isinstance(each, Lag):
            reader, topic, partition = each.place
            where = str(partition)
        else:
            reader, topic = each.reader, each.topic
            where = f"{each.worst} of {each.partitions}" if each.records else str(each.partitions)
        workers = survey.members.get(reader)
        yield (
            reader.tape,
            reader.service,
            topic,
            where,
            f"{each.records:,}",
            _age(each),
            "-" if workers is None else str(workers),
            f"{each.expired:,} left the log unread" if each.expired else "",
        )


def _age(each: Lag | Sum) -> str:
    if not each.records:
        return "-"
    return "?" if each.age_s is None else f"{each.age_s:,.1f} s"
