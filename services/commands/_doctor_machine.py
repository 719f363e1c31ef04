"""What can be wrong with this machine."""

import ctypes
import resource
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Literal, NamedTuple

import click

from services import stack
from services.runtime.settings import Settings
from services.stack import ports
from services.stack.places import StackError

Level = Literal["ok", "warn", "fail"]

_GB = 1e9
DISK_LEAST_B, DISK_LOW_B = 1 * _GB, 5 * _GB
"""A busy Vietnamese day is about 1 GB of raw records, and the spool may take 1 GiB."""
MEMORY_LOW_B = 1 * _GB
FILES_LOW = 1024
CLOCKS_APART_S = 1.0
_PACKAGES = ("aiokafka", "faust-streaming", "mode-streaming", "msgspec", "psycopg", "aiohttp")
"""Whose behaviour the code relies on beyond what they promise."""
_UNSYNCHRONISED = 0x40
"""STA_UNSYNC of adjtimex(2)."""


class Finding(NamedTuple):
    """One line: what was looked at, what was found; what to do, empty when all is well."""

    level: Level
    what: str
    said: str
    todo: str = ""


def machine(settings: Settings) -> Iterator[Finding]:
    """Versions, disk, memory, files, clock, ports."""
    yield _python()
    yield _packages()
    yield from _disk(settings)
    yield _memory()
    yield _files()
    yield _synchronised()
    yield from _ports(settings)


def _python() -> Finding:
    return Finding("ok", "python", ".".join(map(str, sys.version_info[:3])))


def _packages() -> Finding:
    path = stack.clone_root() / "constraints.txt"
    lines = path.read_text().splitlines() if path.is_file() else []
    pins = dict(line.split("==", 1) for line in lines if "==" in line)
    odd = []
    for name in _PACKAGES:
        found = metadata.version(name)
        if found != pins.get(name, found).split()[0]:
            odd.append(f"{name} is {found}, not {pins[name]}")
    if odd:
        return Finding("warn", "packages", "; ".join(odd), "make setup")
    return Finding("ok", "packages", f"{len(_PACKAGES)} that matter are as pinned")


def _disk(settings: Settings) -> Iterator[Finding]:
    places = {"local files": settings.local_dir}
    if settings.spool_dir is not None:
        places["spool"] = settings.spool_dir
    for what, path in places.items():
        there = path.resolve()
        while not there.exists():
            there = there.parent
        free = shutil.disk_usage(there).free
        said = f"{free / _GB:.1f} GB free at {there}"
        if free < DISK_LEAST_B:
            yield Finding("fail", f"disk of {what}", said, "`vntape tapes list`, and drop old ones")
        elif free < DISK_LOW_B:
            yield Finding("warn", f"disk of {what}", said, "a busy day takes some GB: make room")
        else:
            yield Finding("ok", f"disk of {what}", said)


def _memory() -> Finding:
    info = Path("/proc/meminfo")
    if not info.exists():
        return Finding("ok", "memory", "this system does not say")
    words = next(line for line in info.read_text().splitlines() if line.startswith("MemAvailable"))
    free = int(words.split()[1]) * 1024
    said = f"{free / _GB:.1f} GB available"
    if free < MEMORY_LOW_B:
        return Finding("warn", "memory", said, "a worker takes 130 MB, Kafka 400: end something")
    return Finding("ok", "memory", said)


def _files() -> Finding:
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most < FILES_LOW:
        todo = f"`ulimit -n {FILES_LOW * 16}` before the gateway: a client is a file"
        return Finding("warn", "open files", f"at most {most}", todo)
    return Finding("ok", "open files", f"at most {most}")


def _synchronised() -> Finding:
    class Timex(ctypes.Structure):
        # The rest of the struct is not looked at, but written.
        _fields_ = (
            ("modes", ctypes.c_uint),
            ("offset", ctypes.c_long),
            ("freq", ctypes.c_long),
            ("maxerror", ctypes.c_long),
            ("esterror", ctypes.c_long),
            ("status", ctypes.c_int),
            ("rest", ctypes.c_byte * 256),
        )

    asked = Timex()
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.byref(asked))
    except (AttributeError, OSError):
        return Finding("ok", "clock", "this system does not say whether it is synchronised")
    if state < 0:
        return Finding("ok", "clock", "this system does not say whether it is synchronised")
    if asked.status & _UNSYNCHRONISED:
        todo = "run chrony or systemd-timesyncd: seq is the receive time, latencies are differences"
        return Finding("warn", "clock", "not synchronised by NTP", todo)
    return Finding("ok", "clock", f"synchronised, error at most {asked.maxerror / 1000:.0f} ms")


def _ports(settings: Settings) -> Iterator[Finding]:
    wanted = {
        "VNTAPE_GATEWAY_PORT": settings.gateway_port,
        "VNTAPE_HTTP_PORT": settings.http_port,
    }
    for setting, port in wanted.items():
        if not port:
            yield Finding("ok", f"port of {setting}", "0: a free one is taken")
            continue
        try:
            ports.require_free(port, setting, setting, wait_s=0.0)
        except StackError as e:
            todo = "fine when that is vntape's own; else end it, or set another port"
            yield Finding("warn", f"port {port}", str(e).partition(":")[0], todo)
        else:
            yield Finding("ok", f"port {port}", f"free for {setting}")


def sentence(error: BaseException) -> str:
    """What an error says, in one line."""
    text = error.message if isinstance(error, click.ClickException) else str(error)
    return " ".join(text.split()) or repr(error)
