"""Real processes: who is killed leaves none behind."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.eventually import eventually_sync

CHILD = (
    "import os, pathlib, signal, sys, time; "
    "pathlib.Path(sys.argv[1]).write_text(str(os.getpid())); time.sleep(60)"
)
SUPERVISOR = """
import sys
from services.runtime.supervisor import Supervisor
commands = [[sys.executable, "-c", sys.argv[1], path] for path in sys.argv[2:]]
Supervisor(commands, print).run()
"""
DEMO = """
import pathlib, subprocess, sys, time
from services.demo import children
from services.runtime.settings import Settings
start = subprocess.Popen
def popen(arguments, **options):
    return start([sys.executable, "-c", sys.argv[1], sys.argv[2]], **options)
subprocess.Popen = popen
folder = pathlib.Path(sys.argv[2]).parent
children.Children(Settings(local_dir=folder)).start("writer")
time.sleep(60)
"""


def _alive(pid: int) -> bool:
    try:
        # A zombie that nobody waits for has ended, too.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize(("parent", "count"), [(SUPERVISOR, 3), (DEMO, 1)])
def test_children_of_a_killed_parent_end(parent: str, count: int, tmp_path: Path) -> None:
    files = [tmp_path / f"{n}.pid" for n in range(count)]
    process = subprocess.Popen([sys.executable, "-c", parent, CHILD, *map(str, files)])
    pids: list[int] = []
    try:
        eventually_sync(lambda: all(f.exists() and f.read_text() for f in files), 20)
        pids = [int(f.read_text()) for f in files]
        assert all(map(_alive, pids))
        process.kill()
        process.wait()
        eventually_sync(lambda: not any(map(_alive, pids)), 10)
    finally:
        process.kill()
        process.wait()
        for pid in filter(_alive, pids):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
