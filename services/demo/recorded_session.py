"""A tape of a demo onto which a recording is played."""

import asyncio
import time
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from schemas.topic import Topic
from services.demo.children import Child, ChildError
from services.demo.played import Played
from services.demo.session import Outcome, Session
from services.demo.watcher import Watcher
from services.report import facts, stored, tables
from services.report.delays import Received, stages
from services.report.independent import Recording, count
from services.report.reconcile import Stored, reconcile
from services.runtime.exits import EXIT_REFUSE
from services.runtime.settings import Settings

SETTLE_S = 5.0
"""The first seconds of the paced part, in which the backlog of the fast part is still worked off,
are left out of the latency."""


class RecordedSession(Session):
    """Everything that comes out is compared with the files."""

    def __init__(
        self, settings: Settings, manifest: Path, console: Console, paced_s: float
    ) -> None:
        """`paced_s`: so many last seconds of the recording play at 1x, to see the latency."""
        super().__init__(settings, console)
        self.played, self.paced_s = Played(manifest), paced_s
        self.received: Received = {}

    @property
    def title(self) -> str:
        """See `Session`."""
        return self.played.title

    @property
    def is_vietnamese(self) -> bool:
        """See `Session`."""
        return self.played.is_vietnamese

    def topics(self) -> list[Topic]:
        """See `Session`."""
        return self.played.topics()

    def play(self, gateway_url: str) -> None:
        """See `Session`: it resumes where an earlier one stopped."""
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

    def finish(self) -> Outcome:
        """See `Session`."""
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
        return Outcome(tables.checks(self.console, checks), tape)
