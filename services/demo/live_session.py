"""A tape of a demo that ingest makes live, from the simulated exchange."""

import asyncio
import signal
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from schemas.topic import Topic
from services.analytics.app import topics_with_rules
from services.demo.children import Child, ChildError
from services.demo.exchange import DAY, Exchange
from services.demo.played import COMPUTING
from services.demo.session import Outcome, Session
from services.report import facts, stored, tables
from services.report.truth import kept, table, told
from services.report.truth.compare import compare
from services.runtime.settings import Settings

MARKET_WIDE = (
    "foreign", "derivatives", "index", "index-merge", "orderflow", "orderflow-index",
    "analytics-busd", "analytics-busd-merge",
)  # fmt: skip
"""What the Vietnamese market has beside the services of every demo."""
RATES = {"VNTAPE_DERIVATIVES_RATE": "0.045", "VNTAPE_DERIVATIVES_DIVIDEND_YIELD": "0.015"}
"""Round figures for a simulated market, no quotations."""
LEAST_AGREEMENT = 99.0
_OPENS_S, _CLOSES_S = (8 * 60 + 40) * 60, (15 * 60 + 32) * 60
_DRAINED_S = 60.0


class LiveSession(Session):
    """The database is compared with what truly happened. Who is killed is started again."""

    def __init__(self, settings: Settings, console: Console, speed: float) -> None:
        """`speed`: seconds of the exchange's day in one of ours."""
        super().__init__(settings, console)
        rules = (f"analytics-{name}" for name in topics_with_rules(settings))
        self.computing = (*COMPUTING, *MARKET_WIDE, *rules)
        self.exchange = Exchange(folder(settings), speed)
        # They start before it opens, and measure by its clock how old messages are.
        self.needs = RATES | {"VNTAPE_RECEIVE_CLOCK": f"@{self.exchange.clock}"}

    @property
    def title(self) -> str:
        """See `Session`."""
        return self.exchange.title

    @property
    def is_vietnamese(self) -> bool:
        """See `Session`."""
        return True

    def topics(self) -> list[Topic]:
        """See `Session`."""
        return self.exchange.topics(self.computing)

    def prepare(self) -> bool:
        """See `Session`; on a new tape nothing was played, whatever an earlier one left."""
        new = super().prepare()
        if new:
            self.exchange.forget()
        return new

    def play(self, gateway_url: str) -> None:  # noqa: ARG002  # the board is watched there
        """See `Session`."""
        if self.exchange.finished:
            return
        where = self.exchange.open(self.children)
        ingest = self.children.start("ingest", "--feed", "ssi_v2,iboard", **where)
        self._follow()
        ingest = self.children.by_name["ingest"]
        self._drain(ingest)
        ingest.process.send_signal(signal.SIGTERM)
        ingest.process.wait(_DRAINED_S)
        ingest.check()
        self.wait_done()

    def _follow(self) -> None:
        columns = TextColumn("{task.description}"), BarColumn(40), TextColumn("{task.fields[said]}")
        with Progress(*columns, TimeElapsedColumn(), console=self.console) as bar:
            task = bar.add_task(DAY, total=_CLOSES_S - _OPENS_S, said="")
            while not (state := self.exchange.state()).get("ended"):
                for sentence in self.children.mend("exchange"):
                    bar.console.print(f"[yellow]{sentence}[/yellow]")
                self._check_ingest()
                if state:
                    bar.update(task, completed=_seconds(state) - _OPENS_S, said=_said(state))
                time.sleep(0.2)
            bar.update(task, completed=_CLOSES_S - _OPENS_S, said=_said(state))

    def _check_ingest(self) -> None:
        """One that refuses is not started again: nothing would ever come."""
        ingest = self.children.by_name["ingest"]
        if ingest.process.poll() is not None:
            ingest.check()

    def _drain(self, ingest: Child) -> None:
        """Until ingest has played everything that came."""
        deadline = time.monotonic() + _DRAINED_S
        while True:
            live: dict[str, Any] = (ingest.health() or {}).get("live", {})
            if live.get("waiting_bytes") == 0:
                return
            ingest.check()
            if time.monotonic() > deadline:
                raise ChildError(f"ingest does not come to an end: {live}\n{ingest.tail()}")
            time.sleep(0.3)

    def finish(self) -> Outcome:
        """See `Session`."""
        settings = self.settings
        assert settings.kafka is not None
        assert settings.database_url is not None
        url = settings.database_url.get_secret_value()
        tape = asyncio.run(facts.read(settings.kafka, settings.tape))
        tables.messages(self.console, tape, stored.rows(url, settings.tape))
        truth = told.read(self.exchange.folder)
        days = truth.day, truth.first_us, truth.end_us
        found = compare(truth, kept.read(url, settings.tape, *days), LEAST_AGREEMENT)
        table.show(self.console, found)
        return Outcome(found.holds, tape)


def folder(settings: Settings) -> Path:
    """What the exchange of a tape left."""
    return settings.local_dir / settings.stack / "exchange" / settings.tape


def _seconds(state: dict[str, Any]) -> int:
    """Since midnight, of the last message that was sent."""
    hours, minutes, seconds = map(int, state["sent_until"].split(":"))
    return (hours * 60 + minutes) * 60 + seconds


def _said(state: dict[str, Any]) -> str:
    if not state:
        return ""
    clock = state["clock"] or "before the opening"
    return f"{clock}, {len(state['connections'])} connected, {state['sent']:,} messages"
