"""Show which worker has which partitions."""

import asyncio

import click
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.table import Table

from services.commands._context import reachable, reading
from services.lag.app import reader_url
from services.lag.core.groups import Reader
from services.lag.core.shares import Share, Worker, shares
from services.lag.log import Log
from services.lag.survey import Surveyor
from services.runtime.group_members import Group
from services.runtime.settings import Settings

_HEADINGS = ("tape", "service", "worker", "from", "partitions", "waiting", "oldest")


@click.command()
@click.option("--tape", help="Of this tape. [VNTAPE_TAPE, live]")
@click.option("--all", "everything", is_flag=True, help="Of every tape there is.")
def command(tape: str | None, everything: bool) -> None:
    """The workers of each service on the pump, as Kafka's groups know them: a line for each.

    Which partitions it has, what waits in them, and the age of the oldest that waits. "nobody" has
    the partitions whose symbols nobody computes: until a dead worker's session times out they are
    still shown as its own. Waiting is told from the last snapshot on, as by `vntape lag`.
    """
    if everything and tape:
        raise click.UsageError("give --tape or --all")
    config = reachable() if everything else reading(tape)
    try:
        found, unsettled = asyncio.run(_look(config, None if everything else config.tape))
    except (KafkaError, LookupError, TimeoutError) as e:
        raise click.ClickException(f"Kafka does not say: {str(e).strip() or e!r}") from e
    if not found:
        click.echo("no service on the pump has a worker or a position yet", err=True)
        return
    Console(width=max(Console().width, 100)).print(_table(found))
    for reader in unsettled:
        click.echo(f"{reader.service} of {reader.tape} shares its partitions anew", err=True)


async def _look(config: Settings, only: str | None) -> tuple[list[Share], list[Reader]]:
    async with Log(str(config.kafka), only) as log:
        survey = await Surveyor(log, reader_url(config)).look()
        crews = {reader: _workers(reader, group) for reader, group in log.crews.items()}
        unsettled = sorted(reader for reader, group in log.crews.items() if not group.settled)
    return shares(crews, survey.lags), unsettled


def _workers(reader: Reader, group: Group) -> list[Worker]:
    return [
        Worker(
            member.name.removeprefix(f"{reader.service}-"),
            member.host,
            frozenset(number for _, number in member.owns),
        )
        for member in group.members
    ]


def _table(found: list[Share]) -> Table:
    lines = Table(box=None, pad_edge=False)
    for heading in _HEADINGS:
        right = heading in ("waiting", "oldest")
        lines.add_column(heading, justify="right" if right else "left", no_wrap=True)
    for each in found:
        lines.add_row(
            each.reader.tape,
            each.reader.service,
            each.worker or "nobody",
            each.host or "-",
            " ".join(map(str, each.partitions)) or "none",
            "?" if each.records is None else f"{each.records:,}",
            _age(each),
        )
    return lines


def _age(each: Share) -> str:
    if not each.records:
        return "-"
    return "?" if each.age_s is None else f"{each.age_s:,.1f} s"
