"""Replay recorded days, or a part of them, onto a tape of their own."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from services.commands._arguments import Speed
from services.commands._context import reachable
from services.commands._services import COMPUTING
from services.commands.run import refusals

if TYPE_CHECKING:
    from services.ingest.core.selection import Selection
    from services.ingest.feeds.archive import Archive

READERS = ("ingest", *COMPUTING, "writer", "gateway", "delivery")
"""Whoever may be started on the tape finds its topics."""
_REFRESH_S = 0.2
_UNITS = (3_600_000_000, 60_000_000, 1_000_000)


@click.command()
@click.argument(
    "manifests",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option("--tape", help="The tape to make. [replay and the first day, as replay20261120]")
@click.option("--speed", type=Speed(), default="max", show_default=True, help="1, 10x, … or max.")
@click.option("--from", "start", metavar="HH:MM", help="Only from this time of each day on.")
@click.option("--to", "end", metavar="HH:MM", help="Only before this time of each day.")
@click.option("--symbols", metavar="CODE[,CODE]", help="Only these, as HPG,VN30,BTCUSDT.BN.")
def command(
    manifests: tuple[Path, ...],
    tape: str | None,
    speed: float,
    start: str | None,
    end: str | None,
    symbols: str | None,
) -> None:
    """Play what `vntape record` wrote, MANIFESTS of one or more days, onto a new tape.

    Decoding the same raw records gives the same `market` as on the day, byte for byte, with the
    same seqs. Started again it goes on where it stopped. Then run services on that tape.

    With --from, --to or --symbols everything is decoded and only what is asked for written, so
    its seqs stay: an excerpt, without raw topics, whose sums of the day begin late. Times are the
    venue's (VN: UTC+7, others UTC); instruments and statuses of the day are there from its start.
    """
    from services.ingest.app import run_ingest
    from services.ingest.feed_options import Options
    from services.ingest.feeds.archive import Archive
    from services.ingest.feeds.base import FeedError
    from services.runtime import topics_admin

    selection = _selection(start, end, symbols)
    try:
        archive = Archive(manifests, speed or None, selection)
    except FeedError as e:
        raise click.ClickException(str(e)) from e
    config = reachable(tape or _name(archive, selection))
    needed = topics_admin.needed(READERS, archive.topics)
    made = asyncio.run(topics_admin.apply(str(config.kafka), config.tape, needed))
    if made:
        click.echo(f"new tape {config.tape}", err=True)
    with refusals(), _shown(archive):
        run_ingest(
            config.model_copy(update={"receive_clock": "recorded"}), Options(archive=archive)
        )
    read = f"{archive.progress.done:,} raw records"
    said = f"{read} are there" if selection is None else f"an excerpt of {read} is there"
    click.echo(f"tape {config.tape}: {said}", err=True)


def _selection(start: str | None, end: str | None, symbols: str | None) -> "Selection | None":
    from services.ingest.core.selection import DAY_US, BadSelection, Selection

    codes = frozenset(code.strip() for code in (symbols or "").split(",") if code.strip())
    if start is None and end is None and not codes:
        return None
    try:
        return Selection(_time(start, "--from", 0), _time(end, "--to", DAY_US), codes)
    except BadSelection as e:
        raise click.UsageError(f"--from {start or '00:00'} --to {end or '24:00'}: {e}") from e


def _time(written: str | None, option: str, otherwise: int) -> int:
    """µs since midnight of HH:MM or HH:MM:SS."""
    if written is None:
        return otherwise
    parts = written.split(":")
    whole = len(parts) in (2, 3) and all(part.isdecimal() for part in parts)
    us = sum(int(part) * unit for part, unit in zip(parts, _UNITS, strict=False)) if whole else -1
    if not whole or not 0 <= us <= 24 * _UNITS[0]:
        raise click.BadParameter(
            f"must be like 10:15 or 10:15:30, was {written!r}", None, None, option
        )
    return us


def _name(archive: "Archive", selection: "Selection | None") -> str:
    """Of the tape: an excerpt's tells it from other ones of that day."""
    day = archive.first_day.replace("-", "")
    if selection is None:
        return f"replay{day}"
    return f"excerpt{day}x{blake2b(selection.written.encode(), digest_size=3).hexdigest()}"


@contextmanager
def _shown(archive: "Archive") -> Iterator[None]:
    """A progress bar while the archive plays, where somebody looks."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    ended, played = Event(), archive.progress
    with Progress(
        *columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console
    ) as progress:
        task = progress.add_task(archive.name, total=played.total, completed=played.done)

        def follow() -> None:
            while not ended.wait(_REFRESH_S):
                progress.update(task, completed=played.done, total=played.total)

        thread = Thread(target=follow, name="progress", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            progress.update(task, completed=played.done, total=played.total)
