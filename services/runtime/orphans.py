"""A child process ends with the process that started it, however that one ended."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def with_parent() -> Callable[[], None] | None:
    """
    For `preexec_fn`: SIGTERM to the child when its parent is gone, even by SIGKILL.

    The kernel means the parent's *thread*: start such children from one that lives on.
    None where the kernel is not Linux: there the children outlive a killed parent.
    """
    if sys.platform != "linux":
        return None
    # Loaded before the fork: after it only what is there already is safe to call.
    libc, parent = ctypes.CDLL(None, use_errno=True), os.getpid()

    def ask() -> None:
        if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl")
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return ask
