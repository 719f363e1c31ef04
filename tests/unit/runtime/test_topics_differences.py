"""What is said of topics that are not as schemas/topics.py has them."""

from schemas.topic import LIVE
from schemas.topics import MARKET, TOPICS
from services.runtime.topics_admin import config_of
from services.runtime.topics_state import Found, differences


def all_right(tape: str) -> dict[str, Found]:
    return {t.name: Found(t.partitions, config_of(t, tape)) for t in TOPICS}


def test_nothing_is_said_of_topics_as_they_should_be() -> None:
    assert differences(all_right("demo"), "demo") == []


def test_a_missing_topic_a_wrong_count_and_a_wrong_setting_are_named() -> None:
    found = all_right("demo")
    del found["control"]
    config = config_of(MARKET, "demo") | {"message.timestamp.type": "CreateTime"}
    found["market"] = Found(3, config)
    assert differences(found, "demo") == [
        "demo.control is not there",
        "demo.market has 3 partitions, not 12",
        "demo.market: message.timestamp.type is CreateTime, not LogAppendTime",
    ]


def test_retention_of_live_is_another_than_that_of_a_recording() -> None:
    assert any("retention.ms" in line for line in differences(all_right("demo"), LIVE))
