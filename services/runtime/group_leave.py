"""
A static member of a consumer group that says it is going, and where it stood.

aiokafka never does for static members, so that one which comes back at once finds its place:
the partitions of one that stays away would rest for the whole session timeout.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient, ConnectionGroup, CoordinationType
from aiokafka.errors import KafkaError, for_code
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Int16, Int32, Schema, String

from services.runtime import kafka, logs

log = logs.get(__name__)

LEAVE_S = 2.0
_text = String("utf-8")


class _Response(Response):  # type: ignore[misc]
    API_KEY = 13
    API_VERSION = 3
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("error_code", Int16),
        (
            "members",
            Array(("member_id", _text), ("group_instance_id", _text), ("error_code", Int16)),
        ),
    )


class _Struct(RequestStruct):  # type: ignore[misc]
    API_KEY = 13
    API_VERSION = 3
    RESPONSE_TYPE = _Response
    SCHEMA = Schema(
        ("group", _text),
        ("members", Array(("member_id", _text), ("group_instance_id", _text))),
    )


class _Leave(Request[_Struct]):  # type: ignore[misc]
    """The first version of the request that knows static members; aiokafka's own ends at 1."""

    API_KEY = 13

    def __init__(self, group: str, member: tuple[str, str]) -> None:
        self._group, self._member = group, member

    def build(self, request_struct_class: type[_Struct]) -> _Struct:
        return request_struct_class(self._group, [self._member])


async def tell_empty(bootstrap: str, group: str, offsets: Mapping[TopicPartition, int]) -> None:
    """
    Tell a group that has no members where partitions stand, for displays.

    Where somebody is left it is refused: who takes the partitions acknowledges with its input.
    """
    teller = kafka.consumer(bootstrap, "vntape-positions", group_id=group)
    try:
        async with asyncio.timeout(LEAVE_S):
            await teller.start()
            teller.assign(list(offsets))
            await teller.commit(dict(offsets))
    except (KafkaError, TimeoutError) as e:
        log.debug("positions_untold", group=group, error=repr(e))
    finally:
        await teller.stop()


async def leave(client: AIOKafkaClient, group: str, member_id: str, instance_id: str) -> None:
    """
    Take a member out of its group; the others get its partitions at their next heartbeat.

    Where the group does not hear of it, the session times out.

    Args:
        client: started.
        member_id: as the group knows it: a successor of the same instance id is not taken out.
    """
    try:
        async with asyncio.timeout(LEAVE_S):
            node = await client.coordinator_lookup(CoordinationType.GROUP, group)
            request = _Leave(group, (member_id, instance_id))
            reply: Any = await client.send(node, request, group=ConnectionGroup.COORDINATION)
    except (KafkaError, TimeoutError) as e:
        log.warning("not_left", group=group, error=repr(e))
        return
    if refused := [code for code in (reply.error_code, *(m[2] for m in reply.members)) if code]:
        log.warning("not_left", group=group, error=for_code(refused[0]).__name__)
    else:
        log.info("left", group=group)
