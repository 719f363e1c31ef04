"""Creates topics from schemas/topics.py; nothing else does (`vntape topics apply`)."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from schemas.topic import LIVE, Topic
from schemas.topics import CONTROL, TOPICS
from services.runtime import kafka_login

AdminClient = AIOKafkaAdminClient


@asynccontextmanager
async def admin(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """An admin client, started and closed."""
    client = AIOKafkaAdminClient(
        bootstrap_servers=bootstrap,
        client_id="vntape-admin",
        **kafka_login.at(bootstrap).options(),
    )
    await client.start()
    try:
        yield client
    finally:
        await client.close()


_COMPACTION = {
    # The segment that is being written is never compacted. A board of 1,600 symbols fills
    # 16 MiB of a partition in some minutes; what is written seldom closes with the time.
    "segment.bytes": str(16 * 1024 * 1024),
    "segment.ms": "600000",
    # When a fifth of it is new, not half: a late reader reads little more than what is alive.
    "min.cleanable.dirty.ratio": "0.2",
    "max.compaction.lag.ms": "3600000",
}


def config_of(topic: Topic, tape: str) -> dict[str, str]:
    """
    The Kafka configuration of a topic on a tape.

    LogAppendTime: a 2024 recording with its own timestamps would be deleted by retention at
    once. Retention applies to `live` only; another tape is kept until it is dropped.
    """
    config = {
        "message.timestamp.type": "LogAppendTime",
        "cleanup.policy": "compact" if topic.compacted else "delete",
        "compression.type": "producer",
        "retention.bytes": "-1",
        "max.message.bytes": "10485760",
    }
    if topic.compacted:
        return config | _COMPACTION
    config["retention.ms"] = str(topic.retention_ms) if tape == LIVE else "-1"
    return config


def needed(services: Collection[str], raw: Collection[str]) -> list[Topic]:
    """
    What a tape needs on which these services run (design §2): what one of them writes or reads.

    Args:
        raw: names of the vendors' topics among them, of the feeds that ingest has there.

    Raises:
        LookupError: a service writes and reads nothing: there is none of that name.
    """
    ours = [(topic, {*topic.producers, *topic.consumers}) for topic in TOPICS]
    there = set().union(*(users for _, users in ours))
    if unknown := [name for name in services if name not in there]:
        raise LookupError(f"no service {', '.join(unknown)}; there are {', '.join(sorted(there))}")
    return [
        topic
        for topic, users in ours
        if users & set(services) and (topic.name in raw or topic is CONTROL or topic.codec != "raw")
    ]


async def apply(
    bootstrap: str, tape: str, topics: Iterable[Topic] = TOPICS, partitions: int | None = None
) -> list[str]:
    """
    Create the topics of a tape that are not there yet.

    Args:
        partitions: instead of each topic's own count where that is more than 1 (tests).

    Returns:
        The names of those it created.
    """
    async with admin(bootstrap) as client:
        there = set(await client.list_topics())
        new = [
            NewTopic(
                name=topic.on(tape),
                num_partitions=(partitions or topic.partitions) if topic.partitions > 1 else 1,
                # As the cluster's default.replication.factor says. The client asks for an
                # assignment then; an empty one is none.
                replication_factor=-1,
                replica_assignments={},
                topic_configs=config_of(topic, tape),
            )
            for topic in topics
            if topic.on(tape) not in there
        ]
        if new:
            reply = await client.create_topics(new)
            for name, code, *text in reply.topic_errors:
                if code not in (0, 36):  # 36: somebody else created it in the meantime
                    raise RuntimeError(f"Kafka refused topic {name}: error {code} {text}")
        wanted = {t.on(tape) for t in topics}
        for _ in range(100):
            if wanted <= set(await client.list_topics()):
                break
            await asyncio.sleep(0.05)
        return [t.name for t in new]


async def tapes(bootstrap: str) -> dict[str, list[str]]:
    """Tape -> its topics in Kafka, of all tapes that have a topic of ours."""
    async with admin(bootstrap) as client:
        return tapes_of(await client.list_topics())


def tapes_of(topics: Iterable[str]) -> dict[str, list[str]]:
    """The same of names of topics."""
    names = {t.name for t in TOPICS}
    found: dict[str, list[str]] = {}
    for full in topics:
        tape, _, name = full.rpartition(".")
        if name in names:
            found.setdefault(tape or LIVE, []).append(full)
    return found


async def drop(bootstrap: str, tape: str) -> list[str]:
    """Delete all topics of a tape; returns their names."""
    mine = (await tapes(bootstrap)).get(tape, [])
    if mine:
        async with admin(bootstrap) as client:
            await client.delete_topics(mine)
    return mine
