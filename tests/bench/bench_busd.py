"""
The BUSD flow: recorded lines parsed and trades detected per second, and the memory they take.

    python -m tests.bench.bench_busd

Figures are per second of CPU, so that a busy machine measures itself less. The day is 500,000
trades of 400 stocks, in both forms of lines.
"""

import itertools
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from schemas.market import Trade
from services.analytics.core.busd_lines import Line, read
from services.analytics.core.busd_replay import Replay
from services.analytics.core.busd_rules import Rules
from tests.bench.bench_pump import peak_mb
from tests.support.busd import busd_messages, document_line, real_line
from tests.support.stack import ROOT

TRADES = 500_000
STOCKS = 400
STEP_US = 27_007
"""They fill the day's 225 minutes."""
ROUNDS = 3


def day() -> list[Trade]:
    """The trades; the tape's break is not left out, which changes no cost."""
    messages = busd_messages(STOCKS, 1, STEP_US)
    trades = (m for m in messages if isinstance(m, Trade))
    return list(itertools.islice(trades, TRADES))


def parsed(lines: list[bytes]) -> tuple[float, list[Line]]:
    """Lines a second of CPU, the best round; and the trades in them."""
    best = float("inf")
    for _ in range(ROUNDS):
        begin = time.process_time()
        found = [read(line) for line in lines]
        best = min(best, time.process_time() - begin)
    return len(lines) / best, [line for line in found if line is not None]


def detected(trades: list[Line]) -> tuple[float, int]:
    """Trades a second of CPU through patterns, sums and forecasts; and how many counted."""
    best, counted = float("inf"), 0
    for _ in range(ROUNDS):
        replay = Replay(Rules())
        begin = time.process_time()
        for line in trades:
            replay.take(line)
        replay.end()
        best = min(best, time.process_time() - begin)
        counted = replay.counted
    return len(trades) / best, counted


def whole(trades: list[Trade], share: float) -> float:
    """Peak MB of `vntape busd` over the first share of the day."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lines.txt"
        path.write_bytes(b"".join(map(real_line, trades[: int(len(trades) * share)])))
        with path.open("rb") as lines:
            process = subprocess.Popen(
                [sys.executable, "-m", "services.cli", "busd"],
                cwd=ROOT, stdin=lines, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            peak = 0.0
            while process.poll() is None:
                peak = max(peak, peak_mb(process.pid))
                time.sleep(0.05)
    return peak


def main() -> None:
    """Print everything; needs nothing running."""
    trades = day()
    forms: dict[str, Callable[[Trade], bytes]] = {"real": real_line, "document's": document_line}
    for name, form in forms.items():
        rate, lines = parsed([form(trade) for trade in trades])
        print(f"parsed: {rate / 1000:.0f} k lines/s of CPU, the {name} form", flush=True)
    rate, counted = detected(lines)
    print(f"detected: {rate / 1000:.0f} k trades/s of CPU, {counted:,} of {len(lines):,} counted")
    tenth, all_ = whole(trades, 0.1), whole(trades, 1.0)
    print(f"vntape busd: peak {tenth:.0f} MB for a tenth of the day, {all_:.0f} MB for all of it")


if __name__ == "__main__":
    main()
