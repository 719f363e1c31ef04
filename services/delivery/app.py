"""
The delivery of alerts: from the topic into the log, from the log to the channels.

Taking is exactly once (positions move in the transaction of the rows); telling is at least
once, each time under the same id, so a receiver that takes an id once has each alert once.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec
import psycopg
from aiokafka.errors import KafkaError

from schemas.topics import ALERTS
from services.delivery import channels_file
from services.delivery.core.intake import Policy, Row, rows
from services.delivery.log import OvertakenError, Positions, UnmigratedError, Waiting, connect
from services.delivery.outlet import Outlet
from services.delivery.senders import Sender, sender
from services.runtime import kafka, logs, roles
from services.runtime.dead_letters import DeadLetters
from services.runtime.outbox import Outboxes
from services.runtime.process import Process, run
from services.runtime.settings import Settings, SettingsError

log = logs.get(__name__)

BACKOFF_S = (0.2, 10.0)
OWN_S = 2.0
FINISH_S = 3.0
LETTER_S = 8.0
WATCH_S = 1.0
FORGET_S = 3600.0
AWAY = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    KafkaError,
    OSError,
    TimeoutError,
    LookupError,
    UnmigratedError,
    OvertakenError,
)
"""Busy or absent: wait and try again. Anything else ends the process."""


def run_delivery(settings: Settings, dry_run: bool = False) -> None:
    """
    Tell the tape's alerts until SIGTERM or SIGINT.

    Nothing is told of another tape than `delivery_tape`, nor in a dry run: the log says so.

    Raises:
        SettingsError: no Kafka, no login, or channels that cannot be used.
    """
    if settings.kafka is None:
        raise SettingsError("no Kafka: set VNTAPE_KAFKA, or start one with `vntape up`")
    if settings.delivery is None:
        raise SettingsError("no channels: set VNTAPE_DELIVERY to a file as deploy/delivery.yaml")
    plan = Plan(
        settings.kafka,
        roles.url(settings, roles.DELIVERY),
        channels_file.read(settings.delivery),
        withheld(settings, dry_run),
    )
    for channel in plan.file.channels:  # what is missing is said before anything begins
        sender(channel, settings)
    run("delivery", settings, lambda process: Delivery(process, plan).run())


def withheld(settings: Settings, dry_run: bool) -> str | None:
    """Why nothing of the tape is told; None: it is."""
    if dry_run:
        return "dry run"
    if settings.tape != settings.delivery_tape:
        return f"tape {settings.tape} is not VNTAPE_DELIVERY_TAPE ({settings.delivery_tape})"
    return None


@dataclass(frozen=True)
class Plan:
    """What a delivery needs to know; `url` is the database's."""

    kafka: str
    url: str
    file: channels_file.ChannelsFile
    withheld: str | None


class Delivery:
    """One process; a second one on the same tape waits until the first is gone."""

    def __init__(self, process: Process, plan: Plan) -> None:
        self._settings, self._metrics = process.settings, process.metrics
        self._health, self._stopping = process.health, process.stopping
        self._plan = plan
        self._routes = [channel.route for channel in plan.file.channels]
        self._failures = 0

    async def run(self) -> None:
        """Sessions with the broker and the database, one after the other, until asked to stop."""
        if self._plan.withheld is not None:
            log.warning("nothing_is_delivered", reason=self._plan.withheld)
        while not self._stopping.is_set():
            try:
                await self._session()
            except* AWAY as group:
                self._fail(group.exceptions[0])
                await self._rest(self._pause_s())

    async def _session(self) -> None:
        tape = self._settings.tape
        async with contextlib.AsyncExitStack() as open_:
            connection = await connect(self._plan.url, tape, f"{tape}.delivery")
            open_.push_async_callback(_quietly, connection.close)
            positions = Positions(connection, tape)
            if not await positions.own():
                self._health.problems["waiting"] = "another delivery service has this tape"
                await self._rest(OWN_S)
                return
            consumer = kafka.consumer(
                self._plan.kafka, f"{tape}.delivery", group_id=f"{tape}.delivery"
            )
            producer = kafka.producer(self._plan.kafka, f"{tape}.delivery")
            await consumer.start()
            open_.push_async_callback(_quietly, consumer.stop)
            await producer.start()
            open_.push_async_callback(_quietly, producer.stop)
            outboxes = Outboxes(producer, on_failure=_output_failed)
            open_.push_async_callback(_quietly, outboxes.stop)
            letters = _Letters(DeadLetters("delivery", tape, outboxes), outboxes)
            outlets = [] if self._plan.withheld else await self._outlets(open_, letters)
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(outlet.run()) for outlet in outlets]
                await self._take(consumer, positions, outlets, letters)
                for outlet in outlets:
                    outlet.stop()
                if tasks:
                    # What is being told is told, and known to be.
                    await asyncio.wait(tasks, timeout=FINISH_S)
                for task in tasks:
                    task.cancel()

    async def _outlets(self, open_: contextlib.AsyncExitStack, letters: "_Letters") -> list[Outlet]:
        outlets = []
        for channel in self._plan.file.channels:
            name = f"{self._settings.tape}.delivery.{channel.name}"
            connection = await connect(self._plan.url, self._settings.tape, name)
            open_.push_async_callback(_quietly, connection.close)
            made: Sender = sender(channel, self._settings)
            open_.push_async_callback(_quietly, made.close)
            waiting = Waiting(connection, channel.name)
            outlets.append(Outlet(channel, made, waiting, letters.bury, self._metrics))
        return outlets

    async def _take(
        self,
        consumer: kafka.Consumer,
        positions: Positions,
        outlets: list[Outlet],
        letters: "_Letters",
    ) -> None:
        """The topic into the log, until asked to stop."""
        at = await self._seek(consumer, positions)
        self._health.ready = True
        self._health.problems.clear()
        next_commit = next_forget = 0.0
        while not self._stopping.is_set():
            fetched = await consumer.getmany(timeout_ms=200, max_records=500)
            found: list[Row] = []
            new: dict[int, int] = {}
            policy = Policy(
                self._settings.tape,
                self._plan.withheld,
                round((time.time() - self._plan.file.max_age_s) * 1000),
            )
            for tp, records in fetched.items():
                for record in records:
                    found += await self._rows_of(record, policy, letters)
                new[tp.partition] = records[-1].offset + 1
            if new:
                taken = await positions.take(found, {n: at[n] for n in new}, new)
                at.update(new)
                log.info("taken", rows=taken)
                self._failures = 0
                for outlet in outlets:
                    outlet.news.set()
            self._health.progress()
            if time.monotonic() > next_commit:
                next_commit = time.monotonic() + WATCH_S
                await consumer.commit({tp: at[tp.partition] for tp in consumer.assignment()})
            if time.monotonic() > next_forget:
                next_forget = time.monotonic() + FORGET_S
                log.info("forgotten", rows=await positions.forget(self._plan.file.keep_days))

    async def _seek(self, consumer: kafka.Consumer, positions: Positions) -> dict[int, int]:
        span = await kafka.bounds(consumer, ALERTS.on(self._settings.tape))
        at = await positions.read([tp.partition for tp in span])
        consumer.assign(list(span))
        for tp, (first, _) in span.items():
            # What is gone is older than anything that would be told.
            if at[tp.partition] < first:
                log.warning("alerts_expired", partition=tp.partition, lost=first - at[tp.partition])
                await positions.take([], {tp.partition: at[tp.partition]}, {tp.partition: first})
                at[tp.partition] = first
            consumer.seek(tp, at[tp.partition])
        return at

    async def _rows_of(
        self, record: kafka.Record, policy: Policy, letters: "_Letters"
    ) -> list[Row]:
        value: bytes = record.value or b""
        try:
            return list(rows(value, self._routes, policy))
        except (msgspec.DecodeError, UnicodeDecodeError) as e:
            place = {"topic": ALERTS.name, "partition": str(record.partition)}
            await letters.send(f"undecodable: {e}", value, None, offset=str(record.offset), **place)
            self._metrics.dead_letters.labels("delivery", "undecodable").inc()
            return []

    def _fail(self, error: BaseException) -> None:
        self._failures += 1
        said = f"{error}".strip() or repr(error)
        self._health.problems["away"] = said
        self._health.progress()  # waiting for something that is away is no stall
        log.warning("backing_off", error=said, attempt=self._failures)

    def _pause_s(self) -> float:
        low, high = BACKOFF_S
        return random.uniform(low, min(high, low * 2.0**self._failures))  # noqa: S311

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return


class _Letters:
    """Dead letters that are on the broker when they are said to be."""

    def __init__(self, letters: DeadLetters, outboxes: Outboxes) -> None:
        self._letters, self._outboxes = letters, outboxes

    async def send(self, reason: str, value: bytes, key: bytes | None, **origin: str) -> None:
        self._letters.send(reason, value, key, **origin)
        async with asyncio.timeout(LETTER_S):
            await self._outboxes.flush()

    async def bury(self, reason: str, name: str, value: bytes) -> None:
        await self.send(reason, value, name.encode(), topic=ALERTS.name)


def _output_failed(topic: str, partition: int, error: BaseException) -> None:
    # Whoever waits for this dead letter runs into its timeout, and the session begins anew.
    log.error("dead_letter_failed", topic=topic, partition=partition, error=repr(error))


async def _quietly(stop: Callable[[], Awaitable[None]]) -> None:
    """What is closed because it is broken may fail once more, or never answer."""
    try:
        async with asyncio.timeout(5):
            await stop()
    except (*AWAY, RuntimeError) as e:  # the latter is uvloop's: a handle that is closed
        log.debug("close_failed", error=repr(e))
