"""What topics a tape has in Kafka, and how they differ from schemas/topics.py."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from schemas.topic import Topic
from schemas.topics import TOPICS
from services.runtime.topics_admin import admin, config_of

_OF_THE_TOPIC = 1
"""Of Kafka's config sources, DYNAMIC_TOPIC_CONFIG."""


@dataclass(frozen=True, slots=True)
class Found:
    """A topic as the broker has it; `config` holds every setting, defaults too."""

    partitions: int
    config: Mapping[str, str]


async def describe(bootstrap: str, tape: str, topics: Iterable[Topic] = TOPICS) -> dict[str, Found]:
    """Topic (without the tape) -> what the broker has; topics that are not there are left out."""
    names = {topic.on(tape): topic.name for topic in topics}
    async with admin(bootstrap) as client:
        there = [full for full in names if full in set(await client.list_topics())]
        if not there:
            return {}
        counts = {t["topic"]: len(t["partitions"]) for t in await client.describe_topics(there)}
        asked = [ConfigResource(ConfigResourceType.TOPIC, full) for full in there]
        configs: dict[str, dict[str, str]] = {}
        for reply in await client.describe_configs(asked):
            for resource in reply.resources:
                configs.update([_config(resource)])
    return {names[full]: Found(counts[full], configs[full]) for full in there}


def _config(resource: Any) -> tuple[str, dict[str, str]]:
    code, message, _kind, full, entries = resource
    if code:
        raise RuntimeError(f"Kafka does not describe topic {full}: error {code} {message or ''}")
    return full, {name: str(value) for name, value, *_ in entries}


async def settle(bootstrap: str, tape: str, topics: Iterable[Topic] = TOPICS) -> list[str]:
    """
    Give the topics that are there the settings of `config_of`; what somebody else set stays.

    Returns:
        The Kafka names of those that had others. Counts of partitions are not touched.

    Raises:
        RuntimeError: the broker refused one.
    """
    changes = {}
    async with admin(bootstrap) as client:
        there = set(await client.list_topics())
        mine = {topic.on(tape): topic for topic in topics if topic.on(tape) in there}
        asked = [ConfigResource(ConfigResourceType.TOPIC, full) for full in mine]
        for reply in await client.describe_configs(asked) if asked else ():
            for resource in reply.resources:
                full, now = _config(resource)
                wanted = config_of(mine[full], tape)
                if any(now.get(name) != value for name, value in wanted.items()):
                    changes[full] = _set_here(resource) | wanted
        new = [ConfigResource(ConfigResourceType.TOPIC, f, configs=c) for f, c in changes.items()]
        for reply in await client.alter_configs(new) if new else ():
            for code, message, _kind, full in reply.resources:
                if code:
                    raise RuntimeError(f"Kafka refused settings of {full}: {message or code}")
    changed = [topic for topic in topics if topic.on(tape) in changes]
    for _ in range(100):  # brokers learn of it a moment later
        found = await describe(bootstrap, tape, changed)
        if not any("partitions" not in line for line in differences(found, tape, changed)):
            break
        await asyncio.sleep(0.05)
    return list(changes)


def _set_here(resource: Any) -> dict[str, str]:
    """The settings that a topic has of its own; to alter them is to replace them all."""
    entries = resource[4]
    return {name: str(value) for name, value, _, source, *_ in entries if source == _OF_THE_TOPIC}


def differences(
    found: Mapping[str, Found], tape: str, topics: Iterable[Topic] = TOPICS
) -> list[str]:
    """A sentence for each topic that is not there, and each setting that is not ours; pure."""
    said: list[str] = []
    for topic in topics:
        there = found.get(topic.name)
        if there is None:
            said.append(f"{topic.on(tape)} is not there")
            continue
        if there.partitions != topic.partitions:
            said.append(
                f"{topic.on(tape)} has {there.partitions} partitions, not {topic.partitions}"
            )
        for name, wanted in config_of(topic, tape).items():
            value = there.config.get(name, "unset")
            if value != wanted:
                said.append(f"{topic.on(tape)}: {name} is {value}, not {wanted}")
    return said
