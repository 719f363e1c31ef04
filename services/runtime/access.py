"""
Who may do what in Kafka: of each service no more than the topics that it declares.

`vntape access list` writes it down (deploy/security/acls.yaml), `vntape access apply` makes it so.
"""

from collections.abc import Collection, Iterator
from typing import Literal, NamedTuple

from schemas.topic import LIVE, Topic
from schemas.topics import MARKET, TOPICS

OPERATOR = "operator"
"""Who looks at everything and changes nothing: `vntape tail`, `lag`, `report`, the lag exporter."""

USER = "vntape-"

Resource = Literal["topic", "group"]
Operation = Literal["read", "write", "describe", "describe_configs"]

_READ_BEYOND: dict[str, tuple[Topic, ...]] = {
    # Where the tape stands is read from what ingest wrote itself.
    "ingest": (MARKET,),
}
_GROUPS = ("writer", "delivery")
"""Services off the pump that commit offsets, for display."""


class Rule(NamedTuple):
    """One right; `prefixed`: of everything whose name begins so."""

    user: str
    resource: Resource
    name: str
    prefixed: bool
    operation: Operation


class Rights(NamedTuple):
    """What a service may do on a tape; groups as (name, whether it is only the beginning)."""

    reads: list[str]
    writes: list[str]
    groups: list[tuple[str, bool]]


def services() -> list[str]:
    """Everybody who declares a topic, by name."""
    return sorted({name for t in TOPICS for name in (*t.producers, *t.consumers)})


def rights(service: str, tape: str = LIVE) -> Rights:
    """
    What the topics say of a service.

    Raises:
        LookupError: there is no such service.
    """
    if service not in services():
        raise LookupError(f"no service {service}; there are {', '.join(services())}")
    beyond = _READ_BEYOND.get(service, ())
    reads = {t.on(tape) for t in TOPICS if service in t.consumers} | {t.on(tape) for t in beyond}
    writes = {t.on(tape) for t in TOPICS if service in t.producers}
    return Rights(sorted(reads), sorted(writes), list(_groups(service, tape)))


def rules(tape: str = LIVE, of: Collection[str] | None = None) -> list[Rule]:
    """All rules of a tape, or those of some services, in a fixed order."""
    found: list[Rule] = []
    for service in services() if of is None else sorted(of):
        user, mine = USER + service, rights(service, tape)
        found += [Rule(user, "topic", name, False, "read") for name in mine.reads]
        found += [Rule(user, "topic", name, False, "write") for name in mine.writes]
        found += [Rule(user, "group", name, prefixed, "read") for name, prefixed in mine.groups]
    return found + (_of_operator(tape) if of is None else [])


def _groups(service: str, tape: str) -> Iterator[tuple[str, bool]]:
    if service in _GROUPS:
        yield f"{tape}.{service}", False
    elif any(t.name == f"{service}-snapshots" for t in TOPICS):
        # The version of the state ends its name, and grows.
        yield f"{tape}.{service}.v", True


def _of_operator(tape: str) -> list[Rule]:
    user = USER + OPERATOR
    each: tuple[Operation, ...] = ("read", "describe_configs")
    topics = [Rule(user, "topic", t.on(tape), False, what) for t in TOPICS for what in each]
    return [*topics, Rule(user, "group", f"{tape}.", True, "describe")]
