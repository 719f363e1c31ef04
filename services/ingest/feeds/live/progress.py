"""How far trades of before are fetched: a bar where somebody looks, lines in the log elsewhere."""

import sys

from rich.console import Console
from rich.progress import Progress, TaskID

from services.ingest.feeds.live.binance_history import Progress as Told
from services.runtime import logs

log = logs.get(__name__)

EVERY = 20_000
"""Trades between two lines of the log."""


def shown() -> Told:
    """Tells the person at the terminal, or the log."""
    return _Bars() if sys.stderr.isatty() else _logged


def _logged(symbol: str, done: int, of: int) -> None:
    if done >= of or done % EVERY < 1000:
        log.info("trades_fetched", symbol=symbol, done=done, of=of)


class _Bars:
    """One bar for each symbol, gone when it is full."""

    def __init__(self) -> None:
        self._bars: Progress | None = None
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, symbol: str, done: int, of: int) -> None:
        if self._bars is None:
            self._bars = Progress(console=Console(stderr=True), transient=True)
            self._bars.start()
        if symbol not in self._tasks:
            self._tasks[symbol] = self._bars.add_task(f"trades of {symbol}", total=of)
        self._bars.update(self._tasks[symbol], completed=done, total=of)
        if done >= of:
            self._bars.remove_task(self._tasks.pop(symbol))
        if not self._tasks:
            self._bars.stop()
            self._bars = None
