"""The whole path on one tape: each service a process that can be killed and started again."""

import asyncio
import json
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from services.runtime import topics_admin
from services.runtime.exits import EXIT_REFUSE
from services.runtime.supervisor import EXIT_OK
from services.stack import Addresses
from services.writer.schema import apply_tape
from tests.support.eventually import eventually_sync
from tests.support.path_result import behind
from tests.support.workers import Worker

COMPUTING = (
    "classifier", "board", "foreign", "index", "index-merge", "derivatives", "orderflow",
    "orderflow-index", "analytics-market", "analytics-busd", "analytics-busd-merge",
)  # fmt: skip
"""Who reads what another one gives comes after it."""
SPEED = "5"
"""The tests' recording would last 32 s; what is left after the trouble is played faster."""
FLOWING = 2000
"""Records taken: the first trouble comes after them."""
CALM_S = 2.5
"""Lags are measured once a second: within this each was measured anew."""


class Crew:
    """
    Ingest, workers of computing services and the writer of a tape, as `vntape run` starts them.

    Names are service and number: `ingest-1`, `classifier-1`, `classifier-2`, `writer-1`.
    """

    def __init__(
        self, addresses: Addresses, tape: str, folder: Path, manifest: Path, **settings: object
    ) -> None:
        self.addresses, self.tape = addresses, tape
        self._folder, self._manifest = folder, manifest
        self._settings = {f"VNTAPE_{k.upper()}": str(v) for k, v in settings.items()}
        self.workers: dict[str, Worker] = {}
        self.restarts = 0

    def prepare(self) -> None:
        """The tape's topics and tables."""
        asyncio.run(topics_admin.apply(self.addresses.kafka, self.tape))
        apply_tape(self.addresses.database, self.tape)

    def start(self, name: str, *options: str) -> None:
        """Start a service; ingest goes on with the recording where the tape stands."""
        service, _, number = name.rpartition("-")
        mine = dict.fromkeys(COMPUTING, ("--worker", number))
        mine["ingest"] = ("--recording", str(self._manifest))
        command = [sys.executable, "-m", "services.cli", "run", service, *mine.get(service, ())]
        worker = Worker(int(number), [*command, *options], self._environment(), self._folder)
        self.workers[name] = worker.start()

    def begin(self, speed: str = SPEED, also: Sequence[str] = ()) -> None:
        """Ingest, a classifier, the writer and those named are ready, and the recording flows."""
        names = ("classifier-1", "writer-1", *also)
        for name in names:
            self.start(name)
        eventually_sync(lambda: all(self.ready(name) for name in names), 90)
        self.start("ingest-1", "--speed", speed)
        eventually_sync(lambda: self.played() > FLOWING, 60)

    def rush(self) -> None:
        """After the trouble: ingest killed once more, the rest played as fast as it goes."""
        assert self.playing(), "the recording ended before the trouble did: choose a lower speed"
        self.kill("ingest-1", restart=False)
        self.start("ingest-1")
        self.finish()

    def _environment(self) -> dict[str, str]:
        theirs = {k: v for k, v in os.environ.items() if not k.startswith("VNTAPE_")}
        return theirs | {
            "VNTAPE_KAFKA": self.addresses.kafka,
            "VNTAPE_DATABASE_URL": self.addresses.database,
            "VNTAPE_WRITER_URL": self.addresses.database,
            "VNTAPE_LOCAL_DIR": str(self._folder / "local"),
            "VNTAPE_TAPE": self.tape,
            **self._settings,
        }

    def kill(self, *names: str, restart: bool = True) -> None:
        """SIGKILL, all of them before any is waited for, then start each again at once."""
        for name in names:
            self.workers[name].signal(signal.SIGKILL)
        for name in names:
            self.workers[name].kill()
            if restart:
                self.workers[name].start()
            else:
                del self.workers[name]

    def health(self, name: str) -> dict[str, Any]:
        """What the running process says; empty while it does not answer."""
        file = self._folder / "local" / "main" / "run" / f"{self.tape}-{name}.json"
        try:
            said = json.loads(file.read_text())
            if said["pid"] != self.workers[name].pid:
                return {}
            with urllib.request.urlopen(f"{said['http']}/health", timeout=5) as reply:
                return dict(json.load(reply))
        except urllib.error.HTTPError as e:
            with e:
                return dict(json.load(e))
        except (OSError, ValueError):
            return {}

    def ready(self, name: str) -> bool:
        """Whether it does its work."""
        return self.health(name).get("state", "starting") not in ("starting", "stalled")

    def owned(self, number: int) -> int:
        """How many partitions a classifier worker says it owns."""
        return len(self.health(f"classifier-{number}").get("partitions", ()))

    def played(self) -> int:
        """Records of the recording that ingest has taken; 0 while it does not answer."""
        return int(self.health("ingest-1").get("recording", {}).get("done", 0))

    def playing(self) -> bool:
        """Whether the recording goes on; an AssertionError when ingest gave up."""
        status = self.workers["ingest-1"].poll()
        assert status in (None, EXIT_OK), self.last_words("ingest-1")
        return status is None

    def mend(self) -> None:
        """
        What a supervisor does: start again what ended, unless it ended well or refuses.

        Raises:
            RuntimeError: somebody refuses, for good: no AssertionError, which means "not yet".
        """
        for name, worker in self.workers.items():
            status = worker.poll()
            if status == EXIT_REFUSE:
                raise RuntimeError(self.last_words(name))
            if status not in (None, EXIT_OK):
                self.restarts += 1
                worker.start()

    def finish(self, seconds: float = 120.0) -> None:
        """
        Until the recording has ended and nothing waits anywhere; then all end well, in order.

        A worker may hold outputs that no lag shows, so all are asked to end before the writer's
        places are compared with the ends of its topics.
        """
        calm_since: list[float] = []

        def calm() -> bool:
            self.mend()
            names = [n for n in self.workers if n.startswith(COMPUTING)]
            waiting = [self.health(n).get("waiting_records", -1) for n in names]
            if self.playing() or any(waiting):
                calm_since.clear()
                return False
            calm_since.append(time.monotonic())
            return time.monotonic() - calm_since[0] > CALM_S

        eventually_sync(calm, seconds, every=0.2)
        for service in COMPUTING:
            self.stop(service)
        eventually_sync(lambda: not behind(self.addresses, self.tape), seconds, every=0.2)
        self.stop("writer")

    def stop(self, service: str) -> None:
        """SIGTERM to all workers of a service; each must end with 0."""
        mine = {n: w for n, w in self.workers.items() if n.rpartition("-")[0] == service}
        for worker in mine.values():
            worker.signal(signal.SIGTERM)
        for name, worker in mine.items():
            eventually_sync(lambda w=worker: w.poll() is not None, 20)
            assert worker.poll() == EXIT_OK, self.last_words(name)

    def last_words(self, name: str) -> str:
        """The end of its log."""
        return f"--- {name}\n{self.workers[name].log()[-3000:]}"

    def end(self) -> None:
        """Kill whatever still runs."""
        for worker in self.workers.values():
            if worker.poll() is None:
                worker.kill()


@contextmanager
def crew(
    addresses: Addresses, tape: str, folder: Path, manifest: Path, **settings: object
) -> Iterator[Crew]:
    """
    A crew for a new tape, nobody started; on a failure the last words of all are printed.

    Without `settings` theirs are those of a crash test.
    """
    # More snapshots and a shorter session than in production: more to go wrong.
    hurried = {"snapshot_interval_s": 1, "session_timeout_s": 3}
    made = Crew(addresses, tape, folder, manifest, **(settings or hurried))
    folder.mkdir(exist_ok=True)
    try:
        made.prepare()
        yield made
    except BaseException:
        for name in made.workers:
            print(made.last_words(name))
        raise
    finally:
        made.end()
