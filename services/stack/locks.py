"""One at a time: file locks between `vntape` processes of a clone."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.stack.places import Report, StackError

# A cold start on a slow line takes minutes; longer than this somebody hangs.
_PATIENCE_S = 1800.0

_held: set[int] = set()


def inherited() -> tuple[int, ...]:
    """
    Descriptors of the locks this process holds, for `pass_fds` of a helper that writes files.

    A helper that outlives a killed `vntape` then keeps the lock until it ends, so the next one
    waits instead of writing into the same folder. Never for servers: they would keep it for ever.
    """
    return tuple(_held)


@contextmanager
def locked(path: Path, what: str, report: Report) -> Iterator[None]:
    """
    Hold the lock file `path`; wait, and say so, while another process holds it.

    Raises:
        StackError: it was held for half an hour.
    """
    fd = _acquire(path, what, report)
    _held.add(fd)
    try:
        yield
    finally:
        _held.discard(fd)
        os.close(fd)


def _acquire(path: Path, what: str, report: Report) -> int:
    deadline = time.monotonic() + _PATIENCE_S
    told = False
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not inherited by what we start (close-on-exec is Python's default).
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            if not told:
                report(f"another vntape is at work on {what}; waiting for it")
                told = True
            if time.monotonic() > deadline:
                raise StackError(f"{path} is still locked by another vntape") from None
            time.sleep(0.1)
            continue
        if _is_still(path, fd):
            return fd
        os.close(fd)


def _is_still(path: Path, fd: int) -> bool:
    # `down --wipe --all` removes lock files: a lock on a removed file locks nobody out.
    try:
        return path.stat().st_ino == os.fstat(fd).st_ino
    except FileNotFoundError:
        return False
