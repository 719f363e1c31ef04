"""Create the topics of a tape, list them, or say how they differ from what they should be."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Literal, TypeVar

import click
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.table import Table

from schemas.topic import DAY_MS, Topic
from schemas.topics import TOPICS
from services.commands._context import away, reachable
from services.runtime import topics_admin, topics_state

T = TypeVar("T")

_tape = click.option("--tape", help="The tape; VNTAPE_TAPE or `live` if not given.")


@click.group()
def command() -> None:
    """Create, list or compare the topics of a tape."""


@command.command()
@_tape
@click.option(
    "--for",
    "runners",
    metavar="SERVICE,…",
    help="Only what these need, ingest with its feeds: ingest:ssi+iboard,classifier,writer.",
)
@click.option("--settings", is_flag=True, help="Also set what differs in those that are there.")
def apply(tape: str | None, runners: str | None, settings: bool) -> None:
    """Create the topics that are not there; those that are stay as they are, or get --settings.

    What somebody set beside ours stays; a count of partitions stands for a tape's life.
    """
    bootstrap, name = _where(tape)
    wanted = _needed(runners) if runners is not None else list(TOPICS)
    created = _ask(topics_admin.apply(bootstrap, name, wanted))
    for topic in created:
        click.echo(f"created {topic}")
    for full in _ask(topics_state.settle(bootstrap, name, wanted)) if settings else ():
        click.echo(f"changed the settings of {full}")
    click.echo(f"tape {name}: {len(created)} created, {len(wanted) - len(created)} there before")
    found = _ask(topics_state.describe(bootstrap, name, wanted))
    for line in topics_state.differences(found, name, wanted):
        click.echo(f"warning: {line}", err=True)


def _needed(runners: str) -> list[Topic]:
    from services.ingest.core.registry import FEEDS

    services: list[str] = []
    raw: list[str] = []
    for runner in filter(None, (part.strip() for part in runners.split(","))):
        service, _, feeds = runner.partition(":")
        services.append(service)
        for feed in feeds.split("+") if feeds else FEEDS if service == "ingest" else ():
            if service != "ingest" or feed not in FEEDS:
                known = "+".join(FEEDS)
                raise click.BadParameter(f"{runner!r}: feeds are ingest's, as in ingest:{known}")
            raw += FEEDS[feed].topics
    try:
        return topics_admin.needed(services, raw)
    except LookupError as e:
        raise click.BadParameter(str(e.args[0])) from e


@command.command("list")
@_tape
def list_(tape: str | None) -> None:
    """Every topic of the contract, and whether the tape has it."""
    bootstrap, name = _where(tape)
    found = _ask(topics_state.describe(bootstrap, name))
    if not found:
        said = f"there is no tape {name}: `vntape topics apply --tape {name}` makes it"
        click.echo(said, err=True)
    lines = Table(box=None, pad_edge=False)
    # As wide as the longest word at least: a narrow terminal cuts no name.
    widest = max(len(topic.on(name)) for topic in TOPICS)
    reader = max(len(each) for topic in TOPICS for each in topic.consumers) + 1
    widths = {"topic": widest, "there": 5, "partitions": 10, "kept": 7, "consumers": reader}
    for heading, width in widths.items():
        justify: Literal["left", "right"] = "right" if heading == "partitions" else "left"
        lines.add_column(heading, justify=justify, min_width=width)
    for topic in TOPICS:
        there = found.get(topic.name)
        lines.add_row(
            topic.on(name),
            "yes" if there else "no",
            str(there.partitions if there else topic.partitions),
            _kept(topic, topics_admin.config_of(topic, name)),
            ", ".join(topic.consumers),
        )
    console = Console()
    needed = sum(widths.values()) + 2 * len(widths)
    console.print(lines, width=max(console.width, needed), crop=False)


@command.command()
@_tape
def diff(tape: str | None) -> None:
    """Say what differs in partitions and settings; exit code 0 only when nothing does."""
    bootstrap, name = _where(tape)
    lines = topics_state.differences(_ask(topics_state.describe(bootstrap, name)), name)
    for line in lines:
        click.echo(line)
    if lines:
        raise click.exceptions.Exit(1)
    click.echo(f"tape {name}: all {len(TOPICS)} topics are as they should be")


def _kept(topic: Topic, config: dict[str, str]) -> str:
    if topic.compacted:
        return "last of each key"
    return (
        "until dropped" if config["retention.ms"] == "-1" else f"{topic.retention_ms // DAY_MS} d"
    )


def _where(tape: str | None) -> tuple[str, str]:
    found = reachable(tape)
    return str(found.kafka), found.tape


def _ask(question: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(question)
    except (KafkaError, OSError, RuntimeError) as e:
        if sentence := away(e):
            raise click.ClickException(sentence) from e
        raise click.ClickException(f"Kafka did not do it: {str(e).strip() or e!r}") from e
