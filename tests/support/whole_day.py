"""A simulated day, recorded and played through the whole path, and reports over its tape."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from services.stack import Addresses
from tests.support.ingest import ROOT
from tests.support.path import crew

DATE = "2026-11-20"
SERVICES = ("classifier-1", "board-1", "writer-1")


@dataclass(frozen=True)
class WholeDay:
    """
    A tape that holds a simulated day.

    Attributes:
        folder: of the recording, with the truth.
        recorded_s, played_s: how long recording took, and from the first record to the last row.
    """

    stack: Addresses
    tape: str
    folder: Path
    recorded_s: float
    played_s: float

    @property
    def manifest(self) -> Path:
        """Of the recording."""
        return self.folder / "manifest.json"

    @property
    def messages(self) -> int:
        """How many the exchange sent."""
        counts = json.loads((self.folder / "truth-day.json").read_text())["messages"]
        return sum(counts.values())

    def report(self, *words: str) -> tuple[int, str]:
        """`vntape report …` on the tape: exit status and all that it said."""
        ended = vntape(self.stack, self.folder.parent, "report", *words, "--tape", self.tape)
        return ended.returncode, (ended.stdout + ended.stderr).decode()


def vntape(stack: Addresses, folder: Path, *words: str) -> "subprocess.CompletedProcess[bytes]":
    """A command, against the tests' stack."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("VNTAPE_")} | {
        "VNTAPE_KAFKA": stack.kafka,
        "VNTAPE_DATABASE_URL": stack.database,
        "VNTAPE_LOCAL_DIR": str(folder / "local"),
    }
    command = [sys.executable, "-m", "services.cli", *words]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, timeout=900)


def played(stack: Addresses, tape: str, folder: Path, *options: str, seconds: float) -> WholeDay:
    """
    Record a day with these options of `vntape simulate record` and play it as fast as it goes.

    Ingest, classifier, board and writer have all ended well afterwards, none was started again.
    """
    day, began = folder / "day", time.monotonic()
    made = vntape(stack, folder, "simulate", "record", "--out", str(day), "--day", DATE, *options)
    assert made.returncode == 0, made.stderr.decode()
    recorded_s, began = time.monotonic() - began, time.monotonic()
    settings = {"receive_clock": "recorded"}
    with crew(stack, tape, folder / "crew", day / "manifest.json", **settings) as path:
        for name in (*SERVICES, "ingest-1"):
            path.start(name)
        path.finish(seconds)
        assert path.restarts == 0
    return WholeDay(stack, tape, day, recorded_s, time.monotonic() - began)
