"""Export trades and quotes of a tape as Parquet."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click
import psycopg

from services.commands._arguments import Day
from services.commands._context import reading

if TYPE_CHECKING:
    from services.export.columns import Kind
    from services.export.files import VenueDay


@click.command()
@click.option("--tape", help="The tape to export. [VNTAPE_TAPE, live]")
@click.option(
    "--out",
    "folder",
    default=Path("export"),
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the files.",
)
@click.option("--day", type=Day(), help="Only this day (VN: UTC+7, others UTC).")
@click.option("--symbols", metavar="CODE[,CODE]", help="Only these.")
@click.option(
    "--kind", type=click.Choice(["trades", "quotes"]), help="Only these. [both]", multiple=True
)
@click.option("--columns", is_flag=True, help="Say what the columns are, and end.")
def command(
    tape: str | None,
    folder: Path,
    day: date | None,
    symbols: str | None,
    kind: tuple["Kind", ...],
    columns: bool,
) -> None:
    """Trades and quotes of a tape's database as Parquet, one file a venue, day and kind.

    VN-trades-2026-11-20.parquet has every trade with its aggressor, VN-quotes-2026-11-20.parquet
    every quote with up to ten levels, in the order of receipt. Each column's meaning is in the
    file (field metadata), and told by --columns.
    """
    from services.export import files
    from services.export.columns import KINDS

    if columns:
        _tell(kind or KINDS)
        return
    config = reading(tape, db=True)
    assert config.database_url is not None
    url = config.database_url.get_secret_value()
    try:
        there = files.days(url, config.tape)
    except psycopg.errors.UndefinedTable as e:
        raise click.ClickException(
            f"tape {config.tape} has no tables: `vntape run writer --tape {config.tape}` fills them"
        ) from e
    wanted = _of_day(there, day, config.tape)
    codes = [code.strip() for code in (symbols or "").split(",") if code.strip()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for each in wanted:
            for one in kind or KINDS:
                made = files.write(url, config.tape, each, one, codes, folder)
                click.echo(f"{made.path}  {made.rows:,} rows")
    except OSError as e:
        raise click.ClickException(f"{e.filename or folder}: {e.strerror or e}") from e


def _tell(kinds: tuple["Kind", ...]) -> None:
    from services.export.files import table_of_columns

    for kind in kinds:
        click.echo(f"{kind}\n")
        for name, its_type, text in table_of_columns(kind, "VN"):
            shown = "category" if str(its_type).startswith("dictionary") else str(its_type)
            click.echo(f"  {name:20} {shown:20} {text}")
        click.echo()


def _of_day(there: list["VenueDay"], day: date | None, tape: str) -> list["VenueDay"]:
    if not there:
        raise click.ClickException(f"tape {tape} has neither trades nor quotes")
    if day is None:
        return there
    if found := [each for each in there if each.date == day]:
        return found
    days = ", ".join(sorted({str(each.date) for each in there}))
    raise click.ClickException(f"tape {tape} has nothing of {day}; it has {days}")
