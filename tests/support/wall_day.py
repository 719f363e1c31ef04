"""
A simulated day in a tape's tables, as the services and the writer leave it there, for walls.

Everything real but the transport: the exchange's recording through ingest's engine, the cores in
process, and the writer's own transactions. No broker, so a day is there in seconds.
"""

import asyncio
import fcntl
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import msgspec

from schemas import frames
from schemas.market import Basket, MarketMessage, Member
from schemas.topics import BY_NAME, MARKET, PARTITIONS, TRADES_CLASSIFIED
from services.analytics import app as analytics
from services.board.app import SERVICE as BOARD
from services.classifier.app import SERVICE as CLASSIFIER
from services.derivatives.app import build as build_derivatives
from services.foreign.app import SERVICE as FOREIGN
from services.index.app import SERVICE as INDEX
from services.index.merge_app import SERVICE as INDEX_MERGE
from services.orderflow.app import build as build_bars
from services.orderflow.index_app import build as build_index_bars
from services.runtime import database, roles
from services.runtime.partition import Partition
from services.runtime.service import Service
from services.runtime.settings import Settings
from services.stack import Addresses
from services.writer.core.batch import Batch, Refused
from services.writer.core.tables import STORED_TOPICS
from services.writer.schema import migrate
from services.writer.store import Store
from tests.support.index_run import in_step, lanes, recorded
from tests.support.stack import ROOT
from tests.support.tapes import forget
from tests.support.writing import instance_of
from tests.unit.simulator.exchange_day import FRIDAY, plan
from tests.unit.simulator.exchange_day import recorded as record

DAY = FRIDAY.isoformat()
BARS = "1m,1d,100t"
"""Of the bars that a service makes by default those that walls are made of, and one by trades."""

Lanes = Sequence[Sequence[Any]]


@dataclass
class Told:
    """What each topic says, partition by partition, as records."""

    records: dict[str, list[list[bytes]]] = field(default_factory=dict)

    def lane(self, topic: str, number: int) -> list[bytes]:
        """The records of a partition, to be appended to."""
        return self.records.setdefault(topic, [[] for _ in range(PARTITIONS)])[number]

    def messages(self, topic: str) -> list[list[Any]]:
        """The messages of a topic that has one a record."""
        decode = msgspec.json.Decoder(BY_NAME[topic].value).decode
        return [[decode(r) for r in lane] for lane in self.records.get(topic, [])]


def simulated(folder: Path, scale: float = 0.02) -> Told:
    """A day of 104 symbols through all services; its recording and truth stay in the folder."""
    the_plan = plan(scale=scale)
    record(the_plan, folder)
    members = [
        Member(each.symbol, each.shares, each.free_float / 100, each.cap / 1000)
        for each in the_plan.instruments
        if each.cap
    ]
    return told(list(_with_basket(recorded(folder / "manifest.json"), members)))


def _with_basket(
    messages: Iterator[MarketMessage], members: list[Member]
) -> Iterator[MarketMessage]:
    first = next(messages)
    yield Basket(
        symbol="VN30", feed="ingest", seq=first.seq - 1, ts_ms=first.ts_ms, members=members,
        effective_date="2026-02-02", source="the simulated exchange",
    )  # fmt: skip
    yield first
    yield from messages


def told(messages: Sequence[MarketMessage]) -> Told:
    """
    Messages of `market` through all services.

    In one lane: a unit's results do not depend on where it is, and clocks come once, not twelve
    times. Step 1 of the index reduces partitions, so it has the twelve. Without the BUSD flow.
    """
    settings, out = options(), Told()
    encode = frames.encode_frame
    out.records[MARKET.name] = [
        [encode(messages[at : at + 500]) for at in range(0, len(messages), 500)]
    ]
    for service in (CLASSIFIER, FOREIGN, build_derivatives(settings), BOARD,
                    build_index_bars(settings)):  # fmt: skip
        _run(service, [messages], out)
    _run(build_bars(settings), out.messages(TRADES_CLASSIFIED.name), out)
    _run(INDEX, lanes(messages), out)
    partials = out.records[INDEX_MERGE.input.name]
    decode = msgspec.json.Decoder(INDEX_MERGE.input.value).decode
    _run(INDEX_MERGE, [[decode(record) for record in in_step(partials)]], out)
    for topic in analytics.topics_with_rules(settings):
        source = [messages] if topic == MARKET.name else out.messages(topic)
        _run(analytics.build(settings, topic), source, out)
    return out


def options(**more: Any) -> Settings:
    """Settings of the services: those of the tests and the demo."""
    chosen: dict[str, Any] = {
        "bars": BARS,
        "derivatives_rate": 0.045,
        "derivatives_dividend_yield": 0.015,
        "alert_rules": ROOT / "deploy" / "alerts.yaml",
    }
    return Settings(**chosen | more)


def _run(service: Service[Any], sources: Lanes, out: Told) -> None:
    for number, lane in enumerate(sources):
        sinks = {
            kind: _sink(out.lane(topic.name, number)) for kind, topic in service.outputs.items()
        }
        clocked = [sinks[kind] for kind, topic in service.outputs.items() if topic.clocked]
        Partition(service, sinks, clocked, number=number).run(0, lane)


def _sink(lane: list[bytes]) -> Any:
    def add(_key: bytes, value: bytes) -> None:
        lane.append(value)

    return add


@contextmanager
def shared(addresses: Addresses, folder: Path) -> Iterator[Settings]:
    """
    A tape with the day, for all processes that name this folder: the first fills it, and who
    is the last one at the time drops it.
    """
    with (folder / "wall-day").open("a+") as users:
        tape = _joined(users, addresses, folder)
        try:
            yield _settings(addresses, tape)
        finally:
            fcntl.flock(users, fcntl.LOCK_EX)
            left = _count(users, -1)
            if not left:
                forget(tape, addresses)
                users.truncate(0)
            fcntl.flock(users, fcntl.LOCK_UN)


def _joined(users: TextIO, addresses: Addresses, folder: Path) -> str:
    fcntl.flock(users, fcntl.LOCK_EX)
    users.seek(0)
    tape = users.readline().strip()
    if not tape:
        tape = f"t{secrets.token_hex(6)}"
        filled(addresses, tape, folder / tape)
        users.write(f"{tape}\n0\n")
    _count(users, 1)
    fcntl.flock(users, fcntl.LOCK_UN)
    return tape


def _count(users: TextIO, more: int) -> int:
    users.seek(0)
    tape, count = users.read().split()
    users.truncate(0)
    users.write(f"{tape}\n{int(count) + more}\n")
    users.flush()
    return int(count) + more


def _settings(addresses: Addresses, tape: str) -> Settings:
    return Settings(
        tape=tape,
        stack=instance_of(addresses),
        local_dir=ROOT / ".local",
        kafka=addresses.kafka,
        database_url=addresses.database,
    )


def filled(addresses: Addresses, tape: str, folder: Path) -> Settings:
    """A new tape with `simulated`'s day in its tables; it has no topics."""
    settings = _settings(addresses, tape)
    migrate(settings)
    asyncio.run(fill(settings, simulated(folder)))
    with database.connect(addresses.database, "test-wall-day", autocommit=True) as connection:
        connection.execute("ANALYZE")
    return settings


@dataclass
class _Record:
    value: bytes
    offset: int
    partition: int
    key: bytes | None = None
    headers: tuple[tuple[str, bytes], ...] = ()
    timestamp: int = 0


async def fill(settings: Settings, day: Told, batch_rows: int = 20_000) -> int:
    """
    Put it into a tape that has its tables, by the writer's transactions; the number of messages.

    Raises:
        AssertionError: the writer refused a message.
    """
    url = roles.url(settings, roles.WRITER)
    async with await database.connect_async(url, "test-wall-day") as connection:
        store, count = Store(connection, settings.tape), 0
        await store.prepare()
        positions = await store.positions(
            [(topic, n) for topic in STORED_TOPICS for n in range(PARTITIONS)]
        )
        batch = Batch(positions)
        for topic, record in _records(day):
            batch.add(topic, record)
            if batch.count >= batch_rows:
                count += batch.count
                await store.write(batch, _refuse)
                positions = positions | batch.new
                batch = Batch(positions)
        await store.write(batch, _refuse)
    return count + batch.count


async def _refuse(refused: list[Refused]) -> None:
    raise AssertionError(f"the writer refused {refused[0].reason}: {refused[0].line[:300]!r}")


def _records(day: Told) -> Iterator[tuple[str, _Record]]:
    for topic in STORED_TOPICS:
        natural = _NATURAL.get(topic)
        decode = msgspec.json.Decoder(BY_NAME[topic].value).decode if natural else None
        for number, lane in enumerate(day.records.get(topic, [])):
            kept = lane
            if decode and natural:
                # What the table holds in the end; on its way a bar came once a second.
                kept = list({natural(decode(value)): value for value in lane}.values())
            for offset, value in enumerate(kept):
                yield topic, _Record(value, offset, number)


def _bar_key(bar: Any) -> Any:
    return bar.symbol, bar.interval, bar.ts_ms, bar.phase, bar.number


def _board_key(row: Any) -> Any:
    return row.symbol, row.day


_NATURAL = {"bars": _bar_key, "board": _board_key}
