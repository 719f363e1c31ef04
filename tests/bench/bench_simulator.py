"""
How fast a simulated day becomes a recording: `python -m tests.bench.bench_simulator`.

A peak day (scale 1), a tenth of a day of 1,600 symbols, and a demo's day (scale 0.05), each from
the start of the program to its end, with the CPU seconds of all its processes.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DAY = "2026-11-20"
RUNS = (
    ("peak day", {}),
    ("1,600 symbols, scale 0.1", {"universe": "1600", "scale": "0.1"}),
    ("scale 0.05", {"scale": "0.05"}),
)


def run(name: str, options: dict[str, str], folder: Path) -> None:
    """Print what one recording took."""
    words = [text for option, value in options.items() for text in (f"--{option}", value)]
    command = [sys.executable, "-m", "services.cli", "simulate", "record", "--seed", "7",
               "--day", DAY, "--out", str(folder), *words]  # fmt: skip
    cpu, begun = os.times(), time.monotonic()
    subprocess.run(command, check=True, capture_output=True)
    took, after = time.monotonic() - begun, os.times()
    used = after.children_user + after.children_system - cpu.children_user - cpu.children_system
    found = json.loads((folder / "truth-day.json").read_text())["messages"]
    size = sum(file.stat().st_size for file in folder.iterdir()) / 1e6
    print(
        f"{name}: {found['X-TRADE']:,} trades, {found['X-QUOTE']:,} quotes in {took:.0f} s, "
        f"{used:.0f} CPU seconds, {size:.0f} MB"
    )


def main() -> None:
    """All runs, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, options) in enumerate(RUNS):
            run(name, options, Path(folder) / str(number))


if __name__ == "__main__":
    main()
