"""
From arrivals to Kafka: the raw records first, then the messages that they became (design §3).

A batch's messages are handed to `market` when each of its raw records is acknowledged, while
the next batch's raw records are already on their way. So `market` never leads the raw topics.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from zlib import crc32

import msgspec

from schemas import frames, keys
from schemas.control import Position
from schemas.market import Gap
from schemas.topics import BY_NAME, CONTROL, MARKET
from services.ingest.batch import Batch, Decoder
from services.ingest.core.records import Raw
from services.ingest.feeds.base import MAX_VALUE_BYTES, Arrival
from services.ingest.lanes import Lanes
from services.ingest.market_log import MarketLog
from services.ingest.packing import pack
from services.ingest.positions import Chain, Ground
from services.ingest.rawlog import POSITION, TOO_LONG, Standing, headers
from services.ingest.stamping import Stamper
from services.ingest.tally import Tally
from services.runtime.ages import At
from services.runtime.dead_letters import DeadLetters
from services.runtime.outbox import Outboxes

DEPTH = 2
"""Batches between the feed and the publisher: one on its way and one behind it."""
MANY_LINES = 20_000
"""A batch with more is handed over before its chunk is at its end: after a long silence one
arrival has up to 44,640 clocks before it."""
REPLAY_BATCH = 2048
"""Raw records decoded in one go at a restart."""


class Pipeline:
    """
    One ingest's way into Kafka; `publish` must run beside whoever calls the rest.

    Args:
        raw: for the raw topics and `control`; `market`: for `market` and the dead letters,
            on another producer, so that one does not wait for the other's requests.
        partitions: topic, without the tape -> its number of partitions.
        keeps_raw: whether raw records are written; of an excerpt only `market` is.
        clock: µs since the epoch, instead of the arrivals' own receive times.
        stands: called with the cursor of each position that is on the broker.
        acknowledged: called with the first seq of each batch whose raw records are.
    """

    def __init__(
        self,
        tape: str,
        venues: Sequence[str],
        *,
        decoder: Decoder,
        stamper: Stamper,
        ground: Ground,
        raw: Outboxes,
        market: Outboxes,
        partitions: Mapping[str, int],
        tally: Tally,
        keeps_raw: bool = True,
        clock: Callable[[], int] | None = None,
        stands: Callable[[Any], None] | None = None,
        acknowledged: At | None = None,
    ) -> None:
        self._tape, self._venues = tape, list(venues)
        self._decoder, self._stamper, self._ground = decoder, stamper, ground
        self._raw, self._market, self._partitions = raw, market, partitions
        self._tally, self._clock, self._stands = tally, clock, stands
        self._keeps_raw, self._acknowledged = keeps_raw, acknowledged
        self._letters = DeadLetters("ingest", tape, market)
        self._names = {name: BY_NAME[name].on(tape) for name in partitions}
        self._lanes = Lanes(partitions[MARKET.name], ground.last_seq)
        self._market_log = MarketLog(market, self._names[MARKET.name], partitions[MARKET.name])
        self._queue: asyncio.Queue[Batch] = asyncio.Queue(DEPTH)
        self._writing: asyncio.Task[None] | None = None
        self._batches = 0

    async def take(self, arrivals: Iterable[Arrival]) -> None:
        """
        Send a chunk; returns when there is room for the next one: the back-pressure.

        Raises:
            FeedMismatchError: see `Stamper.stamp`.
        """
        batch = self._begin()
        now_us = self._clock() if self._clock else None
        for arrival in arrivals:
            self._admit(arrival, now_us or arrival.received_us, batch)
            if len(batch.lines) > MANY_LINES:
                batch.tickets = self._raw.tickets()
                await self._hand_over(batch)
                batch = self._begin()
        batch.tickets = self._raw.tickets()
        await self._hand_over(batch)

    async def replay(self, tail: Iterable[Standing]) -> None:
        """Decode raw records that stand, in order, for a feed that cannot give them again."""
        batch = self._begin()
        for count, (topic, partition, _, raw) in enumerate(tail, 1):
            self._stamper.moved_to(raw.venue, raw.seq)
            self._decode(raw, topic, partition, batch)
            if count % REPLAY_BATCH == 0 or len(batch.lines) > MANY_LINES:
                await self._hand_over(batch)
                batch = self._begin()
        await self._hand_over(batch)

    async def mark(self, cursor: Any) -> None:
        """
        Have a `position` written as soon as everything taken so far is acknowledged.

        The offsets in it may be older than the rest: what was acknowledged by now. A reader
        tells by seq what is after the position. One too long for `control` is not written:
        the one before it stays, and `/health` says so.
        """
        batch = self._begin()
        chain = Chain(self._stamper.last, pack(self._decoder.state()))
        # Until all that stands was met again, some of it is still to be decoded.
        standing = self._ground.raw if self._stamper.left else self._ground.ends
        offsets = {
            topic: self._offsets(topic, standing.get(topic, {}))
            for topic in self._partitions
            if topic != MARKET.name
        }
        position = Position(
            venues=self._venues,
            raw=offsets,
            market=self._offsets(MARKET.name, self._ground.ends.get(MARKET.name, {})),
            last_seq=self._lanes.last_seq(),
            chain=msgspec.to_builtins(chain),
            cursor=cursor,
        )
        record = msgspec.json.encode(position)
        if self._tally.position(len(record), MAX_VALUE_BYTES):
            batch.position, batch.cursor = record, cursor
        await self._hand_over(batch)

    async def finish(self) -> None:
        """Wait until all that was taken or marked is on the broker."""
        await self._queue.join()
        self._market_log.send()
        if self._writing is not None:
            await self._writing
        await self._raw.flush()
        await self._market.flush()

    async def publish(self) -> None:
        """Hand batches to `market` when their raw records are acknowledged; for ever."""
        while True:
            batch = await self._queue.get()
            for box, ticket in batch.tickets:
                await box.acknowledged(ticket)
            if batch.seq and self._acknowledged is not None:
                self._acknowledged(batch.seq, 0.0)
            sent = await self._market_log.put(batch.lines, batch.arrived_s)
            for topic, partition, raw, reason in batch.letters:
                self._send_letter(topic, partition, raw, reason)
            if batch.position is not None:
                await self._write(batch.position, batch.cursor)
            self._tally.messages(MARKET.name, sent)
            self._tally.done(batch.number)
            await self._market_log.relieved()
            self._queue.task_done()

    def _begin(self) -> Batch:
        self._batches += 1
        return Batch(self._batches, asyncio.get_running_loop().time())

    async def _hand_over(self, batch: Batch) -> None:
        self._tally.sent(batch.number)
        await self._queue.put(batch)

    def _admit(self, arrival: Arrival, received_us: int, batch: Batch) -> None:
        topic, venue, _, feed, channel, key, value, line = arrival
        partition = keys.partition(key, self._partitions[topic])
        if len(value) > MAX_VALUE_BYTES:
            # Its seq is of no counter, so the reason tells it from others received with it.
            reason = (
                f"{TOO_LONG}: {len(value)} bytes, {MAX_VALUE_BYTES} can stand in a topic; "
                f"{venue}, line {line}, crc32 {crc32(value):08x}"
            )
            cut = Raw(venue, received_us, feed, channel, key, value[:MAX_VALUE_BYTES])
            self._refuse(topic, partition, cut, reason, batch)
            return
        seq, stands = self._stamper.stamp((topic, partition, venue), received_us, value)
        batch.seq = batch.seq or seq
        if self._keeps_raw and not stands:
            box = self._raw.get(self._names[topic], partition)
            box.append(key.encode(), value, headers(seq, feed, channel))
        if topic != CONTROL.name:
            self._tally.received(feed, channel)
        raw = Raw(venue, seq, feed, channel, key, value)
        self._decode(raw, topic, partition, batch)

    def _decode(self, raw: Raw, topic: str, partition: int, batch: Batch) -> None:
        decoded = self._decoder.decode(raw)
        venue, add = raw.venue, batch.lines.append
        for message in decoded.messages:
            targets = self._lanes.targets(message, venue)
            if not targets:
                continue
            add((targets, frames.encode(message)))
            if type(message) is Gap:
                self._tally.gap(message.cause)
        for reason in decoded.dead:
            self._refuse(topic, partition, raw, reason, batch)
        for reason in decoded.dropped:
            self._tally.dropped(raw.feed, reason)

    def _refuse(self, topic: str, partition: int, raw: Raw, reason: str, batch: Batch) -> None:
        self._tally.dead(reason)
        batch.letters.append((topic, partition, raw, reason))

    def _send_letter(self, topic: str, partition: int, raw: Raw, reason: str) -> None:
        self._letters.send(
            reason,
            raw.value,
            b"%d" % raw.seq,
            topic=topic,
            partition=str(partition),
            channel=raw.channel,
            venue=raw.venue,
        )

    async def _write(self, position: bytes, cursor: Any) -> None:
        """Queue a position in `control` once all messages below it are acknowledged."""
        self._market_log.send()
        if self._writing is not None:
            await self._writing
        tickets = self._market.tickets()

        async def when_acknowledged() -> None:
            for box, ticket in tickets:
                await box.acknowledged(ticket)
            box = self._raw.get(self._names[CONTROL.name], 0)
            key = "+".join(self._venues).encode()
            marks = [("feed", b"ingest"), ("channel", POSITION.encode())]
            box.append(key, position, marks)
            if self._stands is not None:
                await box.acknowledged(box.ticket())
                self._stands(cursor)

        self._writing = asyncio.create_task(when_acknowledged(), name="ingest-position")

    def _offsets(self, topic: str, standing: Mapping[int, int]) -> dict[int, int]:
        """Offsets after the last acknowledged record; where nothing was sent, what stood."""
        boxes = self._market if topic == MARKET.name else self._raw
        found = dict(standing)
        for partition in range(self._partitions[topic]):
            if sent := boxes.get(self._names[topic], partition).next_offset:
                found[partition] = sent
        return found
