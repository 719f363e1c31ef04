"""Programs of the machine that the stack needs: found, or installed by apt-get when allowed."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

from services.stack import locks
from services.stack.places import Report, StackError
from services.stack.processes import wait_until

# Debian's package of each program; JAVA is any Java runtime from 17 on.
_PACKAGES = {
    "java": "default-jre-headless",
    "mvn": "maven",
    "mmdebstrap": "mmdebstrap",
    "kcat": "kcat",
    "jq": "jq",
    "node": "nodejs",
    "npm": "npm",
}


def require(programs: Sequence[str], report: Report, *, install: bool) -> None:
    """
    See to it that each of `programs` can be run.

    Raises:
        StackError: one is missing and may not or cannot be installed; says what to install.
    """
    missing = [p for p in programs if shutil.which(p) is None]
    if not missing:
        return
    packages = [_PACKAGES[p] for p in missing]
    command = f"apt-get install {' '.join(packages)}"
    if not install:
        raise StackError(f"{', '.join(missing)} not found; install with: {command}")
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise StackError(
            f"{', '.join(missing)} not found, and installing needs root and apt-get; "
            f"install by hand (on Debian: {command}) and try again"
        )
    report(f"installing {', '.join(packages)} with apt-get (needed once on this machine)")
    if not _apt_install(packages):
        apt(["update"])
        if not _apt_install(packages):
            raise StackError(f"`{command}` failed; run it by hand to see why")


@cache
def java_version() -> str:
    """
    Version of the Java on PATH, such as "17.0.15".

    Raises:
        StackError: it does not say.
    """
    told = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "(\d[^"]*)"', told.stderr)
    if found is None:
        raise StackError(f"`java -version` failed: {told.stderr.strip()}")
    return found.group(1)


def apt(words: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run apt-get without questions; its output is in the result."""
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(
        # Another apt-get may be at work: wait for it up to ten minutes.
        ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=600", *words],
        env=env, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def debian_mirror() -> str:
    """
    The Debian mirror that this machine's apt is configured with.

    Raises:
        StackError: there is none.
    """
    listed = apt(["indextargets", "--format", "$(LABEL) $(REPO_URI)", "Identifier: Packages"])
    targets = [line.rpartition(" ") for line in listed.stdout.splitlines()]
    # Before the first `apt-get update` there is no label to tell by.
    for wanted in ("Debian", ""):
        for label, _, uri in targets:
            if label == wanted and "security" not in uri:
                return uri
    raise StackError(
        "apt has no Debian mirror configured, and PostgreSQL with TimescaleDB comes from one; "
        "on another system set VNTAPE_KAFKA and VNTAPE_DATABASE_URL to servers of your own"
    )


def run_long(
    command: Sequence[str],
    *,
    log: Path,
    grown: Callable[[], int],
    report: Report,
    what: str,
    env: Mapping[str, str] | None = None,
) -> None:
    """
    Run a command that may take minutes; every 15 s say how many bytes `grown` counts.

    Raises:
        StackError: it failed; carries the end of `log`, where its output went.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            pass_fds=locks.inherited(),
        )
        try:
            while not wait_until(lambda: process.poll() is not None, 15):
                seconds = time.monotonic() - begun
                report(f"{what}: still at it, {seconds:.0f} s, {megabytes(grown())} so far")
        except BaseException:
            process.terminate()
            process.wait()
            raise
    if process.returncode != 0:
        raise StackError(f"{what} failed; the end of {log}:\n{tail(log)}")


def run_short(
    command: Sequence[str],
    *,
    cwd: Path,
    what: str,
    env: Mapping[str, str] | None = None,
) -> None:
    """
    Run a command of a second or two.

    Raises:
        StackError: it failed; carries all that it printed.
    """
    done = subprocess.run(
        command,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        pass_fds=locks.inherited(),
    )
    if done.returncode != 0:
        raise StackError(f"{what} failed:\n{done.stdout}{done.stderr}")


def tail(log: Path, lines: int = 15) -> str:
    """The last `lines` of a log, indented; empty when there is none."""
    try:
        text = log.read_text(errors="replace").splitlines()[-lines:]
    except FileNotFoundError:
        return ""
    return "\n".join("    " + line for line in text)


def size_bytes(folder: Path) -> int:
    """Disk space of a folder; files that vanish meanwhile count nothing."""
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(Path(where) / name).st_blocks * 512
            except OSError:
                continue
    return total


def megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB"


def _apt_install(packages: Sequence[str]) -> bool:
    return apt(["install", "-y", "--no-install-recommends", *packages]).returncode == 0
