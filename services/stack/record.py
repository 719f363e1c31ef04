"""What an instance remembers: `.local/<instance>/stack.json`, readable by its owner only."""

import base64
import json
import os
import secrets
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from services.stack import ports
from services.stack.places import Places, StackError

DATABASE = "vntape"


@dataclass(frozen=True)
class Addresses:
    """
    How to reach an instance.

    kafka: "127.0.0.1:PORT", a bootstrap server.
    database: postgresql:// URL of the superuser with its password; never shown by `repr`.
    """

    kafka: str
    database: str = field(repr=False)


@dataclass(frozen=True)
class Record:
    """
    Ports, the database superuser's password, Kafka's cluster id and where its logs are.

    kafka_data: a folder outside the clone; empty: among the instance's own files.
    """

    kafka_port: int
    database_port: int
    database_password: str = field(repr=False)
    cluster_id: str
    kafka_data: str = ""

    def addresses(self) -> Addresses:
        login = f"postgres:{self.database_password}"
        return Addresses(
            kafka=f"127.0.0.1:{self.kafka_port}",
            database=f"postgresql://{login}@127.0.0.1:{self.database_port}/{DATABASE}",
        )


def load(places: Places) -> Record | None:
    """
    The instance's record, or None when it was never made.

    Raises:
        StackError: the file is there and unreadable.
    """
    try:
        return Record(**json.loads(places.record.read_text()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as e:
        raise StackError(
            f"{places.record} is damaged ({e}); `vntape down --wipe` makes a fresh start"
        ) from e


def load_or_make(
    places: Places,
    kafka_port: int | None,
    database_port: int | None,
    kafka_data: Path | None = None,
) -> Record:
    """
    The record with the fixed ports put in; whatever is new is chosen and saved.

    kafka_port, database_port: None or 0: the remembered port, at first a free one.
    kafka_data: remembered when the instance is made, ignored later.
    """
    old = load(places)
    taken = set(_ports_of_others(places))
    if old is None:
        kafka = kafka_port or ports.pick_free(taken)
        database = database_port or ports.pick_free(taken | {kafka})
        password, data = secrets.token_urlsafe(24), str(kafka_data or "")
        new = Record(kafka, database, password, new_cluster_id(), data)
    else:
        new = replace(
            old,
            kafka_port=kafka_port or old.kafka_port,
            database_port=database_port or old.database_port,
        )
    if new.kafka_port == new.database_port:
        raise StackError(f"Kafka and the database cannot share port {new.kafka_port}")
    if new != old:
        _save(places.record, new)
    return new


def _save(path: Path, record: Record) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
        json.dump(asdict(record), f, indent=2)
        f.flush()
        os.fsync(f.fileno())
    fresh.replace(path)


def _ports_of_others(places: Places) -> Iterator[int]:
    for name in places.others():
        other = load(Places(places.root, name))
        if other is not None:
            yield from (other.kafka_port, other.database_port)


def new_cluster_id() -> str:
    """A name for a Kafka cluster, as its tools want it: 22 characters."""
    while True:
        name = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
        # Kafka's tool would read it as an option.
        if not name.startswith("-"):
            return name
