"""Where ingest stood: the last `position` of a tape, and what was written after it."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import msgspec

from schemas.base import BROADCAST
from schemas.control import Position
from schemas.frames import BadLine, messages_and_errors
from schemas.keys import venue_of
from schemas.market import MarketMessage
from schemas.topics import CONTROL, MARKET
from services.ingest import rawlog
from services.ingest.packing import unpack
from services.ingest.rawlog import POSITION, Standing
from services.runtime import kafka, logs

log = logs.get(__name__)

Offsets = dict[int, int]
Spans = Mapping[str, Mapping[int, tuple[int, int]]]

SETTLING_TRIES = 3
SETTLING_S = 0.1
"""A killed process's last request may still be on its way into the log; on one machine it
lands within milliseconds. Where another ingest writes the same topics the ends never rest."""


class PositionError(Exception):
    """The tape cannot be continued from what stands in it; the text says why."""


class Chain(msgspec.Struct, frozen=True):
    """
    `Position.chain`: venue -> seq of the last raw record below it, and the engine's state,
    which a position holds as `packing.pack` gives it.
    """

    raw_seq: dict[str, int]
    engine: Any


def chain_of(position: Position) -> Chain:
    """
    Its chain, the engine's state unpacked.

    Raises:
        ValueError, msgspec.ValidationError: it is damaged.
    """
    found = msgspec.convert(position.chain, Chain)
    return msgspec.structs.replace(found, engine=unpack(found.engine))


@dataclass(slots=True)
class Ground:
    """
    What stands on a tape when ingest starts.

    Attributes:
        raw: topic -> partition -> an offset below which nothing is to be decoded again;
            records after it with a seq up to `chain.raw_seq` of their venue are not either.
        last_seq: partition of `market` -> venue -> last seq that stands there.
        ends: topic, `market` too -> partition -> next offset; all below it is in `tail` or
            `last_seq`, or was below the position.
        chain, cursor: of the position; None on a tape without one.
        tail: raw records after the position, of our venues.
    """

    raw: dict[str, Offsets]
    last_seq: dict[int, dict[str, int]]
    ends: dict[str, Offsets] = field(default_factory=dict)
    chain: Chain | None = None
    cursor: Any = None
    tail: list[Standing] = field(default_factory=list)

    @property
    def fresh(self) -> bool:
        """Nothing of ours was ever written on this tape."""
        return self.chain is None and not self.tail

    def last_raw(self) -> dict[str, int]:
        """Venue -> seq of its last raw record that stands."""
        last = dict(self.chain.raw_seq) if self.chain else {}
        for standing in self.tail:
            venue = standing.raw.venue
            last[venue] = max(last.get(venue, 0), standing.raw.seq)
        return last


def venue_of_message(message: MarketMessage) -> str:
    """The venue whose counter numbered a message."""
    if message.symbol == BROADCAST:
        return str(message.venue)  # type: ignore[union-attr]
    return venue_of(message.symbol)


Check = Callable[[Any], None]
"""Raises ValueError when an engine's state cannot be restored."""


async def ground(
    bootstrap: str, tape: str, venues: Sequence[str], topics: Iterable[str], check: Check
) -> Ground:
    """
    Read what stands on the tape for these venues.

    Args:
        topics: raw topics besides `control`, without the tape.

    Raises:
        PositionError: the position is of other venues, or reaches beyond the log.
        LookupError: a topic is not there.
    """
    names = [t.on(tape) for t in [*rawlog.raw_topics(topics), MARKET]]
    for _ in range(SETTLING_TRIES):
        spans = await kafka.spans(bootstrap, names)
        found = await _read(bootstrap, tape, venues, topics, spans, check)
        await asyncio.sleep(SETTLING_S)
        if await kafka.spans(bootstrap, names) == spans:
            break
    return found


async def _read(
    bootstrap: str,
    tape: str,
    venues: Sequence[str],
    topics: Iterable[str],
    spans: Spans,
    check: Check,
) -> Ground:
    position = await last_position(bootstrap, tape, venues, spans[CONTROL.on(tape)][0], check)
    if position is None:
        found, market = Ground({}, {}), {}
    else:
        _refuse_beyond(position, tape, spans)
        chain = chain_of(position)
        found = Ground(position.raw, position.last_seq, chain=chain, cursor=position.cursor)
        market = position.market
    for topic in [*rawlog.raw_topics(topics), MARKET]:
        ends = spans[topic.on(tape)].items()
        found.ends[topic.name] = {partition: end for partition, (_, end) in ends}
    for topic in rawlog.raw_topics(topics):
        start = found.raw.get(topic.name, {})
        async for standing in rawlog.tail(bootstrap, tape, topic.name, start):
            if standing.raw.venue in venues and _is_after(standing, found.chain):
                found.tail.append(standing)
    await _add_last_seqs(bootstrap, tape, market, found.last_seq)
    return found


def _is_after(standing: Standing, chain: Chain | None) -> bool:
    return chain is None or standing.raw.seq > chain.raw_seq.get(standing.raw.venue, -1)


def _refuse_beyond(position: Position, tape: str, spans: Spans) -> None:
    for name, offsets in {**position.raw, MARKET.name: position.market}.items():
        topic = name if tape == "live" else f"{tape}.{name}"
        for partition, offset in offsets.items():
            _, end = spans.get(topic, {}).get(partition, (0, 0))
            if offset > end:
                raise PositionError(
                    f"ingest wrote {topic} partition {partition} up to {offset}, but the log ends "
                    f"at {end}: its records were lost; restore the topic, or drop the tape"
                )


async def last_position(
    bootstrap: str, tape: str, venues: Sequence[str], span: tuple[int, int], check: Check
) -> Position | None:
    """
    The newest readable position of these venues in `control`, searched from its end.

    A damaged one is passed over: an older one only means more to read again.

    Raises:
        PositionError: the newest is of some of these venues and of others.
    """
    first, upper = span
    window = 64
    while upper > first:
        lower = max(first, upper - window)
        for record in reversed(await _control(bootstrap, tape, lower, upper)):
            position = _position(record)
            if position is None or not set(position.venues) & set(venues):
                continue
            if set(position.venues) != set(venues):
                raise PositionError(
                    f"on tape {tape} one ingest owned {'+'.join(position.venues)}, now "
                    f"{'+'.join(venues)} was asked: start it with the same feeds, or on a new tape"
                )
            if _is_usable(position, record.offset, check):
                return position
        upper, window = lower, window * 4
    return None


async def _control(bootstrap: str, tape: str, lower: int, upper: int) -> list[Any]:
    found = []
    records: Any = kafka.read_all(bootstrap, CONTROL.on(tape), {0: lower})
    async with aclosing(records):
        async for record in records:
            if record.offset >= upper:
                break
            found.append(record)
    return found


def _position(record: Any) -> Position | None:
    if dict(record.headers).get("channel") != POSITION.encode():
        return None
    try:
        return msgspec.json.decode(record.value, type=Position)
    except (msgspec.MsgspecError, ValueError) as e:
        log.warning("position_unreadable", offset=record.offset, error=str(e))
        return None


def _is_usable(position: Position, offset: int, check: Check) -> bool:
    try:
        check(chain_of(position).engine)
    except (msgspec.MsgspecError, ValueError) as e:
        log.warning("position_unusable", offset=offset, error=str(e))
        return False
    return True


async def _add_last_seqs(
    bootstrap: str, tape: str, start: Offsets, last_seq: dict[int, dict[str, int]]
) -> None:
    async for record in kafka.read_all(bootstrap, MARKET.on(tape), start):
        last = last_seq.setdefault(record.partition, {})
        for message in messages_and_errors(record.value):
            if not isinstance(message, BadLine):
                venue = venue_of_message(message)
                last[venue] = max(last.get(venue, 0), message.seq)
