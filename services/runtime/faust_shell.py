"""
The pump as a Faust worker: app, agent, group, assignment; the shell of production.

One input topic, one agent, one snapshot topic an app.
"""

import asyncio
import time
from collections import deque
from typing import Any, TypeVar

import faust
from aiokafka import TopicPartition
from faust.transport.drivers import TRANSPORTS
from mode import Service as ModeService

from services.runtime import faust_transport, http, kafka, logs
from services.runtime.dead_letters import TooManyDeadLettersError
from services.runtime.exits import EXIT_REFUSE, EXIT_RESTART, end
from services.runtime.expired import check_input
from services.runtime.faust_transport import SCHEME, QuietTableManager
from services.runtime.group_leave import leave, tell_empty
from services.runtime.health import Health
from services.runtime.input_log import AnotherLogError, InputLog
from services.runtime.metrics import Metrics
from services.runtime.outbox import Outboxes
from services.runtime.partition import StepFailedError
from services.runtime.process import announce, withdraw
from services.runtime.pump import Pump
from services.runtime.service import Service
from services.runtime.settings import Settings
from services.runtime.snapshots import RefusedSnapshotError, read_latest

log = logs.get(__name__)
S = TypeVar("S")

HEARTBEAT_S = 0.5
"""So late at most a worker hears that another left: with 2.5 s partitions stood 3.0 s, now 0.7."""
STREAM_BUFFER = 256
"""Frames in the agent's queue."""

TRANSPORTS.aliases[SCHEME] = "services.runtime.faust_transport:Transport"


class FaustShell:
    """Wires one pump into one Faust app."""

    def __init__(self, service: Service[Any], settings: Settings, worker: int | str) -> None:
        assert settings.kafka is not None
        self.service, self.settings, self.worker = service, settings, worker
        self.metrics, self.health = Metrics(service.name), Health()
        self.name = f"{service.name}-{worker}"
        self._events: dict[int, deque[Any]] = {}
        self._holes: dict[tuple[int, int], int] = {}
        self._saved: dict[int, int] = {}
        self._member_id = ""
        self._producer: Any = None
        self._reader: Any = None
        self.pump: Pump[Any]
        self._outboxes: Outboxes
        self._input: InputLog
        self._http: Any = None
        self.app = self._make_app()

    def _make_app(self) -> Any:
        settings, service = self.settings, self.service
        datadir = settings.local_dir / settings.stack / "faust" / self.name
        datadir.mkdir(parents=True, exist_ok=True)
        app = faust.App(
            service.app_id(settings.tape),
            broker=f"{SCHEME}://{settings.kafka}",
            broker_credentials=faust_transport.credentials(str(settings.kafka)),
            TableManager=QuietTableManager,
            store="memory://",
            web_enabled=False,
            topic_allow_declare=False,
            topic_disable_leader=True,
            topic_partitions=service.input.partitions,
            processing_guarantee="at_least_once",
            broker_session_timeout=settings.session_timeout_s,
            broker_heartbeat_interval=min(HEARTBEAT_S, settings.session_timeout_s / 4),
            broker_commit_interval=1.0,
            broker_max_poll_interval=300.0,
            consumer_group_instance_id=self.name,
            stream_buffer_maxsize=STREAM_BUFFER,
            cython_optimizations=True,
            stream_wait_empty=False,
            datadir=str(datadir),
        )
        app.source_topic = service.input.on(settings.tape)
        app.seeker = self
        topic = app.topic(
            app.source_topic, key_type=bytes, value_type=bytes, value_serializer="raw"
        )
        app.agent(topic, name=f"{service.name}")(self._pump_all)
        app.service(self._background())
        app.on_partitions_revoked.connect(self._revoked, weak=False)
        app.on_partitions_assigned.connect(self._assigned, weak=False)
        app.on_before_shutdown.connect(self._shutdown, weak=False)
        return app

    # ---- the agent --------------------------------------------------------------------------

    async def _pump_all(self, stream: Any) -> None:
        name, topic = self.service.name, self.service.input.name
        records = self.metrics.records.labels(name, topic)
        delay = self.metrics.delay.labels(name, topic)
        async for event in stream.noack().events():
            message = event.message
            number, offset = message.partition, message.offset
            partition = self.pump.partitions.get(number)
            if (
                partition is None
                or message.generation_id != self.app.consumer_generation_id
                or offset < partition.next_offset
            ):
                continue  # fetched before a rebalance or a seek: it comes again where it is due
            if offset > partition.next_offset:
                lost = f"partition {number}: {partition.next_offset} is due, {offset} came"
                end(EXIT_RESTART, "input_hole", LookupError(lost))
            try:
                fresh = self.pump.handle(number, offset, message.value)
            except StepFailedError as e:
                await self._end_after_strike(number, e)
            except TooManyDeadLettersError as e:
                end(EXIT_REFUSE, "too_many_dead_letters", e)
            except BaseException as e:  # noqa: BLE001  before Faust could acknowledge it
                end(EXIT_RESTART, "pump_failed", e)
            records.inc()
            if fresh:
                delay.observe(max(0.0, time.time() - message.timestamp))
            self._events.setdefault(number, deque()).append(event)
            self.health.progress()
            if self.pump.due(number):
                self.app.add_future(self._snapshot(number))
            await self.pump.relieved(number)

    async def _end_after_strike(self, number: int, error: StepFailedError) -> None:
        try:
            await self.pump.strike(number, error)
        finally:
            end(
                EXIT_REFUSE if self.settings.step_errors == "stop" else EXIT_RESTART,
                "step_failed",
                error,
            )

    async def _snapshot(self, number: int) -> None:
        """Write a snapshot, then acknowledge what lies below it (for lag displays only)."""
        below = await self.pump.snapshot(number)
        events = self._events.get(number)
        while below is not None and events and events[0].message.offset < below:
            events.popleft().ack()

    # ---- assignment (called by the transport) -------------------------------------------------

    async def positions(self, partitions: set[int]) -> dict[int, int]:
        """Restore these partitions and forget the others; where to read each from."""
        try:
            found = await read_latest(
                self._reader,
                self.service.snapshots.on(self.settings.tape),
                sorted(partitions),
                self.service.version,
            )
            at: dict[int, int] = {}
            self.pump.keep_only(partitions)
            for number in sorted(partitions):
                at[number] = self.pump.restore(number, found[number])
                await asyncio.sleep(0)
            await check_input(self._reader, self.app.source_topic, at)
        except (RefusedSnapshotError, LookupError) as e:
            end(EXIT_REFUSE, "refused", e)
        self._events = {n: deque() for n in partitions}
        self._holes.clear()
        self._owns(partitions)
        log.info("assigned", partitions=sorted(partitions), offsets=at)
        return at

    def _owns(self, partitions: set[int]) -> None:
        self.metrics.assigned.labels(self.service.name).set(len(partitions))
        self.health.details["partitions"] = sorted(partitions)
        self.health.ready = True

    async def _assigned(self, _app: Any, assigned: set[Any], **_options: Any) -> None:
        """A worker too many: it waits for partitions, and is well. Nobody seeks for it."""
        if not assigned:
            self._input.was_read(self._places())
            self.pump.keep_only(())
            self._events, self.health.waiting = {}, 0
            self._owns(set())
            log.info("nothing_assigned")

    def hole(self, partition: int, expected: int, offset: int) -> bool:
        """Seek again once at a place; the second time the process must end."""
        self._holes[partition, expected] = self._holes.get((partition, expected), 0) + 1
        self.metrics.reseeks.labels(self.service.name).inc()
        log.warning("hole_in_input", partition=partition, expected=expected, got=offset)
        return self._holes[partition, expected] < 2

    async def _revoked(self, _app: Any, *_args: Any, **_options: Any) -> None:
        await self.pump.snapshot_all(deadline_s=min(3.0, self.settings.session_timeout_s / 3))

    async def _shutdown(self, _app: Any, *_args: Any, **_options: Any) -> None:
        if await self.pump.snapshot_all(deadline_s=5.0):
            self._saved = self._places()
        self._member_id = self.app.consumer.member_id()

    # ---- what runs beside -----------------------------------------------------------------

    async def open(self) -> None:
        """Connect the pump's own producer and the snapshot reader; before the app starts."""
        assert self.settings.kafka is not None
        self._producer = kafka.producer(self.settings.kafka, f"vntape-{self.name}")
        await self._producer.start()
        self._reader = kafka.consumer(
            self.settings.kafka, f"vntape-{self.name}-snapshots", fetch_max_wait_ms=5
        )
        await self._reader.start()
        try:
            await kafka.partitions_of(self._reader, self.app.source_topic)
        except LookupError as e:
            end(EXIT_REFUSE, "refused", e)
        self._input = InputLog(self._reader, self.app.source_topic)
        self._outboxes = Outboxes(self._producer)
        self.pump = Pump(self.service, self.settings, self._outboxes, self.metrics)
        self._http, port = await http.serve(
            self.metrics.registry,
            self.health,
            self.settings.http_port,
            self.settings.http_host,
        )
        announce(self.settings, self.service.name, self.name, port)

    async def close(self) -> None:
        """After the app stopped: everything appended is sent."""
        async with asyncio.timeout(10):
            await self._outboxes.stop()
        if self._member_id:
            await leave(self._reader._client, self.app.conf.id, self._member_id, self.name)
            if self._saved:
                topic = self.app.source_topic
                at = {TopicPartition(topic, n): offset for n, offset in self._saved.items()}
                await tell_empty(str(self.settings.kafka), self.app.conf.id, at)
        await self._producer.stop()
        await self._reader.stop()
        await self._http.cleanup()
        withdraw(self.settings, self.name)

    def _background(self) -> type[ModeService]:
        shell = self

        class Background(ModeService):
            """Snapshots in turn, one partition at a time, and the lag."""

            @ModeService.task
            async def _staggered(self) -> None:
                while not self.should_stop:
                    numbers = sorted(shell.pump.partitions)
                    pause = shell.settings.snapshot_interval_s / max(1, len(numbers))
                    for number in numbers:
                        await self.sleep(pause)
                        if self.should_stop:
                            return
                        await shell._snapshot(number)
                    if not numbers:
                        await self.sleep(0.2)

            @ModeService.task
            async def _lag(self) -> None:
                while not self.should_stop:
                    await self.sleep(1.0)
                    for partition in shell.pump.partitions.values():
                        partition.measure(shell.metrics)
                    await shell.measure_lag()

        return Background

    def _places(self) -> dict[int, int]:
        return {number: p.next_offset for number, p in self.pump.partitions.items()}

    async def measure_lag(self) -> None:
        """Ask the broker where the input ends: a stalled worker cannot know by itself."""
        try:
            lag = await self._input.waiting(self._places())
        except AnotherLogError as e:  # a restart refuses with a sentence
            end(EXIT_RESTART, "input_is_another_log", e)
        except Exception as e:  # noqa: BLE001  a broker that is away is not our stall
            log.warning("lag_unknown", error=repr(e))
            return
        self.health.waiting = lag
        self.metrics.lag.labels(self.service.name, self.service.input.name).set(lag)
        self.metrics.progress.labels(self.service.name).set(time.time() - self.health.idle_for_s())
