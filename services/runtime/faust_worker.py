"""A Faust worker as a process: `run` is what `vntape run SERVICE` calls."""

import asyncio
import fcntl
import os
import sys
import time
from typing import IO, Any

import faust
import uvloop
from aiokafka.errors import KafkaConnectionError

from services.runtime import garbage, kafka_login, logs
from services.runtime.exits import EXIT_REFUSE, EXIT_RESTART, end
from services.runtime.faust_shell import FaustShell
from services.runtime.service import Service
from services.runtime.settings import Settings, folder

log = logs.get(__name__)


CLAIM_S = 3.0
"""A worker that is being ended may still hold its number for so long."""


def claim(service: Service[Any], settings: Settings, worker: int | str) -> IO[str] | None:
    """
    Hold a worker's number (or name) on this machine; None when another process does.

    Two members of one static id fence each other for ever. The lock goes with the process.

    Raises:
        SettingsError: there is no place for the lock.
    """
    file = (folder(settings, "run") / f"{service.app_id(settings.tape)}-{worker}.lock").open("w")
    deadline = time.monotonic() + CLAIM_S
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return None
            time.sleep(0.1)
        else:
            return file


def run(service: Service[Any], settings: Settings, worker: int | str = 1) -> None:
    """
    Run one worker of a service until SIGTERM; never returns normally.

    Exits 0 after a clean stop, 70 to be restarted, 78 when a restart would not help.
    """
    logs.configure(service.name, settings.log_level)
    held = claim(service, settings, worker)
    if held is None:
        log.error(
            "refused",
            error=f"{service.name} number {worker} of tape {settings.tape} runs on this machine "
            "already: give this one another number, --worker",
        )
        sys.exit(EXIT_REFUSE)
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    kafka_login.use(str(settings.kafka), kafka_login.of(settings))
    shell = FaustShell(service, settings, worker)
    try:
        loop.run_until_complete(shell.open())
    except KafkaConnectionError:
        # Without a traceback: a broker that is not up yet is no fault of ours.
        why = loop.run_until_complete(kafka_login.refusal(str(settings.kafka)))
        said = why or f"Kafka at {settings.kafka} does not answer; it ends to be restarted"
        log.error("kafka_away", error=said)  # noqa: TRY400
        os._exit(EXIT_RESTART)
    garbage.settle()

    class Worker(faust.Worker):
        """Closes the shell before mode gathers everything that still runs."""

        def stop_and_shutdown(self) -> None:
            if self._signal_stop_future and not self._signal_stop_future.done():
                self.loop.run_until_complete(self._signal_stop_future)
            elif not self._stopped.is_set():
                self.loop.run_until_complete(self.stop())
            if failure := self._failure():
                end(EXIT_RESTART, "worker_crashed", failure)
            self.loop.run_until_complete(shell.close())
            # mode gathers futures for 2 s more; everything of ours is safe already
            os._exit(0)

        def _failure(self) -> BaseException | None:
            failure: BaseException | None = self.crash_reason
            starting = self._starting_fut
            if failure is None and starting and starting.done() and not starting.cancelled():
                failure = starting.exception()
            return failure

    worker_app = Worker(
        shell.app,
        loop=loop,
        loglevel="info",
        redirect_stdouts=False,
        override_logging=False,
        quiet=True,
    )
    worker_app.spinner = None
    worker_app.execute_from_commandline()
