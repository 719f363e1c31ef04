"""Connect to a live feed and say what arrives."""

import asyncio
import sys
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from services.commands._arguments import Number
from services.commands._context import REFERENCE_DATA
from services.runtime.settings import SettingsError
from services.runtime.settings_load import load

if TYPE_CHECKING:
    from services.ingest.feeds.live.check import Checked


@click.command()
@click.argument("names", metavar="FEED[,FEED]")
@click.option("--seconds", default=10.0, show_default=True, type=Number(1, 600))
def command(names: str, seconds: float) -> None:
    """Connect to a live feed and say what arrives, and what is wrong.

    Feeds are ssi_v2, ssi_v3, iboard, binance (spot) and binance_usdm.

    Nothing is stored, and neither Kafka nor the database is needed. Ends with 0 when data came,
    or when none need come at this hour.
    """
    from services.ingest import reference
    from services.ingest.core.vn.reference_files import BadReferenceData
    from services.ingest.feeds.base import FeedError
    from services.ingest.feeds.live import check
    from services.ingest.feeds.live.lines_of import lines_of
    from services.runtime import logs
    from services.runtime.receive_clock import receive_clock

    try:
        config = load()
        lines = lines_of(config, [each.strip() for each in names.split(",") if each.strip()])
        clock = receive_clock(config.receive_clock)
        folder = config.reference_data or REFERENCE_DATA
        calendar = reference.load(folder).calendar
    except (SettingsError, FeedError) as e:
        raise click.ClickException(str(e)) from e
    except BadReferenceData as e:
        raise click.ClickException("reference data refused: " + "; ".join(e.faults)) from e
    # What is wrong is said below, once.
    logs.configure("check-feed", "critical")
    click.echo(f"{len(lines)} connections, for {seconds:g} s", err=True)
    found = asyncio.run(check.check(lines, clock, calendar.is_trading_day, seconds))
    _show(found)
    for text in check.never(sorted({line.name for line in lines})):
        click.echo(text)
    sys.exit(0 if found.well else 1)


def _show(found: "Checked") -> None:
    lines = Table(box=None, pad_edge=False)
    lines.add_column("channel")
    lines.add_column("messages", justify="right")
    lines.add_column("newest")
    lines.add_column("lag of clocks", justify="right")
    for row in found.rows:
        lines.add_row(row.channel, str(row.messages), row.newest, row.lag)
    if found.rows:
        Console(highlight=False, markup=False).print(lines)
    else:
        click.echo("nothing arrived")
    for text in found.findings:
        click.echo(text)
