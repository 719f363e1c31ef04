"""Runs some processes of one kind and restarts at once those that end in a crash."""

import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Final

from services.runtime.exits import EXIT_REFUSE
from services.runtime.orphans import with_parent

EXIT_OK: Final = 0

STEADY_S = 10.0
"""A process that lived so long crashed for a new reason: restart it at once."""
LONGEST_PAUSE_S = 5.0
STOP_S = 10.0


@dataclass(slots=True)
class _Worker:
    arguments: list[str]
    process: subprocess.Popen[bytes] | None = None
    born: float = 0.0
    pause_s: float = 0.0
    due: float = 0.0
    code: int | None = None
    history: list[int] = field(default_factory=list)


class Supervisor:
    """
    One process for each list of arguments.

    A crash restarts at once; crashes in quick succession wait longer and longer, up to 5 s.
    Exit 0 and 78 (refused) are final. On Linux the processes end with it, even if it is killed.
    """

    def __init__(self, commands: Sequence[list[str]], report: Callable[[str], None]) -> None:
        self._workers = [_Worker(arguments) for arguments in commands]
        self._report = report
        self._stopping = False

    def run(self) -> int:
        """
        Until all have ended, or SIGTERM or SIGINT asks to stop.

        Returns:
            0, or the first exit status of a process that refused.
        """
        for wish in (signal.SIGTERM, signal.SIGINT):
            signal.signal(wish, self._stop)
        while not self._stopping and any(w.code is None for w in self._workers):
            now = time.monotonic()
            for worker in self._workers:
                self._tend(worker, now)
            time.sleep(0.05)
        self._end()
        return next((w.code for w in self._workers if w.code), 0)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _tend(self, worker: _Worker, now: float) -> None:
        if worker.code is not None:
            return
        if worker.process is None:
            if now >= worker.due:
                worker.born = now
                worker.process = subprocess.Popen(  # noqa: S603
                    worker.arguments,
                    preexec_fn=with_parent(),
                )
            return
        code = worker.process.poll()
        if code is None:
            return
        worker.process = None
        if code in (EXIT_OK, EXIT_REFUSE):
            worker.code = code
            return
        lived = now - worker.born
        worker.pause_s = 0.0 if lived > STEADY_S else min(LONGEST_PAUSE_S, worker.pause_s * 2 + 0.1)
        worker.due = now + worker.pause_s
        self._report(f"{' '.join(worker.arguments[-4:])}: ended with {code}, restarting")

    def _end(self) -> None:
        running = [w.process for w in self._workers if w.process is not None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + STOP_S
        for process in running:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
