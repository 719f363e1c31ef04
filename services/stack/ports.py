"""Ports on loopback: a free one, or who holds it."""

import random
import socket
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from services.stack.places import StackError

# Below Linux's range for outgoing connections, so a remembered port is not taken by one of those.
_RANGE = range(20000, 32000)
_CLOSING_S = 2.0


def is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:`port` now."""
    with socket.socket() as probe:
        # As servers do: a connection that is closing does not hold the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def pick_free(avoid: Collection[int] = ()) -> int:
    """A port that is free now and not in `avoid`."""
    # Random, so that two clones that choose at the same moment choose differently.
    for port in random.sample(_RANGE, len(_RANGE)):
        if port not in avoid and is_free(port):
            return port
    raise StackError(f"no free port between {_RANGE.start} and {_RANGE.stop}")


def require_free(port: int, what: str, setting: str, wait_s: float = _CLOSING_S) -> None:
    """
    Args:
        wait_s: how long a socket that is closing may hold it.

    Raises:
        StackError: something else listens on `port`; names it, the holder and `setting`.
    """
    # A killed server's sockets outlive its process by some ms while the kernel closes them.
    deadline = time.monotonic() + wait_s
    while not is_free(port):
        if time.monotonic() < deadline:
            time.sleep(0.05)
            continue
        raise StackError(
            f"port {port} of {what} is held by {_holder(port)}: end that program, "
            f"or set {setting} to another port (0: a free one)"
        )


def _holder(port: int) -> str:
    inodes = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        with suppress(OSError):
            for fd in (process / "fd").iterdir():
                with suppress(OSError):
                    if str(fd.readlink()) in inodes:
                        name = (process / "comm").read_text().strip()
                        return f"{name} (pid {process.name})"
    return "another program"


def _listening_inodes(port: int) -> set[str]:
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                listening = fields[3] == "0A"
                if listening and int(fields[1].rpartition(":")[2], 16) == port:
                    found.add(fields[9])
    return found
