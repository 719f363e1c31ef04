"""
The Community edition of TimescaleDB in this machine's memory, for SQL that Apache's refuses.

No package of Debian has it. A package of npm does, compiled to WebAssembly with PostgreSQL 17 (a
development version, 2.23.0): the real planner, aggregates, policies and columnstore, in one
process with one connection. It is no server: nothing of ours connects to it but these tests.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from services.stack import tools
from tests.support.stack import ROOT

_SOURCE = Path(__file__).parent / "community"
_HOME = ROOT / ".local" / "community"


class CommunityError(Exception):
    """The database refused; the text is its own."""


class Community:
    """One database; SQL in, rows out."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def run(self, sql: str, *params: Any) -> list[dict[str, Any]]:
        """
        The rows of the last statement; with `params` ($1, …) there is only one.

        Raises:
            CommunityError: it fails.
        """
        question = json.dumps({"sql": sql, "params": list(params) or None})
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(question + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise CommunityError(f"the database is gone at {sql[:200]!r}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise CommunityError(f"{answer['error']} at {sql[:200]!r}")
        rows: list[dict[str, Any]] = answer["rows"]
        return rows


@contextmanager
def community() -> Iterator[Community]:
    """
    An empty database with the extension; about 2 s.

    Raises:
        StackError: there is no Node, and it cannot be installed.
        RuntimeError: npm could not get the package.
    """
    home = _installed()
    with subprocess.Popen(
        ["node", str(_SOURCE / "serve.mjs"), str(home)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            database = Community(process)
            database.run("SET timezone = 'UTC'; CREATE EXTENSION timescaledb")
            yield database
        finally:
            process.kill()


def _installed() -> Path:
    """Of the versions and hashes of the lock file; nothing of the package is run meanwhile."""
    tools.require(["node", "npm"], print, install=True)
    lock = (_SOURCE / "package-lock.json").read_bytes()
    kept = _HOME / "package-lock.json"
    complete = _HOME / "node_modules" / ".package-lock.json"  # npm writes it last
    if not complete.exists() or not kept.exists() or kept.read_bytes() != lock:
        _HOME.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(_SOURCE / name, _HOME / name)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        ended = subprocess.run(command, cwd=_HOME, capture_output=True, text=True, check=False)
        if ended.returncode:
            kept.unlink(missing_ok=True)
            raise RuntimeError(f"`{' '.join(command)}` failed: {ended.stderr[-500:]}")
    return _HOME
