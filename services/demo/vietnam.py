"""The Vietnamese day of the demo: made once by the simulated exchange, then played from files."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from rich.console import Console

from services.runtime.settings import Settings

DAY, SEED, SCALE = "2026-11-20", 20, 0.015
"""A day of VN30 and its futures with some thousand prints: some seconds to make, a minute to
play."""
CHANNELS = "F,X-TRADE,X-QUOTE,R,MI,B,OL,L,S"
"""What SSI sends, and B and L# beside it: their volume must not count twice."""


def recording(settings: Settings, console: Console) -> Path:
    """
    The manifest of the day; it is made when it is not there.

    Raises:
        RuntimeError: it could not be made; the text says why.
    """
    folder = settings.local_dir / "recordings" / f"simulated-{DAY}-{SEED}"
    manifest = folder / "manifest.json"
    if manifest.exists():
        return manifest
    console.print(f"making a trading day of VN30: seed {SEED}, {DAY}")
    unfinished = folder.with_name(f"{folder.name}.{os.getpid()}")
    options = {"seed": SEED, "day": DAY, "scale": SCALE, "universe": "vn30", "channels": CHANNELS}
    written = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    command = [sys.executable, "-m", "services.cli", "simulate", "record", *written]
    try:
        ended = subprocess.run(  # noqa: S603
            [*command, "--out", str(unfinished)], capture_output=True, text=True, check=False
        )
        if ended.returncode:
            raise RuntimeError(f"the day could not be made:\n{ended.stderr[-2000:]}")
        # Whoever was quicker made the same.
        if not manifest.exists():
            unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return manifest
