"""The clock that stamps what comes in live."""

import re
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from services.runtime.settings import RECEIVE_CLOCK, SettingsError

_MICROS = 1_000_000

Clock = Callable[[], int]
"""µs since the epoch."""


def wall_us() -> int:
    """µs since the epoch, by this machine's clock."""
    return time.time_ns() // 1000


def told(written: str) -> str | None:
    """A setting, or what stands in the file that it names behind @; None: that is not there."""
    if not written.startswith("@"):
        return written
    try:
        return Path(written[1:]).read_text().strip()
    except OSError:
        return None


def receive_clock(written: str) -> Clock:
    """
    The clock of a setting: this machine's, or one that runs beside it at another speed.

    An exchange that is simulated has a day of its own: `2026-11-20T10:00:00+07:00@1763600000x60`
    showed ten o'clock when this machine's clock was at that second, and runs 60 times as fast.

    Raises:
        SettingsError: there is no such time, or no such file.
    """
    match = re.fullmatch(RECEIVE_CLOCK, told(written) or "")
    if match is None or match[0].startswith("@"):
        raise SettingsError(f"VNTAPE_RECEIVE_CLOCK: {written} names no clock")
    if match[2] is None:
        return wall_us
    try:
        shown_us = round(datetime.fromisoformat(match[2]).timestamp() * _MICROS)
    except ValueError as e:
        raise SettingsError(f"VNTAPE_RECEIVE_CLOCK: {match[2]} is no time ({e})") from e
    began_us, speed = round(float(match[3]) * _MICROS), float(match[4] or 1)
    return lambda: shown_us + round((wall_us() - began_us) * speed)


def speed(written: str) -> float | None:
    """How fast the clock of a setting runs beside this machine's; None: it stands in the data."""
    match = re.fullmatch(RECEIVE_CLOCK, written)
    if match is None or written == "recorded":
        return None
    return float(match[4] or 1)
