"""Who is in a consumer group, and which partitions are whose."""

import asyncio
import re
from collections.abc import Collection
from typing import Any, NamedTuple

from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment

from services.runtime.topics_admin import AdminClient

# The broker calls a static member by its own name and a UUID.
_STATIC = re.compile(r"(.+)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Member(NamedTuple):
    """Of a group: its static name, where it called from, its (topic, partition)s."""

    name: str
    host: str
    owns: frozenset[tuple[str, int]]


class Group(NamedTuple):
    """`settled`: nobody waits for the partitions to be shared anew."""

    settled: bool
    members: tuple[Member, ...]


async def describe(client: AdminClient, groups: Collection[str]) -> dict[str, Group]:
    """
    Group -> who is in it, members by name; one that is not there has none.

    Raises:
        KafkaError: the broker is away.
    """
    found: dict[str, Group] = {}
    # One at a time: of an answer about several groups aiokafka 0.14 loses its place.
    asked = (client.describe_consumer_groups([group]) for group in groups)
    replies: list[list[Any]] = await asyncio.gather(*asked)
    for (reply,) in replies:
        for _error, group, state, _type, _protocol, members, *_ in reply.groups:
            each = sorted(_member(*member) for member in members)
            found[group] = Group(state in ("Stable", "Empty", "Dead"), tuple(each))
    return found


def _member(identity: str, _client: str, host: str, _metadata: bytes, assignment: bytes) -> Member:
    match = _STATIC.fullmatch(identity)
    owns: list[tuple[str, int]] = []
    if assignment:  # none while the group makes up its mind
        found = ConsumerProtocolMemberAssignment.decode(assignment).assignment
        owns = [(topic, number) for topic, numbers in found for number in numbers]
    return Member(match[1] if match else identity, host.removeprefix("/"), frozenset(owns))
