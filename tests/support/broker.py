"""What an operator or a retention policy does to topics, done at once."""

from aiokafka import TopicPartition
from aiokafka.admin import NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from schemas.topic import Topic
from services.runtime import kafka as clients
from services.runtime.topics_admin import admin, config_of
from tests.support.eventually import eventually
from tests.support.load import PARTITIONS


async def expire(kafka: str, topic: str, before: dict[int, int]) -> None:
    """Delete the records below these offsets (partition -> offset), as retention does."""
    async with admin(kafka) as client:
        wanted = {TopicPartition(topic, p): RecordsToDelete(at) for p, at in before.items()}
        await client.delete_records(wanted)


async def configure(kafka: str, topic: Topic, tape: str, **changes: str) -> None:
    """Its own configuration with some changes; underscores stand for dots."""
    config = config_of(topic, tape) | {k.replace("_", "."): v for k, v in changes.items()}
    async with admin(kafka) as client:
        resource = ConfigResource(ConfigResourceType.TOPIC, topic.on(tape), configs=config)
        for reply in await client.alter_configs([resource]):
            for code, message, *_ in reply.resources:
                assert code == 0, message


async def delete(kafka: str, topic: str) -> None:
    """Delete a topic and wait until it is gone."""
    async with admin(kafka) as client:
        await client.delete_topics([topic])

        async def gone() -> bool:
            return topic not in await client.list_topics()

        await eventually(gone)


async def empty(kafka: str, topic: Topic, tape: str, partitions: int = PARTITIONS) -> None:
    """A topic lost and made anew."""
    name = topic.on(tape)
    await delete(kafka, name)
    async with admin(kafka) as client:

        async def made() -> bool:
            new = NewTopic(name, partitions, 1, topic_configs=config_of(topic, tape))
            reply = await client.create_topics([new])
            return all(code in (0, 36) for _, code, *_ in reply.topic_errors)

        await eventually(made)

        async def whole() -> bool:
            described = await client.describe_topics([name])
            return len(described[0]["partitions"]) == partitions

        await eventually(whole)


async def ends(kafka: str, topic: str) -> dict[int, int]:
    """Partition -> the offset that the next record will have."""
    return {n: end for n, (_, end) in (await clients.spans(kafka, [topic]))[topic].items()}
