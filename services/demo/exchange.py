"""The Vietnamese exchange of the demo: simulated, a process that SSI's clients can connect to."""

import json
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.topic import Topic
from services.demo.children import Child, ChildError, Children
from services.demo.played import AROUND
from services.ingest.core.registry import FEEDS as DECODED
from services.runtime import topics_admin
from services.runtime.settings import PREFIX, Settings

DAY, SEED, SCALE, UNIVERSE = "2026-11-20", 20, 0.015, "vn30"
"""A day of VN30 and its futures with some thousand prints."""
CHANNELS = "F,X-TRADE,X-QUOTE,R,MI,B,OL,L,S"
"""What SSI sends, and B and L# beside it: their volume must not count twice."""
BEGINS = "08:40"
"""Five minutes before the first auction."""
READY_S = 12.0
"""For ingest to connect, before the day begins."""
FEEDS = ("ssi", "iboard")
_TRUTH = "truth-day.json"


@dataclass(slots=True)
class Exchange:
    """
    A day of it, with what it leaves in `folder`: the truth, and the day's reference data.

    Attributes:
        speed: seconds of the day in one of ours.
    """

    folder: Path
    speed: float
    title: str = f"A trading day of VN30, {DAY}, over SSI's and iBoard's protocols"
    _child: Child | None = None
    _control: str = ""

    @property
    def finished(self) -> bool:
        """Whether the day was played to its end, now or once before."""
        return (self.folder / _TRUTH).exists()

    @property
    def clock(self) -> Path:
        """Where its clock stands as VNTAPE_RECEIVE_CLOCK has it, once it is open."""
        return self.folder / "clock"

    def forget(self) -> None:
        """The day is to be played, whatever the folder holds."""
        (self.folder / _TRUTH).unlink(missing_ok=True)
        self.clock.unlink(missing_ok=True)

    def topics(self, computing: Sequence[str]) -> list[Topic]:
        """What its tape needs for these services on the pump and those around them."""
        raw = {name for feed in FEEDS for name in DECODED[feed].topics}
        return topics_admin.needed(("ingest", *computing, *AROUND), raw)

    def symbols(self) -> list[str]:
        """The instruments of the day, once it is open."""
        path = self.folder / "reference" / "day-prices.csv"
        lines = (line.split(",") for line in path.read_text().splitlines())
        return sorted(line[1] for line in lines if line[0] == DAY)

    def open(self, children: Children) -> dict[str, str]:
        """
        Start it; the variables with which ingest finds it. Its day begins READY_S later.

        Raises:
            ChildError: it ended, or does not say where it is.
        """
        options = {
            "seed": SEED, "day": DAY, "scale": SCALE, "universe": UNIVERSE, "channels": CHANNELS,
            "speed": f"{self.speed:g}", "from": BEGINS, "begin-in": READY_S, "port": 0,
            "truth": self.folder, "reference": self.folder / "reference",
        }  # fmt: skip
        words = [text for name, value in options.items() for text in (f"--{name}", str(value))]
        self.folder.mkdir(parents=True, exist_ok=True)
        child = self._child = children.start_other("exchange", "simulate", "serve", *words)
        deadline = time.monotonic() + READY_S * 2
        # Its clock is the last that it tells.
        while "VNTAPE_RECEIVE_CLOCK=" not in (said := child.log.read_text()):
            child.check()
            if time.monotonic() > deadline:
                raise ChildError(f"the exchange does not open:\n{child.tail()}")
            time.sleep(0.1)
        lines = said.splitlines()
        self._control = next(
            line.partition(": ")[2] for line in lines if line.startswith("# faults and state: ")
        )
        told = dict(line.split("=", 1) for line in lines if line.startswith(PREFIX))
        draft = self.clock.with_suffix(".draft")
        draft.write_text(told["VNTAPE_RECEIVE_CLOCK"])
        draft.replace(self.clock)
        # It speaks more protocols than ingest is asked to.
        known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
        found = {name: value for name, value in told.items() if name in known}
        return found | {"VNTAPE_IBOARD_SYMBOLS": ",".join(self._watched())}

    def _watched(self) -> Sequence[str]:
        """iBoard is asked for the futures, whose open interest nobody else tells."""
        return [symbol for symbol in self.symbols() if symbol[0].isdecimal()]

    def state(self) -> dict[str, Any]:
        """
        What its control port says.

        Raises:
            ChildError: it ended before its day did.
        """
        assert self._child is not None
        try:
            with urllib.request.urlopen(f"{self._control}state", timeout=2) as reply:  # noqa: S310
                found: dict[str, Any] = json.load(reply)
                return found
        except OSError:
            if self._child.process.poll() is not None:
                raise ChildError(
                    f"the exchange ended in the middle of its day:\n{self._child.tail()}\n"
                    "AGAIN=1 (--again) begins another day"
                ) from None
            return {}
