"""
What the exchange really sent, to whom, and what its faults did: files that a test compares with.

- `sent-<n>-<feed>.zst`: the messages handed to the n-th connection's socket, as lines
  `<wall clock, ns> <message>` (the form of a recording). The last may not have arrived when the
  connection ended by force.
- `connections.jsonl`: begin, selections, losses and end of each connection.
- `faults.jsonl`: each fault's begin and end, and each message that one touched, with its fate.
"""

import json
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

import zstandard

from services.simulator.serve.distortion import Effect


class SentLog:
    """
    Writes the files; without a folder it writes nothing.

    Raises:
        OSError: the folder or a file cannot be written.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self._events: dict[str, IO[str]] = {}
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            # The truth of an earlier day, too: a day that is broken off leaves none.
            for pattern in ("sent-*.zst", "*.jsonl", "truth-*.parquet", "truth-day.json"):
                for old in folder.glob(pattern):
                    old.unlink()
            for name in ("connections", "faults"):
                file = (folder / f"{name}.jsonl").open("w", buffering=1)
                self._events[name] = self._stack.enter_context(file)

    def close(self) -> None:
        """Finish the files."""
        self._stack.close()

    def connection(self, number: int, feed: str, what: str, **fields: Any) -> None:
        """Something happened to a connection."""
        self._tell("connections", connection=number, feed=feed, what=what, **fields)

    def fault(self, number: int, what: str, **fields: Any) -> None:
        """Something happened to a fault: begun, ended."""
        self._tell("faults", fault=number, what=what, **fields)

    def effect(self, number: int, effect: Effect) -> None:
        """A fault touched a message."""
        message = effect.message
        self._tell(
            "faults", fault=number, what=effect.fate, channel=message.channel,
            symbol=message.symbol, text=message.text,
        )  # fmt: skip

    def sent(self, number: int, feed: str) -> "SentFile | None":
        """The file of a connection's messages; None without a folder."""
        if self._folder is None:
            return None
        return SentFile(self._folder / f"sent-{number:03}-{feed}.zst")

    def _tell(self, name: str, **fields: Any) -> None:
        file = self._events.get(name)
        if file is not None:
            line = {"at_ns": time.time_ns()} | fields
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


class SentFile:
    """Of one connection."""

    def __init__(self, path: Path) -> None:
        self._stack = ExitStack()
        target = self._stack.enter_context(path.open("wb"))
        writer = zstandard.ZstdCompressor(level=1).stream_writer(target)
        self._file = self._stack.enter_context(writer)

    def write(self, texts: Sequence[str]) -> None:
        """Messages that were sent now."""
        now = time.time_ns()
        self._file.write("".join([f"{now} {text}\n" for text in texts]).encode())

    def close(self) -> None:
        """Finish it."""
        self._stack.close()
