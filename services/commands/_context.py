"""Settings for a command: the environment's, completed with the local stack's addresses."""

import asyncio
import logging
import socket
from typing import Any

import click
import psycopg
from aiokafka.errors import KafkaConnectionError, NodeNotReadyError
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr

from services import stack
from services.runtime import database, database_tls, kafka_login, topics_admin
from services.runtime.settings import Settings, SettingsError
from services.runtime.settings_load import load

PROBE_S = 2.0
_DEPLOY = stack.clone_root() / "deploy"
REFERENCE_DATA = _DEPLOY / "reference-data"
"""The folder that comes with vntape; VNTAPE_REFERENCE_DATA names another."""


def loaded(**overrides: Any) -> Settings:
    """
    What the environment says, and `overrides` that are not None.

    Raises:
        click.ClickException: naming the variable that is wrong.
    """
    try:
        return load(**overrides)
    except SettingsError as e:
        raise click.ClickException(str(e)) from e


def files(**overrides: Any) -> Settings:
    """
    What the environment says, `overrides` that are not None, and the project's own files for
    what neither names; for commands that need neither Kafka nor the database.

    Raises:
        click.ClickException: naming the variable that is wrong.
    """
    found = loaded(**overrides)
    own = {
        "reference_data": REFERENCE_DATA,
        "alert_rules": _DEPLOY / "alerts.yaml",
        "delivery": _DEPLOY / "delivery.yaml",
    }
    update = {name: path for name, path in own.items() if getattr(found, name) is None}
    if not found.local_dir.is_absolute():
        update["local_dir"] = stack.clone_root() / found.local_dir
    return found.model_copy(update=update)


def settings(**overrides: Any) -> Settings:
    """
    What the environment says, `overrides` that are not None, and for what neither says the
    addresses of the local stack.

    Where logins were set they are tried, unless what they are for is away.

    Raises:
        click.ClickException: naming the variable that is wrong, or saying that the local
            stack was never started.
    """
    config = _completed(**overrides)
    _log_in(config)
    return config


def _completed(*, kafka: bool = True, **overrides: Any) -> Settings:
    found = files(**overrides)
    update: dict[str, Any] = {}
    if found.kafka is None or found.database_url is None:
        local = stack.addresses(stack.clone_root(), found.stack)
        if local is None and found.kafka is None and kafka:
            raise click.ClickException(
                "no Kafka: set VNTAPE_KAFKA and VNTAPE_DATABASE_URL, or start the local stack "
                "with `vntape up`"
            )
        if local is not None:
            update["kafka"] = found.kafka or local.kafka
            update["database_url"] = found.database_url or SecretStr(local.database)
    return found.model_copy(update=update)


def _log_in(config: Settings) -> None:
    """Say once how Kafka is logged in to, and let in nothing that it or the database refuses."""
    try:
        login = kafka_login.of(config)
    except SettingsError as e:
        raise click.ClickException(str(e)) from e
    if config.kafka is not None:
        kafka_login.use(config.kafka, login)
        if login.context is not None and (why := asyncio.run(kafka_login.refusal(config.kafka))):
            raise click.ClickException(why)
    if config.database_ca is not None:
        for variable, url in _urls(config):
            try:
                database.connect(url, "vntape-login").close()
            except psycopg.OperationalError as e:
                if why := database_tls.refusal(e, variable):
                    raise click.ClickException(why) from e


def _urls(config: Settings) -> list[tuple[str, str]]:
    """The variables that hold URLs of the database, with them: those whose logins must be there."""
    names = ["database_url", "writer_url", "reader_url", "ingest_url", "delivery_url"]
    if config.database_url is not None:
        # The owner makes the other logins, with the passwords that their URLs have.
        names = names[:1]
    found = ((f"VNTAPE_{name.upper()}", getattr(config, name)) for name in names)
    return [(name, secret.get_secret_value()) for name, secret in found if secret is not None]


def reachable(tape: str | None = None, *, kafka: bool = True, db: bool = False) -> Settings:
    """
    `settings` for a command that asks Kafka, the database or both, which take connections.

    The clients' own logging is silenced: what goes wrong is said in one sentence.

    Raises:
        click.ClickException: as `settings`, or naming the one that does not answer.
    """
    config = _completed(kafka=kafka, tape=tape)
    _log_in(config)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    if kafka and not any(_answers(*_split(at)) for at in str(config.kafka).split(",")):
        raise click.ClickException(_kafka_away(config))
    if db:
        if config.database_url is None:
            raise click.ClickException("no database: set VNTAPE_DATABASE_URL, or `vntape up`")
        if not any(_answers(*at) for at in _servers(config.database_url.get_secret_value())):
            raise click.ClickException(_database_away(config))
    return config


def reading(tape: str | None, *, db: bool = False) -> Settings:
    """
    `reachable`, for a tape that is there.

    Raises:
        click.ClickException: as `reachable`, or naming the tapes there are.
    """
    config = reachable(tape, db=db)
    found = sorted(asyncio.run(topics_admin.tapes(str(config.kafka))))
    if config.tape not in found:
        there = f"there are: {', '.join(found)}" if found else "there is none yet"
        raise click.ClickException(f"there is no tape {config.tape}; {there} (`vntape tapes list`)")
    return config


def away(error: Exception) -> str | None:
    """A sentence for an error that says Kafka or the database is not there; else None."""
    if isinstance(error, KafkaConnectionError | NodeNotReadyError):
        config = _completed()
        return asyncio.run(kafka_login.refusal(str(config.kafka))) or _kafka_away(config)
    if isinstance(error, psycopg.OperationalError):
        if refused := database_tls.refusal(error, "VNTAPE_DATABASE_URL"):
            return refused
        reason = " ".join(str(error).split())
        return f"{_database_away(_completed())} ({reason})"
    return None


def _kafka_away(config: Settings) -> str:
    return (
        f"Kafka at {config.kafka} does not answer: start the local stack with `vntape up`, "
        "or set VNTAPE_KAFKA"
    )


def _database_away(config: Settings) -> str:
    url = config.database_url.get_secret_value() if config.database_url else ""
    return (
        f"the database at {database.address(url)} does not answer: start the local stack with "
        "`vntape up`, or set VNTAPE_DATABASE_URL"
    )


def _split(bootstrap: str) -> tuple[str, int]:
    host, _, port = bootstrap.strip().rpartition(":")
    if not host or not port.isdecimal():
        raise click.ClickException(f"VNTAPE_KAFKA must be host:port, was {bootstrap!r}")
    return host.strip("[]"), int(port)


def _servers(url: str) -> list[tuple[str, int]]:
    """Hosts of a URL with their ports, as libpq pairs them: one port may be that of all."""
    parts = conninfo_to_dict(url)
    hosts = str(parts.get("host") or "").split(",")
    ports = [int(p or 5432) for p in str(parts.get("port") or "").split(",")]
    return list(zip(hosts, ports * len(hosts) if len(ports) == 1 else ports, strict=False))


def _answers(host: str, port: int) -> bool:
    """Whether it takes connections; so a socket file (no host, or a folder) is taken to do."""
    if not host or host.startswith("/"):
        return True
    try:
        socket.create_connection((host, port), PROBE_S).close()
    except OSError:
        return False
    return True
