"""Which topics a tape needs for the services that run on it."""

import pytest

from schemas.topics import TOPICS
from services.runtime.topics_admin import needed


def names(services: list[str], raw: list[str]) -> set[str]:
    return {topic.name for topic in needed(services, raw)}


def test_ingest_needs_the_raw_topics_of_its_feeds_only() -> None:
    assert names(["ingest"], ["iboard"]) == {"iboard", "control", "market", "dead-letters"}


def test_a_computing_service_needs_its_input_its_outputs_and_its_snapshots() -> None:
    found = names(["classifier"], [])
    assert {"market", "trades-classified", "classifier-snapshots", "dead-letters"} <= found
    assert not {"control", "board", "binance"} & found


def test_all_services_with_all_feeds_need_all_topics() -> None:
    users = {user for topic in TOPICS for user in (*topic.producers, *topic.consumers)}
    assert needed(sorted(users), [t.name for t in TOPICS if t.codec == "raw"]) == list(TOPICS)


def test_a_service_that_is_none_is_named() -> None:
    with pytest.raises(LookupError, match=r"no service clasifier; there are .*classifier"):
        needed(["ingest", "clasifier"], [])
