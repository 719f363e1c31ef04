"""Compute an index from its members."""

import sys
from datetime import date
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from services.commands._arguments import Day
from services.index import csv_files
from services.index.core.calculator import BASE_INDEX, Calculation, IndexCandle, calculate
from services.index.core.ticks import candles_of
from services.index.core.timepoints import interval_of

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def command() -> None:
    """Compute an index from its members."""


@command.command()
@click.option("--bars", type=FILE, help="CSV: symbol,time,open,high,low,close,volume[,value].")
@click.option("--ticks", type=FILE, help="Instead: symbol,time,price,volume; bars are made first.")
@click.option(
    "--members", type=FILE, required=True, help="CSV: symbol,shares[,free_float][,effective_date]."
)
@click.option("--from", "start", type=Day(), required=True, help="First day, as 2026-01-02.")
@click.option("--to", "end", type=Day(), required=True, help="Last day.")
@click.option("--interval", default="5m", show_default=True, help="Of a candle, as 1m or 1h.")
@click.option("--base", type=click.FloatRange(min=0, min_open=True), default=BASE_INDEX,
              show_default=True, help="Points of the first candle.")  # fmt: skip
@click.option("--whole-shares", is_flag=True, help="Count all shares, not the free float.")
@click.option("--free-float-may-miss", is_flag=True, help="A member without a ratio counts whole.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="CSV; else stdout.")
def calc(
    bars: Path | None,
    ticks: Path | None,
    members: Path,
    start: date,
    end: date,
    interval: str,
    base: float,
    whole_shares: bool,
    free_float_may_miss: bool,
    out: Path | None,
) -> None:
    """
    Index candles from the bars of all members, strictly: a missing one is an error.

    The first candle is --base in open, high, low and close. Times without an offset are local
    (UTC+7); candles begin at 09:15 to 11:25, 13:00 to 14:25 and 14:45. Sums of shares x free
    float x price; a day on which nobody traded is a holiday.
    """
    if (bars is None) == (ticks is None):
        raise click.UsageError("give --bars or --ticks, one of them")
    try:
        what = Calculation(
            start_date=start,
            end_date=end,
            interval=interval_of(interval),
            base_index=base,
            use_free_float=not whole_shares,
            free_float_may_miss=free_float_may_miss,
        )
        found = _calculated(bars, ticks, members, what)
    except (ValueError, OSError) as e:
        raise click.ClickException(str(e)) from e
    if out is None:
        csv_files.write(found, sys.stdout)
        return
    with out.open("w", newline="") as file:
        csv_files.write(found, file)
    click.echo(f"{len(found)} candles in {out}", err=True)


def _calculated(
    bars: Path | None, ticks: Path | None, members: Path, what: Calculation
) -> list[IndexCandle]:
    holdings = csv_files.holdings(members, what.start_date.isoformat())
    if bars is not None:
        candles = list(csv_files.bars(bars))
    else:
        assert ticks is not None
        candles = candles_of(csv_files.ticks(ticks), what.interval)
    with Progress(console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(f"{len(holdings)} members, {len(candles)} candles", total=None)
        return calculate(
            candles,
            holdings,
            what,
            lambda done, of: shown.update(task, completed=done, total=of),
        )
