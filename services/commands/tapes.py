"""List and drop tapes."""

import asyncio

import click
import psycopg
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.table import Table

from schemas.topic import LIVE
from services.commands._context import reachable
from services.ingest import spool_folders
from services.ingest.feeds.base import FeedError
from services.runtime import kafka, topics_admin
from services.runtime.settings import Settings
from services.writer import schema
from services.writer.schema import Size

_AWAY = (psycopg.Error, KafkaError, OSError)


@click.group()
def command() -> None:
    """List the tapes there are, or drop one with its topics, tables and spool."""


@command.command("list")
def list_() -> None:
    """Tapes with their topics and records in Kafka, and their rows and size in the database."""
    bootstrap, url = _addresses(reachable(db=True))
    try:
        topics = asyncio.run(topics_admin.tapes(bootstrap))
        records = asyncio.run(_records(bootstrap, topics))
        tables = {tape: schema.size(url, tape) for tape in schema.tapes(url)}
    except _AWAY as e:
        raise click.ClickException(f"cannot list the tapes: {str(e).strip() or e!r}") from e
    lines = Table("tape", box=None, pad_edge=False)
    for heading in ("topics", "records", "rows", "size"):
        lines.add_column(heading, justify="right")
    for tape in sorted(topics.keys() | tables.keys()):
        size = tables.get(tape, Size(0, exact=True, bytes=0))
        lines.add_row(
            tape,
            str(len(topics.get(tape, []))),
            f"{records.get(tape, 0):,}",
            f"{'' if size.exact else '≈ '}{size.rows:,}",
            f"{size.bytes / 1e6:,.1f} MB",
        )
    Console().print(lines if lines.row_count else "no tapes yet: `vntape topics apply` makes one")


@command.command()
@click.argument("name")
@click.option("--yes-drop-live", is_flag=True, help="Needed to drop the tape `live`.")
def drop(name: str, yes_drop_live: bool) -> None:
    """
    Delete the topics and the tables of tape NAME, for ever.

    With them goes this machine's spool, with what it holds that Kafka never had.
    """
    config = reachable(name, db=True)
    bootstrap, url = _addresses(config)
    if name == LIVE and not yes_drop_live:
        raise click.ClickException(
            "live is the tape of the market itself; add --yes-drop-live if you mean it"
        )
    try:
        spools = spool_folders.held(config)
        topics = asyncio.run(topics_admin.drop(bootstrap, name))
        tables = schema.drop_tape(url, name)
        spool_folders.remove(spools)
    except FeedError as e:
        raise click.ClickException(f"tape {name} is not dropped: {e}") from e
    except _AWAY as e:
        raise click.ClickException(
            f"tape {name} is not dropped, or not wholly: {str(e).strip() or e!r}; run it again"
        ) from e
    if not (topics or tables or spools):
        raise click.ClickException(f"there is no tape {name}; `vntape tapes list` shows them")
    parts = [f"{len(topics)} topics", "its schema" if tables else "no schema"]
    click.echo(f"dropped tape {name}: {', '.join(parts + ['its spool'] * bool(spools))}")


def _addresses(config: Settings) -> tuple[str, str]:
    assert config.kafka is not None
    assert config.database_url is not None
    return config.kafka, config.database_url.get_secret_value()


async def _records(bootstrap: str, topics: dict[str, list[str]]) -> dict[str, int]:
    """Tape -> records that stand in its topics."""
    if not topics:
        # aiokafka's consumer cannot be stopped before it has done anything.
        return {}
    client = kafka.consumer(bootstrap, "vntape-tapes")
    await client.start()
    try:
        out = {}
        for tape, names in topics.items():
            spans = [await kafka.bounds(client, name) for name in names]
            out[tape] = sum(end - first for span in spans for first, end in span.values())
    finally:
        await client.stop()
    return out
