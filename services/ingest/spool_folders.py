"""Where the spools of a tape are, and how they go with it."""

import fcntl
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from services.ingest.feeds.base import FeedError
from services.runtime.settings import Settings


def folder_of(settings: Settings, venues: Sequence[str]) -> Path:
    """The folder of the settings' tape for a source of these venues."""
    return _parent(settings) / f"{settings.tape}-{'+'.join(venues)}"


def held(settings: Settings) -> list[Path]:
    """
    The spools that the settings' tape has, of whatever venues.

    Raises:
        FeedError: ingest uses one of them.
    """
    # A tape's name has no "-", so no other tape's folder begins like this.
    found = sorted(path for path in _parent(settings).glob(f"{settings.tape}-*") if path.is_dir())
    for folder in found:
        _check_unused(folder)
    return found


def remove(folders: Sequence[Path]) -> None:
    """
    Delete spools with all that they hold.

    Raises:
        OSError: one cannot be deleted.
    """
    for folder in folders:
        shutil.rmtree(folder)


def _parent(settings: Settings) -> Path:
    return settings.spool_dir or settings.local_dir / settings.stack / "spool"


def _check_unused(folder: Path) -> None:
    lock = folder / "lock"
    if not lock.exists():
        return
    fd = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise FeedError(f"ingest uses the spool {folder}: stop it first") from None
    finally:
        os.close(fd)
