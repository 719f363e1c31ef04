"""Who may do what in Kafka: of each service no more than its topics."""

import asyncio
import os
import secrets
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import click
import yaml
from aiokafka.errors import KafkaError

from services.commands._context import away, files, reachable
from services.runtime import access, kafka_access

HEADER = """\
# What each service may do in Kafka on the tape `live`, and its user there. Written by
# `vntape access list` from schemas/topics.py: do not edit. `vntape access apply` makes it so.
"""


@click.group()
def command() -> None:
    """Users and rights of the services in Kafka: list them, or make them.

    Only for a Kafka with an authorizer; the local stack lets everybody do everything.
    """


@command.command("list")
@click.option("--tape", help="The tape. [VNTAPE_TAPE, live]")
def list_(tape: str | None) -> None:
    """Each service with the topics and groups that it may use, as YAML."""
    name = files(tape=tape).tape
    click.echo(HEADER.replace("`live`", f"`{name}`") + document(name), nl=False)


@command.command()
@click.option("--tape", help="The tape. [VNTAPE_TAPE, live]")
@click.option(
    "--passwords",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the users' passwords, a file each; those that are missing are made.",
)
def apply(tape: str | None, passwords: Path | None) -> None:
    """Give every service its rights on a tape, and a user with a password if asked to.

    VNTAPE_KAFKA_USER must be an admin of the cluster. What was given before stays.
    """
    config = reachable(tape)
    rules = access.rules(config.tape)
    if passwords is not None:
        users = {access.USER + s for s in [*access.services(), access.OPERATOR]}
        try:
            known = {user: _password(passwords, user) for user in sorted(users)}
        except OSError as e:
            raise click.ClickException(f"--passwords: {e.filename}: {e.strerror}") from e
    # The rules first: who can log in has its rights then.
    _done(kafka_access.allow(str(config.kafka), rules))
    click.echo(f"tape {config.tape}: {len(rules)} rules")
    if passwords is not None:
        _done(kafka_access.set_passwords(str(config.kafka), known))
        click.echo(f"{len(known)} users, passwords in {passwords}")


def document(tape: str) -> str:
    """The rights on a tape as YAML."""
    out: dict[str, dict[str, Any]] = {}
    for service in access.services():
        mine = access.rights(service, tape)
        out[service] = {
            "user": access.USER + service,
            "reads": mine.reads,
            "writes": mine.writes,
            "groups": [f"{name}*" if prefixed else name for name, prefixed in mine.groups],
        }
    out[access.OPERATOR] = {
        "user": access.USER + access.OPERATOR,
        "reads": "every topic of the tape, and its configuration",
        "writes": [],
        "groups": [f"{tape}.*, to look at"],
    }
    return yaml.safe_dump(out, sort_keys=False)


def _password(folder: Path, user: str) -> str:
    """Of the user's file, which is made where it is missing."""
    path = folder / user
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as f:
            f.write(secrets.token_urlsafe(24))
    return path.read_text().strip()


def _done(work: Coroutine[Any, Any, None]) -> None:
    try:
        asyncio.run(work)
    except (KafkaError, kafka_access.AccessError, OSError) as e:
        raise click.ClickException(away(e) or str(e).strip() or repr(e)) from e
