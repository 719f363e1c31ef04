"""
The local stack: a real Kafka and a real PostgreSQL + TimescaleDB, on loopback, without a
container engine.

An *instance* has its own data, ports and logs in `.local/<instance>/` of a clone; instances and
clones live side by side. Nothing here reads settings or the environment.
"""

import shutil
from contextlib import AbstractContextManager
from pathlib import Path

from services.stack import debian_root, lifecycle, tools
from services.stack import record as records
from services.stack.lifecycle import ENGINES, ComponentStatus, both
from services.stack.locks import locked
from services.stack.places import (
    COMPONENTS,
    Component,
    Places,
    Report,
    StackError,
    silent,
)
from services.stack.record import Addresses

__all__ = [
    "COMPONENTS",
    "Addresses",
    "Component",
    "ComponentStatus",
    "StackError",
    "addresses",
    "clone_root",
    "ensure",
    "instances",
    "kill",
    "log_files",
    "start",
    "status",
    "stop",
    "wipe",
]


def clone_root() -> Path:
    """The clone this package runs from; where `.local` is."""
    return Path(__file__).resolve().parents[2]


def ensure(
    root: Path,
    instance: str = "main",
    *,
    kafka_port: int | None = None,
    database_port: int | None = None,
    kafka_data: Path | None = None,
    install: bool = True,
    report: Report = silent,
) -> Addresses:
    """
    Make the instance run and return its addresses; what already is there is used.

    May be called by several processes at once. After it returns, Kafka answers requests and
    the database `vntape` with its extension exists.

    kafka_port, database_port: fixed ports; None or 0: the remembered one, at first a free one.
    kafka_data: a folder for Kafka's logs, not there yet, when the instance is made; it goes with
        the instance. None: among its other files.
    install: whether missing programs may be installed with apt-get.
    report: gets a line for a person for each step that takes time.

    Raises:
        StackError: it cannot run: why, and what to do.
    """
    places = Places(root, instance)
    with _instance_lock(places, report):
        with locked(places.local / "binaries.lock", "the binaries", report):
            for component in COMPONENTS:
                lifecycle.refuse_replacing(places, component)
            # Before anything is fetched: without it the rest is of no use.
            debian_root.require_root()
            needed = [tool for m in ENGINES.values() for tool in m.tools_needed(places)]
            tools.require(needed, report, install=install)
            both(lambda c: ENGINES[c].prepare(places, report))
        lifecycle.refuse_moving(places, kafka_port, database_port)
        record = records.load_or_make(places, kafka_port, database_port, kafka_data)
        both(lambda c: lifecycle.bring_up(places, record, c, report))
        return record.addresses()


def addresses(root: Path, instance: str = "main") -> Addresses | None:
    """Addresses of the instance, running or not (see `status`); None when it was never made."""
    record = records.load(Places(root, instance))
    return None if record is None else record.addresses()


def instances(root: Path) -> list[str]:
    """Names of the clone's instances, by name."""
    return sorted(p.parent.name for p in (root / ".local").glob("*/stack.json"))


def status(root: Path, instance: str = "main") -> list[ComponentStatus]:
    """What runs now, Kafka first."""
    places = Places(root, instance)
    record = records.load(places)
    return [lifecycle.status_of(places, record, c) for c in COMPONENTS]


def start(root: Path, instance: str, component: Component, *, report: Report = silent) -> None:
    """
    Start one component of an instance that `ensure` has made; nothing when it runs.

    Raises:
        StackError: never made, its port is taken, or it does not come up.
    """
    places = Places(root, instance)
    with _instance_lock(places, report):
        record = records.load(places)
        if record is None:
            raise StackError(f"instance {instance} was never made: `vntape up` makes it")
        lifecycle.bring_up(places, record, component, report)


def stop(root: Path, instance: str = "main", *, report: Report = silent) -> None:
    """Stop both in order, by SIGKILL after 20 s; nothing when neither runs."""
    places = Places(root, instance)
    with _instance_lock(places, report):
        both(lambda c: lifecycle.take_down(places, c, report))


def kill(root: Path, instance: str, component: Component) -> None:
    """
    SIGKILL a component's main process, as a crash would; returns when it is gone.

    Raises:
        StackError: it does not run.
    """
    lifecycle.crash(Places(root, instance), component)


def wipe(
    root: Path,
    instance: str = "main",
    *,
    everything: bool = False,
    report: Report = silent,
) -> None:
    """
    Stop the instance and remove its data, ports, password and logs.

    everything: all instances of the clone and the binaries too: all of `.local`.
    """
    places = Places(root, instance)
    for name in [*places.others(), instance] if everything else [instance]:
        _wipe_one(Places(root, name), report)
    if everything and places.local.exists():
        with locked(places.local / "binaries.lock", "the binaries", report):
            shutil.rmtree(places.local)
        report(f"removed {places.local}")


def log_files(root: Path, instance: str = "main") -> dict[Component, Path]:
    """Each component's log file; it may not exist yet."""
    places = Places(root, instance)
    return {c: places.log(c) for c in COMPONENTS}


def _logs_elsewhere(places: Places) -> list[Path]:
    try:
        record = records.load(places)
    except StackError:  # damaged: wiping is what mends it
        return []
    return [Path(record.kafka_data)] if record and record.kafka_data else []


def _instance_lock(places: Places, report: Report) -> AbstractContextManager[None]:
    path = places.local / f"{places.instance}.lock"
    return locked(path, f"stack {places.instance}", report)


def _wipe_one(places: Places, report: Report) -> None:
    with _instance_lock(places, report):
        both(lambda c: lifecycle.take_down(places, c, report))
        for folder in (*_logs_elsewhere(places), places.postgres_data, places.folder):
            if folder.exists():
                shutil.rmtree(folder)
        (places.local / f"{places.instance}.lock").unlink(missing_ok=True)
    report(f"removed the data of stack {places.instance}")
