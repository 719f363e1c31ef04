"""The real Kafka and TimescaleDB that tests run against."""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services import stack
from services.stack import Addresses, Component

ROOT = stack.clone_root()
SHARED = "test"

_MEMORY = Path("/dev/shm")
_ROOM_BYTES = 8 << 30
"""A whole run was seen to take half a gigabyte."""


def memory(instance: str) -> Path | None:
    """
    A folder in memory for the broker's logs, None where there is no room.

    Tests make and delete topics by the thousand, and ext4 looks at each file deleted in the last
    minutes before it makes another: a quarter of the processor time of a run.
    """
    if not _MEMORY.is_dir() or shutil.disk_usage(_MEMORY).free < _ROOM_BYTES:
        return None
    return _in_memory(instance)


def _in_memory(instance: str) -> Path:
    clone = hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]
    return _MEMORY / f"vntape-{clone}-{instance}"


def _end(instance: str) -> None:
    """Stop it; its files stay to be looked at, but not what is in memory."""
    stack.stop(ROOT, instance)
    shutil.rmtree(_in_memory(instance), ignore_errors=True)


@contextmanager
def shared_stack() -> Iterator[Addresses]:
    """
    The addresses that all tests of a run share.

    In this order: VNTAPE_KAFKA and VNTAPE_DATABASE_URL; containers, when
    VNTAPE_TEST_CONTAINERS=1; instance `test` of the local stack. Never a mock, and when the
    stack cannot start the tests fail with the reason.
    """
    kafka, database = (os.environ.get(f"VNTAPE_{n}") for n in ("KAFKA", "DATABASE_URL"))
    if kafka and database:
        yield Addresses(kafka, database)
    elif kafka or database:
        raise RuntimeError("set both VNTAPE_KAFKA and VNTAPE_DATABASE_URL, or neither")
    elif os.environ.get("VNTAPE_TEST_CONTAINERS") == "1":
        from tests.support.containers import containers

        with containers() as addresses:
            yield addresses
    else:
        with _local_stack() as addresses:
            yield addresses


@contextmanager
def _local_stack() -> Iterator[Addresses]:
    """
    Instance `test`: empty for the first run that uses it, stopped by the last.

    Runs at the same time share it: each holds a shared lock; who can get the exclusive one is
    alone. VNTAPE_TEST_KEEP=1 leaves it running and filled, for a quick next run.
    """
    keep = os.environ.get("VNTAPE_TEST_KEEP") == "1"
    path = ROOT / ".local" / f"{SHARED}.users"
    path.parent.mkdir(exist_ok=True)
    with path.open("w") as users:
        if not keep and _is_alone(users.fileno()):
            stack.wipe(ROOT, SHARED)
        fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield stack.ensure(ROOT, SHARED, kafka_data=memory(SHARED), report=_tell)
        finally:
            if not keep and _is_alone(users.fileno()):
                _end(SHARED)


def _is_alone(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@dataclass(frozen=True)
class OwnStack:
    """A disposable instance, to be killed and started at will."""

    instance: str

    @property
    def addresses(self) -> Addresses:
        """Its addresses now: a wiped instance comes back with others."""
        found = stack.addresses(ROOT, self.instance)
        assert found is not None, f"{self.instance} was wiped and not made again"
        return found

    def kill(self, component: Component) -> None:
        stack.kill(ROOT, self.instance, component)

    def start(self, component: Component) -> None:
        stack.start(ROOT, self.instance, component)


@contextmanager
def disposable(purpose: str) -> Iterator[OwnStack]:
    """A fresh instance of its own; removed afterwards, also those that killed runs left."""
    for name in stack.instances(ROOT):
        if name.startswith("own-") and not Path(f"/proc/{name.rpartition('-')[2]}").exists():
            stack.wipe(ROOT, name)
    instance = f"own-{purpose[:24]}-{os.getpid()}"
    try:
        stack.ensure(ROOT, instance, kafka_data=memory(instance), report=_tell)
        yield OwnStack(instance)
    finally:
        stack.wipe(ROOT, instance)


def _tell(line: str) -> None:
    print(line, flush=True)
