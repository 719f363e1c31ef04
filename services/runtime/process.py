"""The life of a process that is not a Faust worker: ingest, writer, gateway."""

import asyncio
import json
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import uvloop

from services.runtime import garbage, http, kafka_login, logs
from services.runtime.health import Health
from services.runtime.metrics import Metrics
from services.runtime.settings import Settings, folder


@dataclass(slots=True)
class Process:
    """What a service's main coroutine gets: settings, metrics, health, and the wish to stop."""

    service: str
    settings: Settings
    metrics: Metrics
    health: Health = field(default_factory=Health)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)


def address_file(settings: Settings, worker: str) -> Path:
    """Where a process says its pid and the address of its `/health` and `/metrics`."""
    return settings.local_dir / settings.stack / "run" / f"{settings.tape}-{worker}.json"


def announce(settings: Settings, service: str, worker: str, port: int) -> None:
    """
    Write the address file, whole or not at all; beside it, for Prometheus, the target.

    The target is there until the process ends well (`withdraw`): of one that was killed,
    Prometheus shows that it does not answer.
    """
    http = f"127.0.0.1:{port}"
    path = folder(settings, "run") / address_file(settings, worker).name
    _write(path, {"pid": os.getpid(), "http": f"http://{http}"})
    labels = {"tape": settings.tape, "service": service}
    _write(folder(settings, "sd") / path.name, [{"targets": [http], "labels": labels}])


def withdraw(settings: Settings, worker: str) -> None:
    """The process ends well: nobody need ask for it."""
    (folder(settings, "sd") / address_file(settings, worker).name).unlink(missing_ok=True)


def _write(path: Path, what: object) -> None:
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps(what))
    draft.replace(path)


def run(
    service: str, settings: Settings, main: Callable[[Process], Awaitable[None]], worker: str = ""
) -> None:
    """
    Run `main` until it returns or SIGTERM or SIGINT asks to stop (`process.stopping` is set).

    Serves `/metrics` and `/health` meanwhile. An exception of `main` ends the process with
    it: the supervisor restarts.

    Raises:
        SettingsError: the address file has no place, or Kafka's login is not whole.
    """
    logs.configure(service, settings.log_level)
    if settings.kafka is not None:
        kafka_login.use(settings.kafka, kafka_login.of(settings))

    async def life() -> None:
        process = Process(service, settings, Metrics(service))
        loop = asyncio.get_running_loop()
        for wish in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(wish, process.stopping.set)
        runner, port = await http.serve(
            process.metrics.registry, process.health, settings.http_port, settings.http_host
        )
        announce(settings, service, worker or f"{service}-1", port)
        garbage.settle()
        try:
            await main(process)
            withdraw(settings, worker or f"{service}-1")
        finally:
            await runner.cleanup()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(life())
