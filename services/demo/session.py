"""One demo: everything started, a recording played, everything compared."""

import asyncio
import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from schemas.topics import BINANCE
from services import stack
from services.demo.children import Child, ChildError, Children
from services.demo.watcher import Watcher
from services.report import facts, tables
from services.report.delays import Received, stages
from services.report.independent import Recording, count
from services.report.reconcile import Check, reconcile
from services.runtime import topics_admin
from services.runtime.settings import Settings
from services.writer.schema import migrate

PACED_S = 20.0
SETTLE_S = 5.0
"""The first seconds of the paced part, in which the backlog of the fast part is still worked off,
are left out of the latency."""
DONE_S = 60.0

RUNNING = ("ingest", "classifier", "writer", "gateway")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a demo found: the comparisons, and whether all agree."""

    checks: Sequence[Check]
    agrees: bool


class Session:
    """A tape with its services; use as `with Session(...).running():`."""

    def __init__(
        self, settings: Settings, manifest: Path, console: Console, paced_s: float = PACED_S
    ) -> None:
        """
        `paced_s`: so many last seconds of the recording play at 1x, to see the latency.

        Raises:
            RuntimeError: the recording is of a feed whose files the independent count cannot read.
        """
        feeds = {entry["feed"] for entry in json.loads(manifest.read_text())["files"]}
        if feeds != {"binance"}:
            raise RuntimeError(
                f"{manifest.name} is of {', '.join(sorted(feeds))}: the demo reconciles Binance "
                "recordings; `vntape run ingest --recording` plays any"
            )
        self.settings, self.manifest, self.console = settings, manifest, console
        self.paced_s = paced_s
        self.children = Children(settings)
        self.received: Received = {}

    @property
    def symbols(self) -> list[str]:
        """The instruments that the manifest describes."""
        reference = json.loads(self.manifest.read_text())["reference"]
        return [instrument["symbol"] for instrument in reference["instruments"]]

    def prepare(self) -> bool:
        """Topics and tables of the tape; True when the tape is new."""
        assert self.settings.kafka is not None
        needed = topics_admin.needed(RUNNING, [BINANCE.name])
        made = asyncio.run(topics_admin.apply(self.settings.kafka, self.settings.tape, needed))
        migrate(self.settings)
        return bool(made)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """
        No other demo has this tape meanwhile.

        Raises:
            RuntimeError: one has; the text says which process.
        """
        path = self.settings.local_dir / self.settings.stack / "run" / f"{self.settings.tape}.demo"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                raise RuntimeError(
                    f"tape {self.settings.tape} is another demo's (pid {file.read().strip()}): "
                    "end that one, or play on a fresh tape with AGAIN=1 (--again)"
                ) from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield

    @contextmanager
    def running(self) -> Iterator[Child]:
        """Writer, classifier and gateway up; gives the gateway. Ends all of them."""
        try:
            self.children.start("writer")
            self.children.start("classifier", "--workers", "1")
            gateway = self.children.start("gateway", "--port", str(gateway_port(self.settings)))
            self.children.wait_ready()
            yield gateway
        finally:
            self.children.stop()

    def play(self, gateway_url: str) -> None:
        """Play the recording with a progress bar; resumes where an earlier one stopped."""
        watcher = Watcher(gateway_url, self.symbols)
        watcher.start()
        ingest = self.children.start(
            "ingest", "--recording", str(self.manifest), "--paced-last", str(self.paced_s)
        )
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(40),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.console,
        ) as bar:
            task = bar.add_task("looking where the recording stands", total=None)
            while ingest.process.poll() is None:
                said = (ingest.health() or {}).get("recording")
                if said:
                    doing = "playing at 1x for latency" if said["paced"] else None
                    if said["done"] == said["total"]:
                        doing = "the whole recording is there"
                    bar.update(
                        task,
                        completed=said["done"],
                        total=said["total"],
                        description=doing or "playing as fast as it goes",
                    )
                time.sleep(0.2)
            ingest.check()
            bar.update(task, completed=bar.tasks[0].total or 0)
        self.wait_done()
        self.received = watcher.stop()

    def wait_done(self) -> None:
        """
        Until nobody has input waiting, twice in a row.

        Raises:
            ChildError: somebody still has after a minute.
        """
        calm, deadline = 0, time.monotonic() + DONE_S
        services = [c for n, c in self.children.by_name.items() if n in ("classifier", "writer")]
        while calm < 2:
            waiting = {}
            for child in services:
                child.check()
                health = child.health()
                waiting[child.name] = health["waiting_records"] if health else -1
            calm = calm + 1 if not any(waiting.values()) else 0
            if time.monotonic() > deadline:
                raise ChildError(f"input still waiting after {DONE_S:.0f} s: {waiting}")
            time.sleep(1.1)  # lags are measured once a second

    def finish(self) -> Outcome:
        """Count everything independently, print the tables, compare."""
        settings = self.settings
        assert settings.kafka is not None
        assert settings.database_url is not None
        url = settings.database_url.get_secret_value()
        files: Recording = count(self.manifest)
        tape = asyncio.run(facts.read(settings.kafka, settings.tape))
        rows = facts.stored_rows(url, settings.tape)
        tables.messages(self.console, tape, rows)
        if self.received and self.paced_s > SETTLE_S:
            ends = {venue: times[-1][0] for venue, times in tape.raw.times.items()}
            paced = int((self.paced_s - SETTLE_S) * 1e6)
            starts = {venue: end - paced for venue, end in ends.items()}
            tables.speed(self.console, tape, stages(tape, self.received, starts))
        tables.accuracy(self.console, tape)
        checks = reconcile(files, tape, facts.stored_trades(url, settings.tape), rows)
        return Outcome(checks, tables.checks(self.console, checks))


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


def bring_up(settings: Settings, console: Console) -> Settings:
    """
    The local stack, started; settings that name its addresses.

    Nothing is started where the settings name both Kafka and the database.
    """
    from pydantic import SecretStr

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
