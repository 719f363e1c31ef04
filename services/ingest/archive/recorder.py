"""
Records the raw topics of a tape into daily files, venue by venue (`vntape record`).

What may be written is what ingest's positions in `control` say is acknowledged: up to there no
record can come any more between those that stand.
"""

import asyncio
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

import msgspec

from schemas.control import Position
from schemas.topics import CONTROL, TOPICS
from services.ingest.archive.day_file import DayFiles, day_of
from services.ingest.archive.line import encode
from services.ingest.archive.merge import Held, Merge
from services.ingest.rawlog import POSITION, parse
from services.runtime import kafka, logs

log = logs.get(__name__)

POLL_MS = 200
FRAME_RECORDS = 20_000
"""Lines of a frame, at most: a few MB before compression."""
Offsets = dict[str, dict[int, int]]
"""Raw topic, without the tape -> partition -> next offset."""

LOOK_BACK = 2000
"""Records of `control` in which the newest position of each venue is looked for first."""


class Sure:
    """Follows the positions in `control`: venue -> seq up to which everything is acknowledged."""

    def __init__(self, bootstrap: str, tape: str) -> None:
        self._client = kafka.consumer(bootstrap, "vntape-record-positions")
        self._topic = CONTROL.on(tape)
        self.of: dict[str, int] = {}

    async def start(self) -> None:
        """
        Raises:
            LookupError: the tape has no `control`.
        """
        await self._client.start()
        for tp, (first, end) in (await kafka.bounds(self._client, self._topic)).items():
            self._client.assign([tp])
            self._client.seek(tp, max(first, end - LOOK_BACK))
            await self.refresh()
            if not self.of and first < end - LOOK_BACK:
                self._client.seek(tp, first)

    async def refresh(self) -> None:
        """Read what is new."""
        (tp,) = self._client.assignment()
        end = (await self._client.end_offsets([tp]))[tp]
        while await self._client.position(tp) < end:
            for record in (await self._client.getmany(tp, timeout_ms=POLL_MS)).get(tp, []):
                if dict(record.headers).get("channel") == POSITION.encode():
                    self._learn(record.value or b"")

    def _learn(self, value: bytes) -> None:
        position = msgspec.json.decode(value, type=Position)
        for venue, seq in position.chain.get("raw_seq", {}).items():
            self.of[venue] = max(seq, self.of.get(venue, -1))

    async def stop(self) -> None:
        """Close the client."""
        await self._client.stop()


class Recorder:
    """One venue's recorder; `round` writes all that is sure by now."""

    def __init__(self, bootstrap: str, tape: str, venue: str, folder: Path) -> None:
        self.venue = venue
        self._files = DayFiles(folder, tape, venue)
        self._client = kafka.consumer(bootstrap, f"vntape-record-{venue}")
        self._names = {t.on(tape): t.name for t in TOPICS if t.codec == "raw"}
        self._tape = tape
        self._lines: list[tuple[int, str, bytes]] = []
        self._merge: Merge[kafka.Partition] | None = None
        self._standing: Offsets = {}
        self.records = 0

    async def start(self) -> None:
        """Stand where the folder's state says, or where the log begins."""
        await self._client.start()
        there = await self._client.topics()
        names = [name for name in self._names if name in there]
        state = self._files.state
        self._standing = state.offsets if state else {}
        start: dict[kafka.Partition, int] = {}
        for name in names:
            stored = state.offsets.get(self._names[name], {}) if state else {}
            for tp, (first, _) in (await kafka.bounds(self._client, name)).items():
                at = stored.get(tp.partition, first)
                if at < first:
                    self._lost(tp, first - at)
                start[tp] = max(first, at)
        self._client.assign(list(start))
        for tp, offset in start.items():
            self._client.seek(tp, offset)
        last = state.manifest.last_seq if state else None
        self._merge = Merge(start, -1 if last is None else last)

    def _lost(self, tp: kafka.Partition, count: int) -> None:
        sentence = f"{count} records of {tp.topic}[{tp.partition}] were deleted before recording"
        log.error("record_input_expired", topic=tp.topic, partition=tp.partition, lost=count)
        self._files.hole(sentence)

    async def round(self, sure: int) -> int:
        """Write every record of the venue up to seq `sure`; how many that were."""
        merge, client, before = self._merge, self._client, self.records
        assert merge is not None
        ends = await client.end_offsets(list(merge.positions()))
        while True:
            while behind := merge.behind(ends):
                for tp, records in (await client.getmany(*behind, timeout_ms=POLL_MS)).items():
                    merge.add(tp, records[-1].offset + 1, self._mine(tp, records))
            count = 0
            for held in merge.ready(sure, ends):
                count += 1
                self._lines.append((held.seq, held.topic, held.line))
                if len(self._lines) >= FRAME_RECORDS:
                    await self.flush()
            if not count and not merge.behind(ends):
                return self.records + len(self._lines) - before

    def _mine(self, tp: kafka.Partition, records: Iterable[kafka.Record]) -> list[Held]:
        topic, held = self._names[tp.topic], []
        for record in records:
            standing = parse(topic, record)
            if standing is not None and standing.raw.venue == self.venue:
                line = encode(topic, standing.raw)
                held.append(Held(standing.raw.seq, standing.offset, topic, line))
        return held

    def oldest_us(self) -> int | None:
        """When the oldest record was received that was read and is not on disk; None: all are."""
        if self._lines:
            return self._lines[0][0]
        return None if self._merge is None else self._merge.oldest()

    async def flush(self) -> None:
        """Put what was taken on disk, a day at a time."""
        assert self._merge is not None
        lines, self._lines = self._lines, []
        after: Offsets = {}
        for tp, offset in self._merge.positions().items():
            after.setdefault(self._names[tp.topic], {})[tp.partition] = offset
        days = groupby(lines, key=lambda line: day_of(self.venue, line[0]))
        whole = [(day, list(some)) for day, some in days]
        for number, (day, some) in enumerate(whole, 1):
            # Until the last day is on disk, a new start must read again from before: it knows
            # by seq what it has.
            offsets = after if number == len(whole) else self._standing
            await asyncio.to_thread(self._files.append, day, some, offsets)
        if lines:
            self._standing = after
        self.records += len(lines)

    async def stop(self) -> None:
        """Flush, write the open day's manifest, close."""
        await self.flush()
        await asyncio.to_thread(self._files.close, complete=False)
        await self._client.stop()
