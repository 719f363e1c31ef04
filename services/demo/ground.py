"""What a demo stands on: the local stack, a port for the gateway, and a tape of its own."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import SecretStr
from rich.console import Console

from services import stack
from services.runtime.settings import Settings


def bring_up(settings: Settings, console: Console) -> Settings:
    """
    The local stack, started; settings that name its addresses.

    Nothing is started where the settings name both Kafka and the database.
    """
    root = stack.clone_root()
    if settings.kafka and settings.database_url:
        return settings.model_copy(update={"local_dir": root / settings.local_dir})
    found = stack.ensure(
        root,
        settings.stack,
        kafka_port=settings.kafka_port or None,
        database_port=settings.database_port or None,
        report=lambda line: console.print(line, highlight=False),
    )
    return settings.model_copy(
        update={
            "kafka": settings.kafka or found.kafka,
            "database_url": settings.database_url or SecretStr(found.database),
            "local_dir": root / settings.local_dir,
        }
    )


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """
    No other demo has this tape meanwhile.

    Raises:
        RuntimeError: one has; the text says which process.
    """
    path = settings.local_dir / settings.stack / "run" / f"{settings.tape}.demo"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise RuntimeError(
                f"tape {settings.tape} is another demo's (pid {file.read().strip()}): "
                "end that one, or play on a fresh tape with AGAIN=1 (--again)"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def gateway_port(settings: Settings) -> int:
    """
    The setting where somebody set it; else the usual port, else the one remembered from last
    time, else a free one, which is remembered: demos of several clones live side by side.
    """
    if "gateway_port" in settings.model_fields_set:
        return settings.gateway_port
    memory = settings.local_dir / settings.stack / "gateway-port"
    remembered = int(memory.read_text()) if memory.exists() else 0
    for port in (settings.gateway_port, remembered, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.gateway_host, port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
        if found != settings.gateway_port:
            memory.write_text(str(found))
        return found
    raise RuntimeError(f"no free port on {settings.gateway_host}")
