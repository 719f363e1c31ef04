"""The files of a recording: lines `<receive time, ns since the epoch> <message>`, Zstandard."""

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import zstandard

from services.simulator.core.message import Message
from services.simulator.core.plan import Plan
from services.simulator.core.wire import iboard
from services.simulator.manifest import RecordedFile

_LEVEL = 3


class Lines:
    """
    One file a feed that has any messages; `files` and `counts` (by channel) of what is written.

    Args:
        name: of the files, after their feed's.
    """

    def __init__(self, plan: Plan, out: Path, name: str) -> None:
        self.counts: Counter[str] = Counter()
        self.files: list[RecordedFile] = []
        self._midnight_ns = plan.day.midnight_ns
        self._out, self._name = out, name
        self._stack = ExitStack()
        self._feeds: dict[str, IO[bytes]] = {}
        self._boards = not plan.channels.isdisjoint(iboard.CHANNELS)

    def __enter__(self) -> "Lines":
        return self

    def __exit__(self, *caught: object) -> None:
        self._stack.close()

    def write(self, messages: Sequence[Message]) -> None:
        """Messages in the order of their arrival."""
        base, boards = self._midnight_ns, iboard.CHANNELS
        self.counts.update([message.channel for message in messages])
        if self._boards:
            frames = [m for m in messages if m.channel in boards]
            if frames:
                self._write("iboard", [f"{base + m.arrival} {m.text}\n" for m in frames])
                messages = [m for m in messages if m.channel not in boards]
        if messages:
            self._write("ssi", [f"{base + at} {text}\n" for at, _, _, text in messages])

    def _write(self, feed: str, lines: list[str]) -> None:
        file = self._feeds.get(feed)
        if file is None:
            path = self._out / f"{feed}-{self._name}.zst"
            self.files.append(RecordedFile(path.name, feed))
            target = self._stack.enter_context(path.open("wb"))
            writer = zstandard.ZstdCompressor(level=_LEVEL).stream_writer(target)
            file = self._feeds[feed] = self._stack.enter_context(writer)
        file.write("".join(lines).encode())
