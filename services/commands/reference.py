"""Check and show the reference data of the Vietnamese venue."""

from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table

from services.commands._arguments import Day
from services.commands._context import REFERENCE_DATA
from services.ingest import reference
from services.ingest.core.vn import futures
from services.ingest.core.vn.reference_data import ReferenceData, UnknownSymbol
from services.ingest.core.vn.reference_files import BadReferenceData

_VIETNAM = timezone(timedelta(hours=7))
_OF_INGEST = frozenset({"seq", "ts_ms", "ts_source", "feed"})
"""Fields of a message that only get a meaning on a tape."""


_day = click.option(
    "--date",
    "day",
    type=Day(),
    default=lambda: datetime.now(_VIETNAM).date(),
    help="The trading day. [today in Vietnam]",
)


@click.group()
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=REFERENCE_DATA,
    envvar="VNTAPE_REFERENCE_DATA",
    help="Where the CSV files are. [VNTAPE_REFERENCE_DATA, deploy/reference-data]",
)
@click.pass_context
def command(context: click.Context, folder: Path) -> None:
    """Check and show the reference data of the Vietnamese venue."""
    context.obj = folder


@command.command()
@_day
@click.pass_obj
def check(folder: Path, day: date) -> None:
    """Refuse malformed lines; say what a day's image has and what of it is unverified."""
    data = _load(folder)
    record = data.record(day)
    console = Console(highlight=False, markup=False, soft_wrap=True)
    trading = "a trading day" if data.calendar.is_trading_day(day) else "no trading day"
    console.print(f"{day} is {trading}; {record.source}")
    console.print(f"{len(record.instruments)} instruments, {len(record.statuses)} statuses")
    for basket in record.baskets:
        console.print(f"{basket.symbol}: {len(basket.members)} members of {basket.effective_date}")
    columns: dict[str, list[str]] = {}
    for symbol, names in data.unverified(day).items():
        for name in names:
            columns.setdefault(name, []).append(symbol)
    doubts = data.doubts(day) + [f"{name} of {' '.join(of)}" for name, of in columns.items()]
    console.print("not verified:" if doubts else "all verified")
    for doubt in doubts:
        console.print(f"  {doubt}")


@command.command()
@click.argument("symbol")
@_day
@click.pass_obj
def show(folder: Path, symbol: str, day: date) -> None:
    """
    Show what SYMBOL, a code or an alias, is on a day.

    VN30F1M, VN30F2612 and 41I1GC000 may be the same contract; an index also shows its basket.
    """
    data = _load(folder)
    try:
        code = data.resolve(symbol, day)
    except UnknownSymbol as e:
        raise click.ClickException(str(e)) from e
    found = next((each for each in data.instruments(day) if each.symbol == code), None)
    if found is None:
        raise click.ClickException(f"{code} does not trade on {day}: {_when(code, data)}")
    lines = Table(box=None, show_header=False, pad_edge=False)
    for name, value in msgspec.structs.asdict(found).items():
        if name not in _OF_INGEST and value not in (None, []):
            lines.add_row(name, _shown(value))
    for basket in data.baskets(day):
        if basket.symbol == code:
            lines.add_row("members", " ".join(member.symbol for member in basket.members))
            lines.add_row("effective_date", basket.effective_date)
            lines.add_row("source", basket.source)
    lines.add_row("unverified", " ".join(data.unverified(day).get(code, [])) or "-")
    Console(highlight=False, markup=False).print(lines)


def _when(code: str, data: ReferenceData) -> str:
    """What to do about a symbol that is known but not on that day."""
    contract = futures.parse_code(code)
    if contract is None or contract.underlying not in futures.INDICES:
        return "name a day on which it is known to, with --date"
    first = futures.first_trading_day(contract, data.calendar)
    last = futures.last_trading_day(contract, data.calendar)
    return f"it does from {first} to {last}; name a day of these with --date"


def _load(folder: Path) -> ReferenceData:
    try:
        return reference.load(folder)
    except BadReferenceData as e:
        raise click.ClickException("\n".join(["reference data refused:", *e.faults])) from e


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_shown(each) for each in value)
    if isinstance(value, tuple):
        start, step = value
        return f"{_shown(step)} from {_shown(start)}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,.10g}" if isinstance(value, int | float) else str(value)
