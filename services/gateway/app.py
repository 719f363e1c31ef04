"""The gateway's process: Kafka in, sockets out. The only file here that knows Kafka."""

import asyncio
import time
from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from schemas.topic import Topic
from schemas.topics import MARKET
from services.gateway import server
from services.gateway.core import wire
from services.gateway.core.channels import TOPICS
from services.gateway.core.hub import Hub
from services.gateway.history import History
from services.gateway.rest import rest
from services.gateway.web import Sessions, application
from services.runtime import kafka, logs
from services.runtime.ages import Ages, first_seq
from services.runtime.process import Process, run
from services.runtime.settings import Settings

log = logs.get(__name__)

WARM_MS = 24 * 3_600_000
"""How much of the log is read at start, back from its last record: a trading day with its
full images of instruments. A compacted topic is read whole."""
_POLL_MS = 200
_WATCH_S = 2.0
_RETRY_S = 1.0


class Reader:
    """
    Reads all partitions of the served topics, in order, into the hub.

    A tape has only the topics of what runs on it: all but `market` may be absent, and are read
    from the moment they are there.
    """

    def __init__(self, process: Process, hub: Hub) -> None:
        self._process, self._hub = process, hub
        self._metrics, self._health = process.metrics, process.health
        self._topics: dict[str, Topic] = {t.on(hub.epoch): t for t in TOPICS}
        self._consumer: AIOKafkaConsumer = kafka.consumer(
            str(process.settings.kafka), "vntape-gateway", max_poll_records=1000
        )
        self._targets: dict[TopicPartition, int] = {}
        self._absent: set[str] = set()
        self._new: set[str] = set()
        service = self._metrics.service
        ages = Ages(process.settings, self._metrics)
        self._served = ages.at("served")
        self._logged = {True: ages.at("market"), False: ages.at("derived")}
        self._delays = {t.name: self._metrics.delay.labels(service, t.name) for t in TOPICS}

    async def start(self) -> None:
        """Go to where reading begins; after this `warm` says when the log's end was reached."""
        await self._consumer.start()
        starts: dict[TopicPartition, int] = {}
        there = await self._consumer.topics()
        self._absent = {full for full, t in self._topics.items() if t is not MARKET} - there
        for full in self._topics.keys() - self._absent:
            for tp, (first, end) in (await kafka.bounds(self._consumer, full)).items():
                self._targets[tp] = end
                starts[tp] = first if end > first else end
        self._consumer.assign(list(starts))
        for tp, offset in starts.items():  # before any await: no position is an error
            self._consumer.seek(tp, offset)
        await self._skip_what_is_old(starts)
        for tp, offset in starts.items():
            self._consumer.seek(tp, offset)
            if offset == 0:
                self._hub.complete.add((self._topics[tp.topic].name, tp.partition))
        self._hub.all_complete = not any(starts.values())

    async def _skip_what_is_old(self, starts: dict[TopicPartition, int]) -> None:
        aged = [tp for tp in starts if not self._topics[tp.topic].compacted]
        last = [tp for tp in aged if self._targets[tp] > starts[tp]]
        newest = [await self._last_timestamp(tp) for tp in last]
        if not newest:
            return
        since = max(newest) - WARM_MS
        found = await self._consumer.offsets_for_times(dict.fromkeys(last, since))
        for tp in last:
            # No record so young: this partition has been silent, its end is where to begin.
            starts[tp] = found[tp].offset if found.get(tp) else self._targets[tp]

    async def _last_timestamp(self, tp: TopicPartition) -> int:
        self._consumer.seek(tp, self._targets[tp] - 1)
        record: ConsumerRecord = await self._consumer.getone(tp)
        return int(record.timestamp)

    async def warm(self) -> None:
        """Read until every partition is where the log ended when we started."""
        begun, count = time.monotonic(), 0
        while await self._behind():
            count += await self._read()
        self._targets.clear()
        log.info("warm", messages=count, seconds=round(time.monotonic() - begun, 2))

    async def _behind(self) -> bool:
        for tp, end in self._targets.items():
            if await self._consumer.position(tp) < end:
                return True
        return False

    async def run(self) -> None:
        """Read for ever."""
        while True:
            await self._read()
            self._health.progress()
            if self._new:
                await self._widen()

    async def _widen(self) -> None:
        """Read topics that have come into being as well, from their beginning."""
        new, self._new = self._new, set()
        positions = {tp: await self._consumer.position(tp) for tp in self._consumer.assignment()}
        for full in new:
            try:
                found = await kafka.bounds(self._consumer, full)
            except (KafkaError, LookupError) as e:
                log.warning("topic_not_read_yet", topic=full, reason=str(e))
                return
            for tp, (first, _) in found.items():
                positions[tp] = first
                if first == 0:
                    self._hub.complete.add((self._topics[full].name, tp.partition))
        self._absent -= new
        self._consumer.assign(list(positions))
        for tp, offset in positions.items():
            self._consumer.seek(tp, offset)

    async def _read(self) -> int:
        count = 0
        found = await self._consumer.getmany(timeout_ms=_POLL_MS)
        pause_at = time.monotonic() + 0.01
        for tp, records in found.items():
            count += await self._take(tp, records, pause_at)
        return count

    async def _take(
        self, tp: TopicPartition, records: Sequence[ConsumerRecord], pause_at: float
    ) -> int:
        topic = self._topics[tp.topic]
        news = repeats = bad = 0
        aged = not self._health.ready
        for record in records:
            fresh, old, broken, seq = self._record(topic, record)
            news, repeats, bad = news + fresh, repeats + old, bad + broken
            if fresh and self._health.ready:
                delay = time.time() - record.timestamp / 1000
                self._delays[topic.name].observe(delay)
                if seq and not aged:
                    # Once a fetch: of what came together, the oldest.
                    aged = True
                    self._served(seq, 0.0)
                    self._logged[topic is MARKET](seq, delay)
            if time.monotonic() > pause_at:
                await asyncio.sleep(0)  # let the clients' writers run
                pause_at = time.monotonic() + 0.01
        self._count(topic, len(records), news, repeats, bad)
        return news

    def _record(self, topic: Topic, record: ConsumerRecord) -> tuple[int, int, int, int]:
        """How many were new, repeats, bad; and the first seq that ingest received, 0: none."""
        heads, bad = wire.heads(record.value, frame=topic.codec == "frames")
        news = repeats = 0
        for head, payload in heads:
            new = self._hub.take(topic.name, record.partition, head, payload)
            news += new is True
            repeats += new is False
        seq = first_seq(head for head, _ in heads) if news else None
        return news, repeats, bad, seq or 0

    def _count(self, topic: Topic, records: int, news: int, repeats: int, bad: int) -> None:
        service, messages = self._metrics.service, self._metrics.messages
        self._metrics.records.labels(service, topic.name).inc(records)
        for outcome, n in (("ok", news), ("repeat", repeats), ("dead_letter", bad)):
            if n:
                messages.labels(service, topic.name, outcome).inc(n)
        self._metrics.progress.labels(service).set_to_current_time()

    async def watch(self, sessions: Sessions) -> None:
        """Ask Kafka how much is not yet read, every _WATCH_S; runs until cancelled."""
        while True:
            await asyncio.sleep(_WATCH_S)
            tps = list(self._consumer.assignment())
            try:
                async with asyncio.timeout(5):
                    if self._absent:
                        self._new = self._absent & await self._consumer.topics()
                    ends = await self._consumer.end_offsets(tps)
                    positions = {tp: await self._consumer.position(tp) for tp in tps}
            except (KafkaError, TimeoutError) as e:
                sessions.behind = None
                self._health.problems["kafka"] = f"does not answer: {type(e).__name__}"
                continue
            self._health.problems.pop("kafka", None)
            lags = dict.fromkeys((topic.name for topic in self._topics.values()), 0)
            for tp in tps:
                lags[self._topics[tp.topic].name] += max(0, ends[tp] - positions[tp])
            for name, lag in lags.items():
                self._metrics.lag.labels(self._metrics.service, name).set(lag)
            sessions.behind = sum(lags.values())
            self._health.waiting = sessions.behind

    async def stop(self) -> None:
        """Close the connection to Kafka."""
        await self._consumer.stop()


async def serve(process: Process) -> None:
    """The gateway until `process.stopping`; an exception of the reader ends it."""
    settings = process.settings
    hub = Hub(settings.tape)
    history = History(settings)
    sessions = Sessions(hub, history, process.health, process.metrics, settings.gateway_host)
    sock = server.listen(settings.gateway_host, settings.gateway_port)
    host, port = sock.getsockname()[:2]
    process.health.details["gateway"] = f"http://{host}:{port}"
    app = application(sessions, rest(hub, history, process.health, settings))
    stopped = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(server.serve(app, sock, stopped))
        reading = tasks.create_task(_read(hub, sessions, process))
        ticking = tasks.create_task(sessions.tick())
        log.info("listening", address=process.health.details["gateway"], tape=settings.tape)
        await process.stopping.wait()
        sessions.close_all(1012, "restart")
        stopped.set()
        await serving
        reading.cancel()
        ticking.cancel()


async def _read(hub: Hub, sessions: Sessions, process: Process) -> None:
    reader = await _started(process, hub)
    try:
        await reader.warm()
        process.health.ready = True
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(reader.watch(sessions))
            tasks.create_task(reader.run())
    finally:
        await reader.stop()


async def _started(process: Process, hub: Hub) -> Reader:
    """A reader at its place; waits for Kafka and for the topics, for ever: `/readyz` says so."""
    while True:
        reader = Reader(process, hub)
        try:
            await reader.start()
        except (KafkaError, LookupError, OSError) as e:
            await reader.stop()
            process.health.problems["kafka"] = f"cannot read the tape: {e}"
            log.warning("waiting_for_kafka", reason=str(e))
            await asyncio.sleep(_RETRY_S)
        else:
            process.health.problems.pop("kafka", None)
            return reader


def run_gateway(settings: Settings) -> None:
    """
    Run a gateway until SIGTERM; `settings.kafka` must be set.

    Without a database it serves what its memory holds and no history.
    """
    if settings.kafka is None:
        raise ValueError("the gateway needs the address of Kafka: `vntape up`, or VNTAPE_KAFKA")
    run("gateway", settings, serve)
