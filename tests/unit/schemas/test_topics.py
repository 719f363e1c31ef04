"""Laws over schemas/topics.py."""

import re

import msgspec
import pytest

from schemas.market import Clock, Gap, MarketMessage, Status
from schemas.topic import LIVE, Topic, check_tape
from schemas.topics import BY_NAME, MARKET, TOPICS, snapshots_of

each = pytest.mark.parametrize("topic", TOPICS, ids=[t.name for t in TOPICS])
DERIVED = [t for t in TOPICS if t.codec in ("json", "frames")]
SNAPSHOTS = [t for t in TOPICS if t.codec == "snapshot"]


def test_names_are_unique() -> None:
    assert len(BY_NAME) == len(TOPICS)
    assert len({t.table for t in TOPICS}) == len(TOPICS)


@each
def test_a_name_is_kebab_case_without_a_dot(topic: Topic) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", topic.name)
    assert topic.table == topic.name.replace("-", "_")


@each
def test_live_has_no_prefix_and_every_other_tape_its_name_and_a_dot(topic: Topic) -> None:
    assert topic.on(LIVE) == topic.name
    assert topic.on("demo") == f"demo.{topic.name}"


@each
def test_every_topic_has_a_producer_and_a_consumer(topic: Topic) -> None:
    assert topic.producers
    assert topic.consumers


@each
def test_only_dead_letters_bars_and_alerts_have_several_producers(topic: Topic) -> None:
    """A bar's stream has one: indices have no trades, and trades are of no index; an alert's
    stream is of one rule, which is one producer's."""
    assert (
        len(topic.producers) == 1
        or topic.codec == "dead_letter"
        or topic.name in ("bars", "alerts")
    )


def test_market_has_one_producer_and_alone_is_framed() -> None:
    assert MARKET.producers == ("ingest",)
    assert [t for t in TOPICS if t.codec == "frames"] == [MARKET]
    assert MARKET.value == MarketMessage


@each
def test_partitions_are_one_or_divide_by_every_usual_number_of_workers(topic: Topic) -> None:
    if topic.partitions != 1:
        assert all(topic.partitions % n == 0 for n in (1, 2, 3, 4, 6, 12))


@pytest.mark.parametrize("topic", DERIVED, ids=[t.name for t in DERIVED])
def test_market_and_derived_topics_have_the_same_partitions(topic: Topic) -> None:
    assert topic.partitions in (MARKET.partitions, 1)


@each
def test_a_clocked_topic_takes_clocks_gaps_and_statuses(topic: Topic) -> None:
    forwarded = {Clock, Gap, Status}
    kinds = set(getattr(topic.value, "__args__", ()))
    assert not topic.clocked or forwarded <= kinds
    assert topic.clocked or not (forwarded & kinds)


@each
def test_a_typed_topic_has_a_type_and_an_opaque_one_none(topic: Topic) -> None:
    if topic.codec in ("json", "frames"):
        assert topic.value is not None
        msgspec.json.Decoder(topic.value)
    if topic.codec in ("snapshot", "dead_letter"):
        assert topic.value is None


@pytest.mark.parametrize("topic", SNAPSHOTS, ids=[t.name for t in SNAPSHOTS])
def test_snapshots_outlive_the_input_and_share_its_partitions(topic: Topic) -> None:
    (service,) = topic.producers
    assert snapshots_of(service) is topic
    inputs = [t for t in DERIVED if service in t.consumers]
    assert inputs
    for source in inputs:
        assert topic.retention_ms > source.retention_ms
        assert topic.partitions == source.partitions
    assert not topic.compacted


def test_a_service_that_computes_reads_one_topic() -> None:
    for topic in SNAPSHOTS:
        (service,) = topic.producers
        assert len([t for t in DERIVED if service in t.consumers]) == 1


def test_dead_letters_are_kept_longer_than_what_they_came_from() -> None:
    dead = BY_NAME["dead-letters"]
    assert all(dead.retention_ms > t.retention_ms for t in TOPICS if t is not dead)


def test_who_has_no_snapshots_is_told() -> None:
    with pytest.raises(KeyError):
        snapshots_of("gateway")


@pytest.mark.parametrize("name", ["live", "demo", "replay20260720", "a", "a" * 40])
def test_a_tape_may_be_named_so(name: str) -> None:
    assert check_tape(name) == name


@pytest.mark.parametrize("name", ["", "Demo", "1day", "a-b", "a.b", "a_b", "a" * 41, "é", "a\n"])
def test_a_tape_may_not_be_named_so(name: str) -> None:
    with pytest.raises(ValueError, match="a tape's name is"):
        check_tape(name)


@pytest.mark.parametrize("name", ["public", "information", "pg", "pgtape"])
def test_a_tape_may_not_have_a_name_of_the_database(name: str) -> None:
    with pytest.raises(ValueError, match="the database has that name"):
        check_tape(name)
