"""
A simulated day as a recording: lines of each feed, a manifest, and the truth beside.

Groups of desks run in processes of their own when the day is large; how many groups there are
does not depend on the machine, so neither do the files.
"""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from services.simulator import processes, truth
from services.simulator.core import indices
from services.simulator.core.day import SLOTS
from services.simulator.core.group import Group
from services.simulator.core.plan import FIRST_SLOT, Plan, future_desks, share_desks
from services.simulator.core.universe import INDICES, Instrument
from services.simulator.lines import Lines
from services.simulator.manifest import RecordedFile, write_manifest

GROUPS = 4
LARGE = 400_000
"""Orders from which on processes are worth their start."""
_STEP = 60
"""Slots between two reports: 5 minutes of the day."""
_OURS = re.compile(r"(ssi|iboard)-(\d|futures|indices)\.zst|manifest\.json"
                   r"|truth-((trades|indices|auctions)\.parquet|day\.json)")  # fmt: skip

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
    """A recording that was made; `counts` are messages by channel, `trades` prints."""

    manifest: Path
    counts: Counter[str] = field(default_factory=Counter)
    trades: int = 0


def record(plan: Plan, out: Path, report: Report) -> Recorded:
    """
    Write the recording of a day into the folder `out`, which is made, or held an earlier one.

    Raises:
        OSError: a file cannot be written, or the folder holds something else.
    """
    _empty(out)
    groups = [group for n in range(GROUPS) if (group := plan.shares()[n::GROUPS])]
    parts = list(_run_groups(plan, out, groups, report))
    rows = {name: _added([p.rows[name] for p in parts]) for name in INDICES}
    published, vn30 = _indices(plan, out, rows)
    parts += [published, _futures(plan, out, vn30)]
    report(1.0)
    made = Recorded(out / "manifest.json")
    for part in parts:
        made.counts += part.counts
    entries = [entry for part in parts for entry in part.books]
    made.trades = truth.write(plan, entries, made.counts, out, rows)
    # Last: without it nobody plays what an interrupted run left.
    write_manifest(plan, [file for part in parts for file in part.files], made.manifest)
    return made


def _empty(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    files = sorted(out.iterdir())
    for file in files:
        if not _OURS.fullmatch(file.name):
            why = f"not the simulator's: it holds {file.name}; name an empty folder, or a new one"
            raise OSError(0, why, str(out))
    for file in files:
        file.unlink()


def _run_groups(
    plan: Plan, out: Path, groups: Sequence[Sequence[Instrument]], report: Report
) -> Iterator[Part]:
    """The groups' parts, in their order."""
    orders = sum(plan.orders(each) for each in plan.shares())
    shares = [0.0] * len(groups)

    def reporter(number: int) -> Report:
        def told(share: float) -> None:
            shares[number] = share
            report(sum(shares) / len(shares))

        return told

    reports = [reporter(number) for number in range(len(groups))]
    jobs = [(plan, out, number, group) for number, group in enumerate(groups)]
    cores = os.cpu_count() or 1
    if orders < LARGE or cores == 1:
        yield from (_run_group(*job, told) for job, told in zip(jobs, reports, strict=True))
    else:
        yield from processes.run(_run_group, jobs, reports, cores)


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
