"""Look for what is wrong, and say what to do."""

import sys

import click

from services.commands._context import settings
from services.commands._doctor_database import storage
from services.commands._doctor_kafka import broker
from services.commands._doctor_machine import Finding, machine
from services.commands._doctor_processes import services

_EXAMINATIONS = (machine, broker, storage, services)
_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


@click.command()
@click.option("--tape", help="The tape to look at. [VNTAPE_TAPE, live]")
@click.option("--quiet", is_flag=True, help="Only what is not well.")
def command(tape: str | None, quiet: bool) -> None:
    """Look for what is wrong with this machine, Kafka, the database and a tape.

    A line each: ok, warn or fail, what was looked at, what was found, and what to do. Changes
    nothing. Exit code 0 when nothing fails.
    """
    try:
        config = settings(tape=tape)
    except click.ClickException as e:
        _say(Finding("fail", "settings", e.message, "`vntape config` lists them"))
        sys.exit(1)
    failed = 0
    for finding in (finding for look in _EXAMINATIONS for finding in look(config)):
        failed += finding.level == "fail"
        if not (quiet and finding.level == "ok"):
            _say(finding)
    sys.exit(1 if failed else 0)


def _say(finding: Finding) -> None:
    level = click.style(f"{finding.level:4}", fg=_COLOURS[finding.level])
    click.echo(f"{level}  {finding.what}: {finding.said}")
    if finding.todo:
        click.echo(f"      → {finding.todo}")
