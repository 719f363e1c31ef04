"""
Processes of the stack, found by what they are and never by a remembered number.

A process belongs to an instance when its executable has the right name and its working folder
is the instance's own. So there is no pid file to go stale: a recycled pid, a restarted machine
or a `vntape` killed between starting and recording cannot mislead us.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True)
class Process:
    """A living process: its pid and its command line's words."""

    pid: int
    words: tuple[str, ...]


def inside(folder: Path, executable: str) -> list[Process]:
    """Living processes of program `executable` whose working folder is `folder`, by pid."""
    found = []
    for pid in _pids():
        if _is(pid, folder, executable):
            try:
                raw = (_PROC / str(pid) / "cmdline").read_bytes()
            except OSError:
                continue
            words = tuple(w.decode(errors="replace") for w in raw.split(b"\0") if w)
            found.append(Process(pid, words))
    return sorted(found, key=lambda p: p.pid)


def send(process: Process, folder: Path, executable: str, number: signal.Signals) -> None:
    """
    Signal `process` if it still is the one that `inside(folder, executable)` found.

    The check and the signal go through one pidfd, so a pid that was recycled in between gets
    nothing.
    """
    try:
        fd = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return
    try:
        if _is(process.pid, folder, executable):
            signal.pidfd_send_signal(fd, number)
    except ProcessLookupError:
        return
    finally:
        os.close(fd)


def start_detached(
    command: Sequence[str], *, cwd: Path, log: Path, env: Mapping[str, str] | None = None
) -> None:
    """
    Start `command` in a session of its own, its output appended to `log`.

    It outlives us, gets no Ctrl-C of our terminal, and is nobody's zombie here.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    _rotate(log)
    with log.open("ab") as out:
        subprocess.run(
            ["setsid", "--fork", *command],
            cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out, check=True,
        )  # fmt: skip


def wait_until(condition: Callable[[], bool], seconds: float, every: float = 0.05) -> bool:
    """Poll `condition` until it holds (True) or `seconds` have passed (False)."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def memory_bytes(processes: Sequence[Process]) -> int:
    """Proportional memory of `processes` together: pages they share are counted once."""
    total = 0
    for process in processes:
        try:
            text = (_PROC / str(process.pid) / "smaps_rollup").read_text()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in text.splitlines() if line[:4] == "Pss:")
    return total * 1024


def _pids() -> Iterator[int]:
    return (int(p.name) for p in _PROC.iterdir() if p.name.isdigit())


def _is(pid: int, folder: Path, executable: str) -> bool:
    # Links of a zombie and of other people's processes cannot be read: neither is ours.
    try:
        program = (_PROC / str(pid) / "exe").readlink().name.removesuffix(" (deleted)")
        where = str((_PROC / str(pid) / "cwd").readlink()).removesuffix(" (deleted)")
    except OSError:
        return False
    return program == executable and where == str(folder)


def _rotate(log: Path, limit_bytes: int = 10_000_000) -> None:
    if log.exists() and log.stat().st_size > limit_bytes:
        log.replace(log.with_suffix(".log.1"))
