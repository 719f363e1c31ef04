"""A simulated Vietnamese exchange."""

from collections.abc import Set
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from services.ingest import reference
from services.ingest.core.vn.reference_data import ReferenceData
from services.ingest.core.vn.reference_files import BadReferenceData
from services.stack import clone_root

_VIETNAM = timezone(timedelta(hours=7))
_DEFAULT_CHANNELS = "F,X-TRADE,X-QUOTE,R,MI,OL,S"
_YEAR = 400


@click.group()
def command() -> None:
    """A simulated Vietnamese exchange: seeded, and it knows the truth."""


@command.command()
@click.option("--seed", type=click.IntRange(0), required=True, help="Same seed, same day.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder of the recording; an earlier one in it is replaced.",
)
@click.option("--day", "written", help="As in 2026-11-20. [today in Vietnam]")
@click.option("--force", is_flag=True, help="Trade on a weekend or a holiday too.")
@click.option(
    "--universe", "which", default="default", show_default=True,
    help="vn30, default (70 more), or a number of symbols up to 1600.",
)  # fmt: skip
@click.option(
    "--scale", type=click.FloatRange(0, 4, min_open=True), default=1.0, show_default=True,
    help="Of the orders: 1 is a peak day of 500 thousand trades.",
)  # fmt: skip
@click.option(
    "--overtaking", type=click.FloatRange(0, 1), default=0.0, show_default=True,
    help="Share of orders whose quotes come before their trades.",
)  # fmt: skip
@click.option(
    "--channels", default=_DEFAULT_CHANNELS, show_default=True,
    help="Of F, X-TRADE, X-QUOTE, X, R, MI, B, OL; iBoard's L, S (futures), S-ALL.",
)  # fmt: skip
def record(
    seed: int, out: Path, written: str | None, force: bool, which: str, scale: float,
    overtaking: float, channels: str,
) -> None:  # fmt: skip
    """Write a day's recording, and the truth beside it.

    `VNTAPE_RECEIVE_CLOCK=recorded vntape run ingest --recording OUT/manifest.json` plays it.
    """
    from services.simulator.core.day import NoTradingDay, trading_day
    from services.simulator.core.plan import Plan
    from services.simulator.core.universe import UniverseError, universe
    from services.simulator.recording import record as make

    wanted = _channels(channels)
    data = _reference_data()
    day = _day(written)
    holidays = _holidays(data, day)
    members = [
        member.symbol
        for basket in data.baskets(day)
        if basket.symbol == "VN30"
        for member in basket.members
    ]
    try:
        when = trading_day(day, holidays, force)
        instruments = universe(which, members, when, holidays, seed)
    except NoTradingDay as e:
        raise click.ClickException(f"{e}; name another with --day, or --force") from e
    except (UniverseError, ValueError) as e:
        raise click.ClickException(str(e)) from e
    plan = Plan(seed, when, instruments, scale, overtaking, wanted)
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        task = progress.add_task(f"{day}, {len(instruments)} symbols", total=1.0)
        try:
            made = make(plan, out, lambda share: progress.update(task, completed=share))
        except OSError as e:
            raise click.ClickException(f"{e.filename or out}: {e.strerror or e}") from e
    for channel, count in sorted(made.counts.items()):
        click.echo(f"{channel:8} {count:>9,}")
    click.echo(f"{made.trades:,} prints in the truth\n{made.manifest}")


def _channels(written: str) -> frozenset[str]:
    from services.simulator.core.wire import iboard, ssi_v2

    known = {*ssi_v2.CHANNELS, *iboard.CHANNELS, "S-ALL"}
    wanted = frozenset(name.strip().upper() for name in written.split(",") if name.strip())
    if not wanted or not wanted <= known:
        raise click.BadParameter(
            f"channels are {', '.join(sorted(known))}; was {written!r}", param_hint="--channels"
        )
    return wanted | {"S"} if "S-ALL" in wanted else wanted


def _day(written: str | None) -> date:
    if written is None:
        return datetime.now(_VIETNAM).date()
    try:
        return date.fromisoformat(written)
    except ValueError as e:
        raise click.BadParameter(
            f"must be a date like 2026-11-20, was {written!r}", param_hint="--day"
        ) from e


def _reference_data() -> ReferenceData:
    try:
        return reference.load(clone_root() / "deploy" / "reference-data")
    except BadReferenceData as e:
        raise click.ClickException("\n".join(["reference data refused:", *e.faults])) from e


def _holidays(data: ReferenceData, day: date) -> Set[date]:
    """Days without trading from two weeks before to a year after."""
    days = (day + timedelta(days=n) for n in range(-14, _YEAR))
    return {each for each in days if not data.calendar.is_trading_day(each)}
