"""A machine whose clock a person can set, for the processes that are started on it."""

from pathlib import Path

_CUSTOM = """
import os, time
_true_ns = time.time_ns
def time_ns():
    with open(os.environ["CLOCK_FILE"]) as file:
        return _true_ns() + int(file.read())
time.time_ns, time.time = time_ns, lambda: time_ns() / 1e9
"""


class SetClock:
    """Python reads the wall clock through this; its monotonic clock goes on, as on any machine."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(_CUSTOM)
        self.environment = (("PYTHONPATH", str(folder)), ("CLOCK_FILE", str(self._file)))
        self.set(0)

    def set(self, seconds: int) -> None:
        """So far from the true time, behind it when negative."""
        new = self._file.with_suffix(".new")
        new.write_text(str(seconds * 1_000_000_000))
        new.replace(self._file)
