"""Rules and users of Kafka, given to a cluster by its admin (`vntape access apply`)."""

import asyncio
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka.protocol.admin import CreateAclsRequest_v1
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    CompactArray,
    CompactBytes,
    CompactString,
    Int8,
    Int16,
    Int32,
    Schema,
    TaggedFields,
)

from services.runtime import kafka_login
from services.runtime.access import Rule
from services.runtime.topics_admin import admin

# Numbers of Kafka's protocol.
_RESOURCES = {"topic": 2, "group": 3}
_OPERATIONS = {"read": 3, "write": 4, "describe": 8, "describe_configs": 10}
_LITERAL, _PREFIXED, _ALLOW = 3, 4, 3
_SCRAM_SHA_512 = 2
_ITERATIONS = 8192

HOLD_S = 60.0


class AccessError(Exception):
    """Kafka refused a rule or a user; the text says why."""


class _UsersResponse(Response):
    API_KEY = 51
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "results",
            CompactArray(
                ("user", CompactString("utf-8")),
                ("error_code", Int16),
                ("error_message", CompactString("utf-8")),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _UsersRequestV0(RequestStruct):
    API_KEY = 51
    API_VERSION = 0
    RESPONSE_TYPE = _UsersResponse
    FLEXIBLE_VERSION = True
    SCHEMA = Schema(
        (
            "deletions",
            CompactArray(
                ("name", CompactString("utf-8")), ("mechanism", Int8), ("tags", TaggedFields)
            ),
        ),
        (
            "upsertions",
            CompactArray(
                ("name", CompactString("utf-8")),
                ("mechanism", Int8),
                ("iterations", Int32),
                ("salt", CompactBytes),
                ("salted_password", CompactBytes),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _UsersRequest(Request[_UsersRequestV0]):
    """AlterUserScramCredentials (KIP-554), which aiokafka does not have."""

    API_KEY = 51

    def __init__(self, passwords: Mapping[str, str]) -> None:
        self._passwords = passwords

    def build(self, request_struct_class: type[_UsersRequestV0]) -> _UsersRequestV0:
        users = [_credential(name, password) for name, password in self._passwords.items()]
        return request_struct_class([], users, {})


def _credential(user: str, password: str) -> tuple[Any, ...]:
    # The password itself never travels.
    salt = secrets.token_bytes(32)
    salted = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)
    return user, _SCRAM_SHA_512, _ITERATIONS, salt, salted, {}


class _RulesRequest(Request[CreateAclsRequest_v1]):
    """CreateAcls of many rules at once; aiokafka's is of one, and each is a write to disk."""

    API_KEY = CreateAclsRequest_v1.API_KEY

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules

    def build(self, request_struct_class: type[CreateAclsRequest_v1]) -> CreateAclsRequest_v1:
        return request_struct_class([_creation(rule) for rule in self._rules])


def _creation(rule: Rule) -> tuple[Any, ...]:
    pattern = _PREFIXED if rule.prefixed else _LITERAL
    operation = _OPERATIONS[rule.operation]
    kind = _RESOURCES[rule.resource]
    return kind, rule.name, pattern, f"User:{rule.user}", "*", operation, _ALLOW


async def set_passwords(bootstrap: str, passwords: Mapping[str, str]) -> None:
    """
    Make users with these passwords (SCRAM-SHA-512), or change theirs; returns when they hold.

    Raises:
        AccessError: Kafka refuses one: our login is no admin's.
    """
    async with admin(bootstrap) as client:
        reply = await client._send_to_controller(_UsersRequest(passwords))
    for user, code, said, _ in reply.results:
        if code:
            raise AccessError(f"Kafka refused user {user or '-'}: {said or f'error {code}'}")
    if passwords:
        await _hold(bootstrap, *list(passwords.items())[-1])


async def _hold(bootstrap: str, user: str, password: str) -> None:
    # A broker that has topics to make first hears of its users seconds later.
    context = kafka_login.at(bootstrap).context
    login = kafka_login.Login(context, "SCRAM-SHA-512", user, password)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + HOLD_S
    while why := await kafka_login.refusal(bootstrap, login):
        if loop.time() > deadline:
            raise AccessError(f"Kafka took the users, but after {HOLD_S:.0f} s: {why}")
        await asyncio.sleep(0.2)


async def allow(bootstrap: str, rules: Sequence[Rule]) -> None:
    """
    Make the rules; those that are there stay.

    Raises:
        AccessError: Kafka refuses one: it has no authorizer, or our login is no admin's.
    """
    async with admin(bootstrap) as client:
        reply = await client._send_to_controller(_RulesRequest(rules))
    for rule, (code, said) in zip(rules, reply.creation_responses, strict=True):
        if code:
            raise AccessError(f"Kafka refused {rule}: {said or f'error {code}'}")
