"""Ingest: takes a feed's messages into the raw topics and `market`."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import NoReturn

import psycopg
from aiokafka.errors import KafkaConnectionError, KafkaError

from schemas.topics import MARKET
from services.ingest import positions, rawlog
from services.ingest.core.engine import SCHEDULED, Engine
from services.ingest.excerpt import Excerpt
from services.ingest.feed_options import Options, feed_of
from services.ingest.feeds.archive import Archive
from services.ingest.feeds.base import Feed, FeedError
from services.ingest.ownership import NotTheOwnerError, Ownership
from services.ingest.pipeline import Pipeline
from services.ingest.positions import Ground, PositionError
from services.ingest.spool_feed import SpooledFeed
from services.ingest.stamping import FeedMismatchError, Stamper
from services.ingest.tally import Tally
from services.runtime import kafka, logs, process, roles
from services.runtime.ages import Ages
from services.runtime.outbox import Outboxes
from services.runtime.process import Process
from services.runtime.receive_clock import receive_clock
from services.runtime.settings import Settings, SettingsError

log = logs.get(__name__)

_HOPELESS = (FeedError, FeedMismatchError, PositionError, NotTheOwnerError, SettingsError)

POSITION_S = 1.0
KAFKA_S = 0.5
REFRESH_S = 0.25
STOP_S = 4.0
"""A supervisor is promised an end within 5 s of SIGTERM."""


def run_ingest(settings: Settings, options: Options) -> None:
    """
    Run ingest until its recording ends, or SIGTERM.

    Raises:
        SystemExit: after a sentence on stderr; 78 when a restart would not help, 70 when it
            may. A record that Kafka finally refuses ends the process with 70 too: the next
            start resumes exactly.
    """
    try:
        feed = feed_of(options, settings)
        process.run("ingest", settings, partial(ingest, feed=feed, stay=options.stay))
    except _HOPELESS as e:
        _end(78, str(e))
    except LookupError as e:
        _end(78, str(e.args[0] if e.args else e))
    except KafkaError as e:
        _end(70, f"Kafka at {settings.kafka} does not answer: {e}")
    except psycopg.OperationalError as e:
        why = str(e).strip()
        _end(70, f"the database does not answer, and ingest takes its lock there at start: {why}")


def _end(status: int, sentence: str) -> NoReturn:
    sys.stderr.write(f"ingest: {sentence}\n")
    raise SystemExit(status)


async def ingest(life: Process, *, feed: Feed, stay: bool = False) -> None:
    """Take everything that `feed` gives into the tape; returns when it ended or on SIGTERM."""
    tally = Tally(life.metrics, life.health)

    async def whole() -> None:
        await _play(life, feed, tally)
        if stay:
            await life.stopping.wait()

    await _first_of(whole(), [_refreshing(life, feed, tally), _hurrying(life)])


async def _play(life: Process, feed: Feed, tally: Tally) -> None:
    settings = life.settings
    if settings.kafka is None:
        raise SettingsError("VNTAPE_KAFKA is not set: give host:port of Kafka, or `vntape up`")
    async with AsyncExitStack() as stack:
        ownership = None
        if (url := _lock_url(settings)) is not None:
            ownership = Ownership(url, settings.tape, feed.venues)
            stack.push_async_callback(ownership.release)
            await ownership.take()
        background = [ownership.keep()] if ownership else []
        if isinstance(feed, SpooledFeed):
            stack.callback(feed.close)
            background.append(feed.receive())
        await _first_of(_through(life, feed, tally, stack), background)


def _lock_url(settings: Settings) -> str | None:
    """Where the locks are; the owner may hold them, too, where no migration made our role."""
    try:
        return roles.url(settings, roles.INGEST)
    except SettingsError:
        owner = settings.database_url
        return None if owner is None else owner.get_secret_value()


async def _through(life: Process, feed: Feed, tally: Tally, stack: AsyncExitStack) -> None:
    pipeline, ground = await _prepare(life, feed, tally, stack)
    await _first_of(_work(life, feed, tally, pipeline, ground), [pipeline.publish()])


async def _spans(
    bootstrap: str, names: Iterable[str], feed: Feed
) -> dict[str, dict[int, tuple[int, int]]]:
    """As `kafka.spans`; where a spool takes what comes meanwhile, Kafka is waited for."""
    while True:
        try:
            return await kafka.spans(bootstrap, names)
        except KafkaConnectionError as e:
            if not isinstance(feed, SpooledFeed):
                raise
            log.warning("waiting_for_kafka", error=str(e))
            await asyncio.sleep(KAFKA_S)


async def _prepare(
    life: Process, feed: Feed, tally: Tally, stack: AsyncExitStack
) -> tuple[Pipeline, Ground]:
    """Everything between the feed and Kafka, standing where the tape stands."""
    settings = life.settings
    assert settings.kafka is not None
    engine = Engine(feed.venues)
    selection = feed.selection if isinstance(feed, Archive) else None
    topics = rawlog.raw_topics(feed.topics)
    names = {t.on(settings.tape): t.name for t in [*topics, MARKET]}
    spans = await _spans(settings.kafka, names, feed)
    partitions = {names[full]: len(span) for full, span in spans.items()}
    ground = await positions.ground(
        settings.kafka, settings.tape, feed.venues, feed.topics, Engine(feed.venues).restore
    )
    if ground.chain is not None:
        engine.restore(ground.chain.engine)
    spooled = feed if isinstance(feed, SpooledFeed) else None
    recorded = settings.receive_clock == "recorded" or spooled is not None
    if spooled is not None:
        spooled.intake.stands(ground.chain.engine["decoders"] if ground.chain else {})
        spooled.join(ground.cursor, ground.last_raw())
    if feed.repeatable and not recorded and SCHEDULED & set(feed.venues):
        raise SettingsError(
            f"{feed.name} is of a venue whose messages of another day are dropped, all of them "
            "on our own clock: play it with VNTAPE_RECEIVE_CLOCK=recorded"
        )
    stamper = Stamper(ground.chain.raw_seq if ground.chain else {}, recorded=recorded)
    pipeline = Pipeline(
        settings.tape,
        feed.venues,
        decoder=engine if selection is None else Excerpt(engine, selection),
        stamper=stamper,
        ground=ground,
        raw=await stack.enter_async_context(_outboxes(settings.kafka, "vntape-ingest-raw")),
        market=await stack.enter_async_context(_outboxes(settings.kafka, "vntape-ingest-market")),
        partitions=partitions,
        tally=tally,
        keeps_raw=selection is None,
        acknowledged=Ages(settings, life.metrics).at("raw"),
        clock=None if recorded or not feed.repeatable else receive_clock(settings.receive_clock),
        stands=spooled.stands if spooled is not None else None,
    )
    if feed.repeatable:
        for standing in ground.tail:
            slot = (standing.topic, standing.partition, standing.raw.venue)
            stamper.expect(slot, [(standing.raw.seq, standing.raw.value)])
    return pipeline, ground


async def _work(
    life: Process, feed: Feed, tally: Tally, pipeline: Pipeline, ground: Ground
) -> None:
    if not feed.repeatable:
        await pipeline.replay(rawlog.in_order(ground.tail))
        # What comes now is new: a start after this one must begin behind what stood.
        await pipeline.mark(feed.cursor())
        await pipeline.finish()
    if not ground.fresh:
        feed.resume(ground.cursor)
    log.info("ingest_started", feed=feed.name, venues=feed.venues, tail=len(ground.tail))
    ground.tail = []
    life.health.ready = True
    await _feed(life, feed, pipeline)
    await pipeline.finish()
    feed.settled()
    life.health.details.update(feed.report())
    tally.refresh()
    log.info("ingest_finished", feed=feed.name, **feed.report())


async def _feed(life: Process, feed: Feed, pipeline: Pipeline) -> None:
    loop = asyncio.get_running_loop()
    marked_s, moved = loop.time(), False
    async for chunk in feed.chunks(life.stopping):
        if chunk:
            await pipeline.take(chunk)
            moved = True
        if moved and loop.time() - marked_s >= POSITION_S:
            await pipeline.mark(feed.cursor())
            marked_s, moved = loop.time(), False
    if moved:
        await pipeline.mark(feed.cursor())


async def _refreshing(life: Process, feed: Feed, tally: Tally) -> None:
    """Keep `/health` true while nothing arrives, too."""
    while True:
        tally.refresh()
        life.health.details.update(feed.report())
        if isinstance(feed, SpooledFeed):
            feed.tell(life.health)
            life.metrics.spool_bytes.labels(life.service).set(feed.spooling())
            feed.source.tell(life.metrics, life.health)
            tally.dropped(feed.name, "spool_full", feed.refused())
        await asyncio.sleep(REFRESH_S)


async def _hurrying(life: Process) -> None:
    """End the process when it cannot end well in time: Kafka does not take what is in flight."""
    await life.stopping.wait()
    await asyncio.sleep(STOP_S)
    log.error("stopped_in_haste", note="what Kafka has not taken is fed again at the next start")
    os._exit(70)


async def _first_of(work: Awaitable[None], background: Sequence[Awaitable[None]]) -> None:
    """Run `work` to its end beside `background`; the first exception of any ends all."""
    tasks = [asyncio.ensure_future(a) for a in (work, *background)]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def _outboxes(bootstrap: str, client_id: str) -> AsyncIterator[Outboxes]:
    """The outboxes of a producer of their own; on an exception what waits is not sent."""
    producer = kafka.producer(bootstrap, client_id)
    await producer.start()
    try:
        boxes = Outboxes(producer)
        yield boxes
        await boxes.stop()
    finally:
        await producer.stop()
