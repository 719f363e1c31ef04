"""`vntape demo` as a person runs it, against the tests' stack."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from services.stack import Addresses
from tests.support.ingest import ROOT


@dataclass
class Demos:
    """`vntape` against the tests' stack; the tapes that its demos made."""

    stack: Addresses
    folder: Path
    tapes: list[str] = field(default_factory=list)

    def run(self, *arguments: str) -> tuple[int, str]:
        """Exit status and everything it said."""
        env = {k: v for k, v in os.environ.items() if not k.startswith("VNTAPE_")} | {
            "VNTAPE_KAFKA": self.stack.kafka,
            "VNTAPE_DATABASE_URL": self.stack.database,
            "VNTAPE_LOCAL_DIR": str(self.folder),
            "VNTAPE_GATEWAY_PORT": "0",
        }
        command = [sys.executable, "-m", "services.cli", *arguments]
        ended = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, timeout=200)
        return ended.returncode, (ended.stdout + ended.stderr).decode()

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
