"""What Kafka knows: which groups there are, where they stand, where the log begins and ends."""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress

from schemas.topic import LIVE
from schemas.topics import BY_NAME
from services.lag.core.groups import Reader, has_members, readers
from services.lag.core.lags import Place, Span
from services.runtime import group_members, kafka
from services.runtime.group_members import Group
from services.runtime.topics_admin import AdminClient, admin, tapes_of

LOOK_BYTES = 1_000_000
"""Of a partition in one look: a frame and its batch are below a quarter of it."""
LOOK_S = 5.0

Where = tuple[str, str, int]
"""Tape, topic without the tape, partition."""
Spot = tuple[Where, int]
"""Of a partition an offset."""


class Log:
    """
    Kafka, looked at from outside of every service. Use as a context.

    Attributes:
        tapes: those whose topics there are, since `groups`.
        crews: who is in the group of each service on the pump, since `groups`.
    """

    def __init__(self, bootstrap: str, only: str | None = None) -> None:
        """`only`: of this tape; None: of all."""
        self._bootstrap, self._only = bootstrap, only
        self._client = kafka.consumer(bootstrap, "vntape-lag", max_partition_fetch_bytes=LOOK_BYTES)
        self.tapes: dict[str, list[str]] = {}
        self._partitions: dict[str, list[int]] = {}
        self.crews: dict[Reader, Group] = {}

    async def __aenter__(self) -> "Log":
        await self._client.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.stop()

    async def groups(self) -> tuple[dict[Place, int], dict[Reader, int]]:
        """
        Where the groups of our services stand, as they last committed, and who is in them.

        A service on the pump commits what its snapshots hold: done is a little more.

        Returns:
            Place -> the first offset that is not surely done; reader -> live members.
        """
        async with admin(self._bootstrap) as client:
            there = tapes_of(await client.list_topics())
            self.tapes = {t: n for t, n in there.items() if self._only in (None, t)}
            kept = {full for names in self.tapes.values() for full in names}
            self._partitions = {f: n for f, n in self._partitions.items() if f in kept}
            names = [str(name) for name, *_ in await client.list_consumer_groups()]
            ours = readers(names, self.tapes)
            found = await asyncio.gather(*(_standing(client, *each) for each in ours.items()))
            # The others own by the database, and Kafka knows no member.
            ours = {reader: group for reader, group in ours.items() if has_members(group)}
            there_are = await group_members.describe(client, ours.values())
        self.crews = {reader: there_are[group] for reader, group in ours.items()}
        members = {reader: len(crew.members) for reader, crew in self.crews.items()}
        return {place: at for places in found for place, at in places.items()}, members

    async def spans(self, topics: Iterable[tuple[str, str]]) -> dict[Where, Span]:
        """(Tape, topic) -> first and end of each partition, now; a topic that is gone has none."""
        parts: dict[kafka.Partition, Where] = {}
        for tape, name in topics:
            full = BY_NAME[name].on(tape)
            if full in self.tapes.get(tape, ()):
                for number in await self._partitions_of(full):
                    parts[kafka.Partition(full, number)] = (tape, name, number)
        if not parts:
            return {}
        first = await self._client.beginning_offsets(list(parts))
        end = await self._client.end_offsets(list(parts))
        return {where: Span(first[tp], end[tp]) for tp, where in parts.items()}

    async def _partitions_of(self, full: str) -> list[int]:
        # Fixed for a tape's life; asking costs a round trip for each topic.
        if full not in self._partitions:
            self._partitions[full] = await kafka.partitions_of(self._client, full)
        return self._partitions[full]

    async def appended_s(self, asked: Iterable[tuple[Where, int]]) -> dict[Spot, float]:
        """
        When the first record at or after each offset was appended, unix time.

        What the log does not say in LOOK_S is left out.
        """
        left = set(asked)
        found: dict[Spot, float] = {}
        while left:
            # A partition can be looked at in one place at a time.
            turn = dict(sorted(left))
            left -= set(turn.items())
            found.update(await self._look(turn))
        return found

    async def _look(self, turn: Mapping[Where, int]) -> dict[Spot, float]:
        wanted = {
            kafka.Partition(BY_NAME[name].on(tape), number): (tape, name, number)
            for tape, name, number in turn
        }
        self._client.assign(list(wanted))
        for tp, where in wanted.items():
            self._client.seek(tp, turn[where])
        found: dict[Spot, float] = {}
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S):
                for tp, where in wanted.items():
                    record = await self._client.getone(tp)
                    found[where, turn[where]] = record.timestamp / 1000
        return found


async def _standing(client: AdminClient, reader: Reader, group: str) -> dict[Place, int]:
    offsets = await client.list_consumer_group_offsets(group)
    prefix = "" if reader.tape == LIVE else f"{reader.tape}."
    return {
        Place(reader, tp.topic.removeprefix(prefix), tp.partition): at.offset
        for tp, at in offsets.items()
        if at.offset >= 0 and tp.topic.removeprefix(prefix) in BY_NAME
    }
