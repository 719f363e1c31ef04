"""One tape of a demo: its services started, a recording played, everything compared."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from services.demo.children import Child, ChildError, Children
from services.demo.ground import gateway_port
from services.demo.played import COMPUTING, Played
from services.demo.watcher import Watcher
from services.report import facts, stored, tables
from services.report.delays import Received, stages
from services.report.facts import Tape
from services.report.independent import Recording, count
from services.report.reconcile import Check, Stored, reconcile
from services.runtime import topics_admin
from services.runtime.settings import Settings
from services.runtime.supervisor import EXIT_REFUSE
from services.writer.schema import migrate

SETTLE_S = 5.0
"""The first seconds of the paced part, in which the backlog of the fast part is still worked off,
are left out of the latency."""
DONE_S = 60.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a demo found: the comparisons, whether all agree, and the tape they are of."""

    checks: Sequence[Check]
    agrees: bool
    tape: Tape = field(repr=False)


class Session:
    """A tape with its services; use as `with Session(...).running():`."""

    def __init__(
        self, settings: Settings, played: Played, console: Console, paced_s: float
    ) -> None:
        """`paced_s`: so many last seconds of the recording play at 1x, to see the latency."""
        self.settings, self.played, self.console = settings, played, console
        self.paced_s = paced_s
        self.children = Children(settings)
        self.received: Received = {}

    def prepare(self) -> bool:
        """Topics and tables of the tape; True when the tape is new."""
        assert self.settings.kafka is not None
        made = asyncio.run(
            topics_admin.apply(self.settings.kafka, self.settings.tape, self.played.topics())
        )
        migrate(self.settings)
        return bool(made)

    @contextmanager
    def running(self) -> Iterator[Child]:
        """Writer, computing services and gateway up; gives the gateway. Ends all of them."""
        try:
            self.children.start("writer")
            for name in COMPUTING:
                self.children.start(name, "--workers", "1")
            gateway = self.children.start("gateway", "--port", str(gateway_port(self.settings)))
            self.children.wait_ready()
            yield gateway
        finally:
            self.children.stop()

    def play(self, gateway_url: str) -> None:
        """Play the recording with a progress bar; resumes where an earlier one stopped."""
        watcher = Watcher(gateway_url, self.played.symbols)
        watcher.start()
        recording = str(self.played.manifest)
        ingest = self.children.start(
            "ingest", "--recording", recording, "--paced-last", str(self.paced_s)
        )
        self._follow(ingest)
        self.wait_done()
        self.received = watcher.stop()

    def _follow(self, ingest: Child) -> None:
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
            self._check(ingest)
            bar.update(task, completed=bar.tasks[0].total or 0)

    def _check(self, ingest: Child) -> None:
        try:
            ingest.check()
        except ChildError as e:
            if ingest.process.returncode != EXIT_REFUSE:
                raise
            raise ChildError(f"{e}\nAGAIN=1 (--again) plays on a fresh tape") from e

    def wait_done(self) -> None:
        """
        Until nobody has input waiting, twice in a row.

        Raises:
            ChildError: somebody still has after a minute.
        """
        calm, deadline = 0, time.monotonic() + DONE_S
        services = [c for n, c in self.children.by_name.items() if n in (*COMPUTING, "writer")]
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
        files: Recording = count(self.played.manifest)
        tape = asyncio.run(facts.read(settings.kafka, settings.tape))
        rows = stored.rows(url, settings.tape)
        tables.messages(self.console, tape, rows)
        if self.received and self.paced_s > SETTLE_S:
            ends = {venue: times[-1][0] for venue, times in tape.raw.times.items()}
            paced = int((self.paced_s - SETTLE_S) * 1e6)
            starts = {venue: end - paced for venue, end in ends.items()}
            tables.speed(self.console, tape, stages(tape, self.received, starts))
        tables.accuracy(self.console, tape)
        held = Stored(stored.trades(url, settings.tape), rows, stored.flow(url, settings.tape))
        checks = reconcile(files, tape, held)
        return Outcome(checks, tables.checks(self.console, checks), tape)
