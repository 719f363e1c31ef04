"""List, show, replay or drop dead letters."""

import asyncio
import sys
from collections import defaultdict
from collections.abc import Coroutine
from typing import Any, TypeVar

import click
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.table import Table

from services.commands import _dlq_replay
from services.commands._context import reading
from services.commands._dlq_letters import Letter, Wanted, read
from services.commands._dlq_verdicts import verdicts
from services.runtime.settings import Settings

T = TypeVar("T")

_WIDEST = 1000
"""Reasons stand whole, however narrow the screen is, or a file: one that is cut says nothing."""

_tape = click.option("--tape", help="The tape. [VNTAPE_TAPE, live]")
_service = click.option("--service", help="Of this service.")
_reason = click.option("--reason", metavar="TEXT", help="Whose reason begins so.")
_numbers = click.argument("numbers", nargs=-1, type=click.IntRange(0))


@click.group()
def command() -> None:
    """Dead letters: what services refused, where it stood, why, and what became of it.

    A letter's number is its offset in the topic `dead-letters`. One that was replayed or dropped
    is no longer listed; who did that, when and why stands in the table `dead_letter_verdicts`.
    """


@command.command("list")
@_tape
@_service
@_reason
@click.option("--each", is_flag=True, help="A line for each letter.")
def list_(tape: str | None, service: str | None, reason: str | None, each: bool) -> None:
    """How many there are, by service and reason; exit code 0 only when there are none."""
    config = reading(tape, db=True)
    letters = _read(config, Wanted(service, reason))
    if not letters:
        click.echo(f"tape {config.tape}: no dead letters")
        return
    lines = _each(letters) if each else _grouped(letters)
    Console(width=_WIDEST, markup=False, highlight=False).print(lines)
    sys.exit(1)


@command.command()
@_tape
@click.argument("number", type=click.IntRange(0))
@click.option("--raw", is_flag=True, help="Only its bytes, as they were.")
def show(tape: str | None, number: int, raw: bool) -> None:
    """All of one letter."""
    config = reading(tape)
    found = _read(config, Wanted(numbers=frozenset({number})), whole=True)
    if not found:
        raise click.ClickException(f"tape {config.tape} has no dead letter {number}")
    (letter,) = found
    if raw:
        click.get_binary_stream("stdout").write(letter.value)
        return
    click.echo(f"number   {letter.number}")
    click.echo(f"at       {letter.at:%Y-%m-%d %H:%M:%S %z}")
    click.echo(f"service  {letter.service}")
    click.echo(f"reason   {letter.reason}")
    click.echo(f"key      {letter.key}")
    for name, said in sorted(letter.origin.items()):
        click.echo(f"{name:8} {said}")
    click.echo(f"bytes    {len(letter.value)}")
    click.echo(letter.value.decode(errors="backslashreplace"))


@command.command()
@_tape
@_service
@_reason
@_numbers
@click.option("--yes", is_flag=True, help="Do not ask.")
def replay(
    tape: str | None, service: str | None, reason: str | None, numbers: tuple[int, ...], yes: bool
) -> None:
    """Give letters back to their service: those NUMBERS, or all of a --service or --reason.

    The writer's go into their topic again, verbatim: every other reader sees a repeat and ignores
    it. The delivery's alerts wait for their channel again. Others cannot go back: what a decoder
    or a step refused would stand at the wrong place of the tape; of each it is said what to do
    instead. Exit code 1 when some stay.
    """
    config = reading(tape, db=True)
    letters = _chosen(config, Wanted(service, reason, frozenset(numbers)))
    found = _dlq_replay.plan(letters, config.tape)
    for letter, why in found.refused:
        click.echo(f"{letter.number} ({letter.service}, {letter.code}) stays: {why}", err=True)
    count = len(found.append) + sum(map(len, found.tell.values()))
    if count and not yes:
        click.confirm(f"Give {count} letters back?", abort=True)
    if count:
        with verdicts(config) as book:
            _ask(_dlq_replay.carry_out(found, config, book))
    click.echo(f"{count} given back, {len(found.refused)} stay")
    sys.exit(1 if found.refused else 0)


@command.command()
@_tape
@_service
@_reason
@_numbers
@click.option("--why", required=True, help="Recorded with who and when.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def drop(
    tape: str | None,
    service: str | None,
    reason: str | None,
    numbers: tuple[int, ...],
    why: str,
    yes: bool,
) -> None:
    """Put letters aside: those NUMBERS, or all of a --service or --reason.

    They stay in the topic and its table until they expire; they are no longer listed.
    """
    config = reading(tape, db=True)
    letters = _chosen(config, Wanted(service, reason, frozenset(numbers)))
    if not yes:
        click.confirm(f"Drop {len(letters)} letters?", abort=True)
    with verdicts(config) as book:
        book.record([letter.number for letter in letters], "dropped", why)
    click.echo(f"{len(letters)} dropped: {why}")


def _chosen(config: Settings, wanted: Wanted) -> list[Letter]:
    if not (wanted.service or wanted.reason or wanted.numbers):
        raise click.UsageError("say which: NUMBERS, --service or --reason")
    letters = _read(config, wanted)
    if missing := wanted.numbers - {letter.number for letter in letters}:
        text = ", ".join(map(str, sorted(missing)))
        raise click.ClickException(
            f"tape {config.tape} has no such letter, or it was dealt with, or repeats another: "
            f"{text}"
        )
    if not letters:
        raise click.ClickException(f"tape {config.tape} has no such dead letters")
    return letters


def _read(config: Settings, wanted: Wanted, whole: bool = False) -> list[Letter]:
    """`whole`: those that were dealt with, too."""
    done: set[int] = set()
    if not whole:
        with verdicts(config) as book:
            done = book.numbers()
    return _ask(read(config, wanted, done))


def _ask(question: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(question)
    except (KafkaError, LookupError) as e:
        raise click.ClickException(f"Kafka does not say: {str(e).strip() or e!r}") from e


def _grouped(letters: list[Letter]) -> Table:
    groups: dict[tuple[str, str, str], list[Letter]] = defaultdict(list)
    for letter in letters:
        groups[letter.service, letter.code, letter.origin.get("topic", "-")].append(letter)
    lines = _table("service", "reason", "topic", "letters", "first", "last", "newest number")
    for (service, code, topic), found in sorted(groups.items()):
        first, last = found[0], found[-1]
        lines.add_row(
            service, code, topic, str(len(found)), _at(first), _at(last), str(last.number)
        )
    return lines


def _each(letters: list[Letter]) -> Table:
    lines = _table("number", "at", "service", "topic", "reason")
    for letter in letters:
        topic = letter.origin.get("topic", "-")
        lines.add_row(str(letter.number), _at(letter), letter.service, topic, letter.reason[:120])
    return lines


def _table(*headings: str) -> Table:
    lines = Table(box=None, pad_edge=False)
    for heading in headings:
        right = heading in ("letters", "number", "newest number")
        lines.add_column(heading, justify="right" if right else "left", no_wrap=True)
    return lines


def _at(letter: Letter) -> str:
    return f"{letter.at:%Y-%m-%d %H:%M:%S}"
