"""Rights in Kafka follow from the declared topics, and no further."""

import pytest

from schemas.topic import LIVE
from schemas.topics import MARKET, TOPICS
from services.commands import access as command
from services.commands._services import COMPUTING
from services.runtime import access
from tests.support.stack import ROOT


def test_the_written_list_is_what_the_topics_say() -> None:
    """deploy/security/acls.yaml is generated: `vntape access list` writes it anew."""
    written = (ROOT / "deploy/security/acls.yaml").read_text()
    assert written == command.HEADER + command.document(LIVE)


def test_each_declared_use_of_a_topic_is_a_right_and_ingest_alone_has_one_more() -> None:
    """Only ingest reads what it wrote without declaring it, to see where the tape stands."""
    declared = {(t.on("demo"), who, "read") for t in TOPICS for who in t.consumers}
    declared |= {(t.on("demo"), who, "write") for t in TOPICS for who in t.producers}
    given = {
        (rule.name, rule.user.removeprefix(access.USER), rule.operation)
        for rule in access.rules("demo")
        if rule.resource == "topic" and rule.user != access.USER + access.OPERATOR
    }
    assert given - declared == {(MARKET.on("demo"), "ingest", "read")}
    assert declared - given == set()


@pytest.mark.parametrize("service", COMPUTING)
def test_a_worker_may_be_in_its_own_group_only(service: str) -> None:
    """Its group's name ends in the version of its state; no other's begins so."""
    groups = access.rights(service, "demo").groups
    assert groups == [(f"demo.{service}.v", True)]
    others = [f"demo.{name}.v1" for name in COMPUTING if name != service]
    assert not [name for name in others if name.startswith(groups[0][0])]


def test_an_unknown_service_has_no_rights() -> None:
    with pytest.raises(LookupError, match="no service traider"):
        access.rights("traider")


def test_the_operator_looks_and_changes_nothing() -> None:
    mine = [r for r in access.rules("demo") if r.user == access.USER + access.OPERATOR]
    assert {r.operation for r in mine} == {"read", "describe", "describe_configs"}
    assert all(r.name.startswith("demo.") for r in mine)
