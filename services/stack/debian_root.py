"""
The folder in which PostgreSQL runs: Debian trixie's packages, unpacked by mmdebstrap.

Nothing of it touches the machine's own packages, and its programs run by chroot only.
"""

import os
import re
import shutil
import stat
import time
from contextlib import suppress
from pathlib import Path

from services.stack import tools
from services.stack.places import Places, Report, StackError

# The unprivileged user inside; the number is in no distribution's range for people or services.
UID = 55432

# A new number makes `vntape up` build the folder again; data of instances moves along.
_RECIPE = "1 trixie postgresql-17-timescaledb"
_MARK = "etc/vntape-recipe"
_PACKAGES = "postgresql-17-timescaledb,dash,coreutils,sed,tzdata"
_DATA = "var/lib/pg"


def is_built(places: Places) -> bool:
    """Whether the folder is there, complete and of this recipe."""
    mark = places.postgres_root / _MARK
    return mark.is_file() and mark.read_text() == _RECIPE


def build(places: Places, report: Report) -> None:
    """
    Make the folder, unless it is there. The caller holds the lock of the binaries.

    Raises:
        StackError: not root, no mirror, or a package cannot be had.
    """
    _finish_swap(places)
    if is_built(places):
        return
    require_root()
    fresh = places.postgres_binaries / "root.new"
    if fresh.exists():
        shutil.rmtree(fresh)
    fresh.parent.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    report("PostgreSQL 17 + TimescaleDB: fetching Debian's packages (about 100 MB, once)")
    log = places.postgres_binaries / "mmdebstrap.log"
    tools.run_long(
        ["mmdebstrap", "--verbose", "--mode=root", "--variant=extract",
         '--aptopt=Apt::Install-Recommends "false"', f"--include={_PACKAGES}",
         "trixie", str(fresh), tools.debian_mirror()],
        log=log,
        grown=lambda: tools.size_bytes(fresh),
        report=report,
        what="unpacking PostgreSQL",
    )  # fmt: skip
    _slim(fresh)
    _furnish(fresh)
    (fresh / _MARK).write_text(_RECIPE)
    _swap(places, fresh)
    size = tools.megabytes(tools.size_bytes(places.postgres_root))
    fetched = re.search(r"Need to get ([\d.]+ \w+)", log.read_text(errors="replace"))
    report(
        f"PostgreSQL 17 + TimescaleDB: {fetched.group(1) if fetched else 'packages'} fetched, "
        f"{size} on disk, in {time.monotonic() - begun:.0f} s"
    )


def require_root() -> None:
    """StackError when this user may not chroot."""
    if os.geteuid() != 0:
        raise StackError(
            "the local PostgreSQL runs by chroot, which needs root: run as root, or set "
            "VNTAPE_KAFKA and VNTAPE_DATABASE_URL to servers of your own"
        )


def _slim(root: Path) -> None:
    # LLVM alone is 130 MB and serves only just-in-time compilation, which is off.
    unused = [root / "usr/share" / name for name in ("doc", "man", "locale", "info")]
    for folder in [*unused, *(root / "usr/lib").glob("*/libLLVM*")]:
        if folder.is_dir() and not folder.is_symlink():
            shutil.rmtree(folder)
        else:
            folder.unlink(missing_ok=True)


def _furnish(root: Path) -> None:
    # Unpacked only, no maintainer script has run: what they would have made, we make.
    shell = root / "usr/bin/sh"
    if not shell.exists():
        shell.symlink_to("dash")
    for name in ("bin", "sbin", "lib", "lib64"):
        if not (root / name).exists() and (root / "usr" / name).exists():
            (root / name).symlink_to(f"usr/{name}")
    for name in (_DATA, "tmp", "dev", "run", "etc"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "tmp").chmod(0o1777)
    os.chown(root / _DATA, UID, UID)
    for name, minor in (("null", 3), ("urandom", 9)):
        device = root / "dev" / name
        if not device.exists():
            # Some containers may not make devices: an ordinary empty null serves initdb too.
            with suppress(PermissionError):
                os.mknod(device, 0o666 | stat.S_IFCHR, os.makedev(1, minor))
                device.chmod(0o666)
    if not (root / "dev/null").exists():
        (root / "dev/null").touch()
        (root / "dev/null").chmod(0o666)
    (root / "etc/passwd").write_text(
        f"root:x:0:0:root:/:/bin/sh\npostgres:x:{UID}:{UID}:postgres:/{_DATA}:/bin/sh\n"
    )
    (root / "etc/group").write_text(f"root:x:0:\npostgres:x:{UID}:\n")


def _swap(places: Places, fresh: Path) -> None:
    if places.postgres_root.exists():
        places.postgres_root.rename(_old(places))
    fresh.rename(places.postgres_root)
    _finish_swap(places)


def _finish_swap(places: Places) -> None:
    """Complete, or take back, an exchange of folders that was interrupted; keeps all data."""
    old = _old(places)
    if not old.exists():
        return
    if not places.postgres_root.exists():
        old.rename(places.postgres_root)
        return
    if (old / _DATA).is_dir():
        for instance in (old / _DATA).iterdir():
            instance.rename(places.postgres_root / _DATA / instance.name)
    shutil.rmtree(old)


def _old(places: Places) -> Path:
    return places.postgres_binaries / "root.old"
