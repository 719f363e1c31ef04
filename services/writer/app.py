"""
The writer: typed topics into TimescaleDB, exactly once.

Where it stands is in the database, moved in the transaction that stores the rows. So whatever
happens to it, the broker or the database, it reads the offsets again and goes on there.
"""

import asyncio
import gc
import random
from collections.abc import Awaitable, Callable

import psycopg
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from schemas.topic import LIVE
from services.runtime import database, kafka, logs, roles
from services.runtime.ages import Ages
from services.runtime.dead_letters import DeadLetters
from services.runtime.exits import EXIT_REFUSE
from services.runtime.outbox import Outboxes
from services.runtime.process import Process, run
from services.runtime.settings import Settings, SettingsError
from services.writer.core.batch import STORED_TOPICS, Batch, Refused
from services.writer.core.positions import HoleError, OutsideLogError, Place
from services.writer.core.refused import venue as venue_of_line
from services.writer.core.size import BatchSize
from services.writer.reader import AbsentError, Reader
from services.writer.store import OvertakenError, Refuse, Store, Stored, UnmigratedError
from services.writer.upkeep import drop_hourly

log = logs.get(__name__)

BACKOFF_S = (0.2, 10.0)
FETCH_BYTES = 512 * 1024
"""Of a partition at a time: 85 partitions may each wait with so much."""
STORE_TIMEOUT_S = 90.0
"""Above the writer role's statement_timeout: a server that says nothing, or too many bad rows."""
LETTERS_TIMEOUT_S = 8.0
"""Below the writer role's idle_in_transaction_session_timeout: the transaction waits for them."""
WATCH_S = 1.0


class SlowError(Exception):
    """A batch ran into a timeout of the database; the next one is smaller."""


AWAY = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    KafkaError,
    OSError,
    TimeoutError,
    AbsentError,
    UnmigratedError,
    SlowError,
)
"""Busy or absent: wait and try again. Anything else ends the process."""


def run_writer(settings: Settings, worker: str = "writer-1") -> None:
    """
    Store the tape until SIGTERM or SIGINT.

    Raises:
        SettingsError: no Kafka, or no login for the writer.
        SystemExit: with EXIT_REFUSE, when input was deleted before it was stored.
    """
    if settings.kafka is None:
        raise SettingsError("no Kafka: set VNTAPE_KAFKA, or start one with `vntape up`")
    url = roles.url(settings, roles.WRITER)
    bootstrap = settings.kafka
    tune_garbage()
    try:
        run("writer", settings, lambda process: Writer(process, bootstrap, url).run(), worker)
    except OutsideLogError as e:
        log.error("refused", reason=str(e))  # noqa: TRY400  the sentence says it all
        raise SystemExit(EXIT_REFUSE) from None


def tune_garbage() -> None:
    """Rows are tuples, ten thousand at a time, and none is in a cycle: look seldom for cycles."""
    gc.set_threshold(50_000, 20, 50)


class Writer:
    """One process of the writer; a second one on the same tape waits behind it."""

    def __init__(self, process: Process, bootstrap: str, url: str) -> None:
        self._settings, self._metrics = process.settings, process.metrics
        self._health, self._stopping = process.health, process.stopping
        self._bootstrap, self._url = bootstrap, url
        self._names = {t.on(self._settings.tape): t.name for t in STORED_TOPICS}
        self._age = Ages(self._settings, self._metrics).at("written")
        self._stored: dict[Place, int] = {}
        self._size = BatchSize(self._settings.writer_batch_rows)
        self._failures = 0
        self._hole: tuple[str, int, int] | None = None

    async def run(self) -> None:
        """Sessions with the broker and the database, one after the other, until asked to stop."""
        upkeep = None
        if self._settings.tape == LIVE:
            hourly = drop_hourly(self._url, LIVE, self._stopping)
            upkeep = asyncio.create_task(hourly)
        try:
            await self._sessions()
        finally:
            if upkeep is not None:
                upkeep.cancel()
                await asyncio.gather(upkeep, return_exceptions=True)

    async def _sessions(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._session()
            except OvertakenError as e:
                self._fail("another_writer", e)
            except HoleError as e:
                self._hole_met(e)
            except AWAY as e:
                self._fail(_cause(e), e)
            else:
                continue
            await self._back_off()

    async def _session(self) -> None:
        tape = self._settings.tape
        consumer = kafka.consumer(
            self._bootstrap,
            f"{tape}.writer",
            group_id=f"{tape}.writer",
            max_partition_fetch_bytes=FETCH_BYTES,
        )
        producer = kafka.producer(self._bootstrap, f"{tape}.writer")
        outboxes = Outboxes(producer, on_failure=_output_failed)
        connection = await database.connect_async(self._url, f"{tape}.writer")
        try:
            store = Store(connection, tape)
            await store.prepare()
            await consumer.start()
            await producer.start()
            reader = Reader(consumer, self._names, self._settings.writer_flush_s, self._stopping)
            self._stored = await reader.seek(store)
            await self._flow(reader, store, DeadLetters("writer", tape, outboxes), outboxes)
        finally:
            await connection.close()
            await _quietly(outboxes.stop)
            await _quietly(producer.stop)
            await _quietly(consumer.stop)

    async def _flow(
        self, reader: Reader, store: Store, letters: DeadLetters, outboxes: Outboxes
    ) -> None:
        async def refuse(refused: list[Refused]) -> None:
            for one in refused:
                origin = {
                    "topic": one.topic,
                    "partition": str(one.partition),
                    "offset": str(one.offset),
                    "index": str(one.index),
                }
                if venue := venue_of_line(one.line):
                    origin["venue"] = venue
                letters.send(one.reason, one.line, None, **origin)
                self._metrics.dead_letters.labels("writer", one.reason.partition(":")[0]).inc()
            async with asyncio.timeout(LETTERS_TIMEOUT_S):
                await outboxes.flush()

        watch = asyncio.create_task(self._watch(reader))
        upcoming = asyncio.create_task(reader.next(self._size.rows))
        try:
            self._health.ready = True
            self._health.problems.clear()
            while batch := await upcoming:
                # One batch is under way, one is being built: no more is ever in memory.
                upcoming = asyncio.create_task(reader.next(self._size.rows))
                self._done(batch, await self._store(store, batch, refuse))
        finally:
            for task in (watch, upcoming):
                task.cancel()
            await asyncio.gather(watch, upcoming, return_exceptions=True)

    async def _store(self, store: Store, batch: Batch, refuse: Refuse) -> Stored:
        limit = asyncio.timeout(STORE_TIMEOUT_S)
        try:
            async with limit:
                with self._metrics.write_seconds.labels("writer").time():
                    return await store.write(batch, refuse)
        except (TimeoutError, psycopg.errors.QueryCanceled) as e:
            if isinstance(e, TimeoutError) and not limit.expired():
                raise
            self._size.too_slow(batch.count)
            raise SlowError(
                f"{batch.count} rows took too long ({e!r}); at most {self._size.rows} next"
            ) from e

    def _done(self, batch: Batch, stored: Stored) -> None:
        for place, old in batch.old.items():
            self._metrics.records.labels("writer", place[0]).inc(batch.new[place] - old)
        for table, count in stored.rows.items():
            self._metrics.rows.labels("writer", table).inc(count)
        if batch.oldest_seq and stored.rows:
            self._age(batch.oldest_seq, 0.0)
        self._stored.update(batch.new)
        self._size.stored()
        self._failures = 0
        self._hole = None
        self._health.problems.clear()
        self._health.progress()
        self._metrics.progress.labels("writer").set_to_current_time()
        log.debug("stored", rows=stored.rows, repeats=stored.repeats, partitions=len(batch.new))
        for one in stored.refused:
            log.warning("refused", reason=one.reason, topic=one.topic, partition=one.partition)

    async def _watch(self, reader: Reader) -> None:
        """Once a second: how much waits, is the broker there, and our offsets for display."""
        consumer = reader.consumer
        while True:
            tps = list(consumer.assignment())
            try:
                async with asyncio.timeout(5):
                    ends = await consumer.end_offsets(tps)
                    self._count_lag(ends)
                    await consumer.commit(
                        {tp: self._stored[self._names[tp.topic], tp.partition] for tp in tps}
                    )
                    await reader.look()
                self._health.problems.pop("kafka", None)
            except AWAY as e:
                self._health.problems["kafka"] = f"the broker does not answer: {e!r}"
            await asyncio.sleep(WATCH_S)

    def _count_lag(self, ends: dict[TopicPartition, int]) -> None:
        lags = dict.fromkeys(self._names.values(), 0)
        for tp, end in ends.items():
            name = self._names[tp.topic]
            lags[name] += max(0, end - self._stored[name, tp.partition])
        for name, lag in lags.items():
            self._metrics.lag.labels("writer", name).set(lag)
        self._health.waiting = sum(lags.values())
        if not self._health.waiting:
            self._health.progress()

    def _fail(self, what: str, error: BaseException) -> None:
        self._failures += 1
        self._metrics.write_retries.labels("writer", what).inc()
        self._health.problems[what] = f"{error}".strip() or repr(error)
        # Waiting for something that is away is no stall: a restart would not help.
        self._health.progress()
        log.warning("backing_off", cause=what, error=repr(error), attempt=self._failures)

    def _hole_met(self, error: HoleError) -> None:
        if self._hole == error.at:
            raise OutsideLogError(
                f"{error}, twice: records were removed from the middle of the log"
            ) from error
        self._hole = error.at
        self._fail("hole", error)

    async def _back_off(self) -> None:
        # Full jitter: two writers, or all clients of a restarted server, do not march in step.
        low, high = BACKOFF_S
        wait_s = random.uniform(low, min(high, low * 2**self._failures))  # noqa: S311
        try:
            async with asyncio.timeout(wait_s):
                await self._stopping.wait()
        except TimeoutError:
            return


def _cause(error: BaseException) -> str:
    if isinstance(error, SlowError):
        return "slow"
    return "database" if isinstance(error, psycopg.Error | UnmigratedError) else "kafka"


def _output_failed(topic: str, partition: int, error: BaseException) -> None:
    # The transaction that waits for this dead letter runs into its timeout and is rolled back.
    log.error("dead_letter_failed", topic=topic, partition=partition, error=repr(error))


async def _quietly(stop: Callable[[], Awaitable[None]]) -> None:
    """What is closed because it is broken may fail once more, or never answer."""
    try:
        async with asyncio.timeout(5):
            await stop()
    except (*AWAY, RuntimeError) as e:  # the latter is uvloop's: a handle that is closed
        log.debug("close_failed", error=repr(e))
