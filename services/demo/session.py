"""One tape of a demo: its services started, something played, everything compared."""

import asyncio
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console

from schemas.topic import Topic
from services.demo.children import Child, ChildError, Children
from services.demo.ground import gateway_port
from services.demo.played import COMPUTING
from services.report.facts import Tape
from services.runtime import topics_admin
from services.runtime.settings import Settings
from services.writer.schema import migrate

DONE_S = 60.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a demo found: whether all agrees, and the tape it is of."""

    agrees: bool
    tape: Tape = field(repr=False)


class Session(ABC):
    """
    A tape with its services; use as `with Session(...).running():`.

    Attributes:
        computing: services on the pump, one worker each.
        needs: variables that these, the writer and the gateway ask for.
    """

    def __init__(self, settings: Settings, console: Console) -> None:
        self.settings, self.console = settings, console
        self.computing: Sequence[str] = COMPUTING
        self.needs: Mapping[str, str] = {}
        self.children = Children(settings)

    @property
    @abstractmethod
    def title(self) -> str:
        """What is played, for people."""

    @abstractmethod
    def topics(self) -> list[Topic]:
        """What the tape needs."""

    @abstractmethod
    def play(self, gateway_url: str) -> None:
        """Play it, and show how far it is; what was played before is not played again."""

    @abstractmethod
    def finish(self) -> Outcome:
        """Count everything independently, print the tables, compare."""

    @property
    @abstractmethod
    def is_vietnamese(self) -> bool:
        """Whether a price board can be made of it."""

    def prepare(self) -> bool:
        """Topics and tables of the tape; True when the tape is new."""
        assert self.settings.kafka is not None
        made = asyncio.run(
            topics_admin.apply(self.settings.kafka, self.settings.tape, self.topics())
        )
        migrate(self.settings)
        return bool(made)

    @contextmanager
    def running(self) -> Iterator[Child]:
        """Writer, computing services and gateway up; gives the gateway. Ends all of them."""
        try:
            self.children.start("writer", **self.needs)
            for name in self.computing:
                self.children.start(name, "--workers", "1", **self.needs)
            port = str(gateway_port(self.settings))
            gateway = self.children.start("gateway", "--port", port, **self.needs)
            self.children.wait_ready()
            yield gateway
        finally:
            self.children.stop()

    def wait_done(self) -> None:
        """
        Until nobody has input waiting, twice in a row.

        Raises:
            ChildError: somebody still has, and in a minute it has not become less. (A machine
                that is busy with other things may take many.)
        """
        calm, least, deadline = 0, math.inf, time.monotonic() + DONE_S
        services = [c for n, c in self.children.by_name.items() if n in (*self.computing, "writer")]
        while calm < 2:
            waiting = {}
            for child in services:
                child.check()
                health = child.health()
                waiting[child.name] = health["waiting_records"] if health else -1
            calm = calm + 1 if not any(waiting.values()) else 0
            if -1 not in waiting.values() and sum(waiting.values()) < least:
                least, deadline = sum(waiting.values()), time.monotonic() + DONE_S
            if time.monotonic() > deadline:
                raise ChildError(f"input waits, no less than {DONE_S:.0f} s ago: {waiting}")
            time.sleep(1.1)  # lags are measured once a second
