"""Record a tape into daily files."""

import sys
from pathlib import Path

import click

from services.commands._context import reading
from services.runtime.exits import EXIT_REFUSE


@click.command()
@click.option(
    "--out",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the files; a later run goes on where the last one stopped.",
)
@click.option("--tape", help="The tape to record. [VNTAPE_TAPE, live]")
@click.option("--once", is_flag=True, help="End when all that stands is recorded.")
def command(folder: Path, tape: str | None, once: bool) -> None:
    """Record the raw topics of a tape: one file a venue and day, one line a message.

    VN-2026-11-20.jsonl.zst holds every raw record of that local day with its seq, and what no
    vendor sent (control): enough to make the same `market` again, byte for byte, with
    `vntape replay`. The manifest beside it, VN-2026-11-20.json, has counts, the first and last
    seq and the sha256. Safe to kill at any moment; run it all day beside `live`.
    """
    from services.ingest.archive.line import BadArchive
    from services.ingest.archive.run import Options, run_recorder

    config = reading(tape)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        click.echo(f"Error: --out {folder}: {e.strerror}: name another folder", err=True)
        sys.exit(EXIT_REFUSE)
    try:
        run_recorder(config, Options(folder=folder, once=once))
    except (BadArchive, LookupError) as e:
        click.echo(f"Error: {e}", err=True)
        sys.exit(EXIT_REFUSE)
    if once:
        for path in sorted(folder.glob("[!.]*.json")):
            click.echo(path)
