"""Real Faust workers as subprocesses: started, killed, stopped, continued, by their pid."""

import asyncio
import ctypes
import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.eventually import eventually
from tests.support.stack import ROOT

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def _die_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Worker:
    """One worker process; may be started again after it ended."""

    def __init__(
        self, number: int, arguments: list[str], environment: dict[str, str], folder: Path
    ) -> None:
        self.number = number
        self._arguments, self._environment = arguments, environment
        self._log = folder / f"worker-{number}-{id(self)}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Worker":
        """Start it; returns at once."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._arguments,
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=log,
                preexec_fn=_die_with_parent,
            )
        return self

    @property
    def pid(self) -> int:
        """Of the running process."""
        assert self._process is not None
        return self._process.pid

    def poll(self) -> int | None:
        """Its exit status, None while it runs."""
        assert self._process is not None
        return self._process.poll()

    def signal(self, number: signal.Signals) -> None:
        """SIGSTOP, SIGCONT, SIGTERM …"""
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    async def ended(self, seconds: float = 15.0) -> int:
        """Wait until it ends by itself; its exit status."""
        code = await eventually(lambda: (self.poll(),) if self.poll() is not None else (), seconds)
        return int(code[0] or 0)

    async def stop(self, seconds: float = 30.0) -> int:
        """SIGTERM, and its exit status; its own deadlines for what is to be sent add up to 15 s."""
        self.signal(signal.SIGTERM)
        return await self.ended(seconds)

    def log(self) -> str:
        """Everything it said so far, over all its lives."""
        return self._log.read_text()

    def said(self, event: str) -> list[dict[str, Any]]:
        """The log lines of one event."""
        lines = (line for line in self.log().splitlines() if line.startswith("{"))
        return [said for line in lines if (said := json.loads(line)).get("event") == event]


async def killed(worker: Worker, times: int, patience_s: float = 20.0) -> None:
    """Kill a running worker and start it again, each time soon after it has its partitions."""
    for kills in range(times):
        await eventually(lambda n=kills: len(worker.said("assigned")) > n, patience_s)
        await asyncio.sleep(0.5)  # the moment of the kill, anywhere in the load
        worker.kill()
        worker.start()


class Workers:
    """The workers of one test on one tape; all are gone when the test is over."""

    def __init__(self, kafka: str, tape: str, folder: Path, **settings: object) -> None:
        self.kafka, self.tape, self._folder = kafka, tape, folder
        self._settings = {"snapshot_interval_s": 1, "session_timeout_s": 2.5} | settings
        self.all: list[Worker] = []

    def make(
        self,
        number: int = 1,
        *,
        padding: int = 0,
        version: int = 1,
        group: str = "",
        **more: object,
    ) -> Worker:
        """A worker, not started; `more` are settings."""
        module = "tests.support.counting"
        arguments = [self.tape, str(number), str(padding), str(version), group]
        worker = Worker(
            number,
            [sys.executable, "-m", module, *arguments],
            self._environment(group, self._settings | more),
            self._folder,
        )
        self.all.append(worker)
        return worker

    def start_service(self, name: str, number: int = 1) -> Worker:
        """A running worker of a real service, as `vntape run` starts it."""
        return self.run(name, "--worker", str(number), number=number)

    def run(self, name: str, *options: str, number: int = 1) -> Worker:
        """A running `vntape run NAME`, whatever that is."""
        command = [sys.executable, "-m", "services.cli", "run", name, "--tape", self.tape]
        environment = self._environment("", self._settings)
        worker = Worker(number, [*command, *options], environment, self._folder)
        self.all.append(worker)
        return worker.start()

    def start(self, number: int = 1, **options: Any) -> Worker:
        """A running worker."""
        return self.make(number, **options).start()

    def _environment(self, group: str, settings: dict[str, object]) -> dict[str, str]:
        mine = {k: v for k, v in os.environ.items() if not k.startswith("VNTAPE_")}
        mine["VNTAPE_KAFKA"] = self.kafka
        mine["VNTAPE_LOCAL_DIR"] = str(self._folder / f"local{group}")
        mine.update({f"VNTAPE_{name.upper()}": str(value) for name, value in settings.items()})
        return mine

    def health(self, number: int = 1, group: str = "") -> dict[str, Any]:
        """What `/health` of a running worker says; an AssertionError when it does not answer."""
        run = self._folder / f"local{group}" / "main" / "run"
        path = run / f"{self.tape}-classifier-{number}.json"
        try:
            url = json.loads(path.read_text())["http"]
            with urllib.request.urlopen(f"{url}/health", timeout=2) as answer:
                report: dict[str, Any] = json.loads(answer.read())
        except OSError as e:
            raise AssertionError(f"no answer from worker {number}: {e}") from e
        return report

    def end(self) -> None:
        """Kill what still runs, stopped ones too."""
        for worker in self.all:
            if worker._process is not None and worker.poll() is None:
                worker.kill()


@contextmanager
def workers(kafka: str, tape: str, folder: Path, **settings: object) -> Iterator[Workers]:
    """Workers of one test; on a failure their last words are printed."""
    made = Workers(kafka, tape, folder, **settings)
    try:
        yield made
    except BaseException:
        for worker in made.all:
            if worker._log.exists():
                print(f"--- worker {worker.number}\n{worker.log()[-4000:]}")
        raise
    finally:
        made.end()
