"""
A simulated day as a recording: lines of each channel's feed, a manifest, and the truth beside.

Groups of desks run in processes of their own when the day is large; how many there are does
not depend on the machine, so neither do the files.
"""

import multiprocessing
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import zstandard

from services.simulator import truth
from services.simulator.core import indices
from services.simulator.core.day import SLOTS
from services.simulator.core.group import Group
from services.simulator.core.message import Message
from services.simulator.core.plan import FIRST_SLOT, Plan, future_desks, share_desks
from services.simulator.core.universe import INDICES, Instrument
from services.simulator.core.wire import iboard
from services.simulator.manifest import RecordedFile, write_manifest

GROUPS = 4
LARGE = 400_000
"""Orders from which on processes are worth their start."""
_STEP = 60
"""Slots between two looks at the progress: 5 minutes of the day."""
_LEVEL = 3

Rows = dict[str, list[indices.Sums]]
Report = Callable[[float], None]
"""Called with the share of the day that is done, 0 to 1."""


@dataclass(slots=True)
class Part:
    """What one group gave: files, messages by channel, index sums by slot, ledgers."""

    files: list[RecordedFile]
    counts: Counter[str]
    rows: Rows
    books: list[truth.Entry]


@dataclass(slots=True)
class Recorded:
    """A recording that was made; `counts` are messages by channel."""

    manifest: Path
    counts: Counter[str] = field(default_factory=Counter)
    trades: int = 0


def record(plan: Plan, out: Path, report: Report) -> Recorded:
    """
    Write the recording of a day into the folder `out`, which is made.

    Raises:
        OSError: a file cannot be written.
    """
    out.mkdir(parents=True, exist_ok=True)
    for old in (*out.glob("*.zst"), *out.glob("truth-*"), out / "manifest.json"):
        old.unlink(missing_ok=True)
    shares = [plan.shares()[n::GROUPS] for n in range(GROUPS)]
    weights = [len(group) for group in shares]
    parts = list(_run_groups(plan, out, [group for group in shares if group], report, weights))
    rows = {name: _added([p.rows[name] for p in parts]) for name in INDICES}
    published, vn30 = _indices(plan, out, rows)
    parts += [published, _futures(plan, out, vn30)]
    report(1.0)
    made = Recorded(out / "manifest.json")
    for part in parts:
        made.counts += part.counts
    entries = [entry for part in parts for entry in part.books]
    made.trades = truth.write(plan, entries, made.counts, out)
    write_manifest(plan, [file for part in parts for file in part.files], made.manifest)
    return made


def _run_groups(
    plan: Plan, out: Path, groups: Sequence[Sequence[Instrument]], report: Report,
    weights: Sequence[int],
) -> Iterator[Part]:  # fmt: skip
    total = sum(weights)
    orders = sum(plan.orders(each) for group in groups for each in group)
    context = multiprocessing.get_context("spawn")
    processes = min(len(groups), os.cpu_count() or 1)
    if orders < LARGE or processes < 2:
        for number, group in enumerate(groups):
            before, own = sum(weights[:number]), weights[number]
            yield _run_group(plan, out, number, group, _scaled(report, before, own, total))
        return
    shares: Any = context.Array("d", len(groups))
    with ProcessPoolExecutor(processes, context, _share, (shares,)) as pool:
        tasks = [
            pool.submit(_run_shared, plan, out, number, group)
            for number, group in enumerate(groups)
        ]
        waiting = set(tasks)
        while waiting:
            _, waiting = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
            report(sum(s * w for s, w in zip(shares, weights, strict=True)) / total)
        yield from (task.result() for task in tasks)


def _scaled(report: Report, before: int, own: int, total: int) -> Report:
    def scaled(share: float) -> None:
        report((before + share * own) / total)

    return scaled


_shares: Any = None


def _share(shares: Any) -> None:
    global _shares  # a process gets it once, at its start
    _shares = shares


def _run_shared(plan: Plan, out: Path, number: int, group: Sequence[Instrument]) -> Part:
    def report(share: float) -> None:
        _shares[number] = share

    return _run_group(plan, out, number, group, report)


def _run_group(
    plan: Plan, out: Path, number: int, instruments: Sequence[Instrument], report: Report
) -> Part:
    group = Group(share_desks(plan, instruments))
    with Lines(plan, out, str(number + 1)) as lines:
        for slot, messages in group.slots():
            lines.write(messages)
            if slot % _STEP == 0:
                report((slot - FIRST_SLOT) / (SLOTS - FIRST_SLOT))
    report(1.0)
    books = [truth.entry(desk) for desk in group.desks]
    return Part(lines.files, lines.counts, group.rows, books)


def _added(parts: Sequence[list[indices.Sums]]) -> list[indices.Sums]:
    return [indices.total(row) for row in zip(*parts, strict=True)]


def _indices(plan: Plan, out: Path, rows: Rows) -> tuple[Part, list[int]]:
    """The indices' lines, and VN30 after each slot."""
    publisher, vn30 = indices.Publisher(plan), []
    with Lines(plan, out, "indices") as lines:
        for place, slot in enumerate(range(FIRST_SLOT, SLOTS)):
            now = {name: found[place] for name, found in rows.items()}
            vn30.append(publisher.vn30(now))
            lines.write(publisher.messages(slot, now))
    return Part(lines.files, lines.counts, {}, []), vn30


def _futures(plan: Plan, out: Path, vn30: list[int]) -> Part:
    pairs = future_desks(plan)
    for _, targets in pairs:
        for value in vn30:
            targets.learn(value)
    group = Group([desk for desk, _ in pairs])
    with Lines(plan, out, "futures") as lines:
        for _, messages in group.slots():
            lines.write(messages)
    return Part(lines.files, lines.counts, {}, [truth.entry(desk) for desk in group.desks])


class Lines:
    """
    Files of `<receive time, ns since the epoch> <message>`, Zstandard, one a feed that has any.

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
