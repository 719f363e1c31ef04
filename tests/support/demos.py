"""`vntape demo` as a person runs it, against the tests' stack."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from services.stack import Addresses
from tests.support.ingest import ROOT


def _command(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "services.cli", *arguments]


@dataclass(frozen=True)
class Running:
    """A command under way."""

    process: subprocess.Popen[bytes]
    log: Path

    def said(self) -> str:
        """Everything so far; it must not have ended."""
        text = self.log.read_text()
        if self.process.poll() is not None:
            raise RuntimeError(f"it ended with {self.process.returncode}:\n{text}")
        return text


@dataclass
class Demos:
    """`vntape` against the tests' stack; the tapes that its demos made."""

    stack: Addresses
    folder: Path
    tapes: list[str] = field(default_factory=list)

    def run(self, *arguments: str) -> tuple[int, str]:
        """Exit status and everything it said."""
        command, env = _command(arguments), self._environment()
        ended = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, timeout=200)
        return ended.returncode, (ended.stdout + ended.stderr).decode()

    @contextmanager
    def running(self, *arguments: str) -> Iterator["Running"]:
        """The command while it runs; interrupted afterwards, as by Ctrl-C, if it still does."""
        self.folder.mkdir(parents=True, exist_ok=True)
        log = self.folder / "said.log"
        with log.open("wb") as said:
            process = subprocess.Popen(
                _command(arguments), cwd=ROOT, env=self._environment(), stdout=said, stderr=said
            )
        try:
            yield Running(process, log)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait(60)

    def pid_of(self, tape: str, worker: str) -> int | None:
        """Of a service as it runs now; None while it starts."""
        path = self.folder / "main" / "run" / f"{tape}-{worker}.json"
        return int(json.loads(path.read_text())["pid"]) if path.exists() else None

    def _environment(self) -> dict[str, str]:
        return {k: v for k, v in os.environ.items() if not k.startswith("VNTAPE_")} | {
            "VNTAPE_KAFKA": self.stack.kafka,
            "VNTAPE_DATABASE_URL": self.stack.database,
            "VNTAPE_LOCAL_DIR": str(self.folder),
            "VNTAPE_GATEWAY_PORT": "0",
        }

    def demo(self, recording: Path, tape: str, *options: str) -> str:
        """Play it onto the tape that is expected; it must reconcile."""
        self.tapes.append(tape)
        status, said = self.run(
            "demo", "--once", "--paced", "1", "--recording", str(recording), *options
        )
        assert status == 0, said
        assert f"tape {tape}," in said
        return said

    def reconciliation(self, tape: str, recording: Path) -> int:
        """Exit status of the report."""
        arguments = ("report", "reconciliation", "--tape", tape, "--recording", str(recording))
        return self.run(*arguments)[0]
