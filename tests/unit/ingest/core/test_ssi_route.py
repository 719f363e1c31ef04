"""Where SSI's messages go, and what is kept of them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.keys import routing_key
from schemas.topics import BY_NAME
from services.ingest.core.registry import FEEDS
from services.ingest.core.ssi_v2.route import TOPIC_OF, route
from services.ingest.rawlog import venue_of_channel
from tests.unit.ingest.core.vietnam import MANIFESTS, envelope, recording, trade


def test_the_raw_value_is_the_bytes_of_the_content_string() -> None:
    message = trade(100, 100)
    routed = route("VN", message)
    assert routed[:3] == ("ssi-x", "vn.X-TRADE", "HPG")
    assert routed.value == json.loads(message)["Content"].encode()


def test_the_raw_value_of_a_content_object_is_its_bytes_as_they_came() -> None:
    content = b'{ "Symbol" : "MBB",\t"TotalVol": 1.50 }'
    routed = route("VN", b'{"DataType":"OL","Content":' + content + b"}")
    assert routed == ("ssi-ol", "vn.OL", "MBB", content)


@pytest.mark.parametrize(
    "message",
    [
        b"", b"garbage", b"{}", b"[]", b'{"DataType":"Z","Content":"{}"}', b'{"DataType":"X"}',
        b'{"DataType":"X","Content":null}', b'{"DataType":"X","Content":""}', b"{" * 100_000,
        b'{"DataType":7,"Content":"{}"}', b'{"DataType":"X","Content":"\xff"}',
    ],
)  # fmt: skip
def test_what_holds_no_content_is_kept_whole_under_no_key(message: bytes) -> None:
    routed = route("VN", message)
    assert (routed.key, routed.value) == ("*", message)


@pytest.mark.parametrize(
    ("symbol", "key"),
    [
        ("HPG", "HPG"), ("41I1GC000", "VN30"), ("VN30F2407", "VN30"), ("41I2GC000", "VN100"),
        ("HNXindex", "HNXINDEX"), ("a b", "*"), ("*", "*"), ("BTCUSDT.BN", "*"),
    ],
)  # fmt: skip
def test_the_key_is_of_the_symbol_that_the_decoder_will_find(symbol: str, key: str) -> None:
    for name in ("Symbol", "symbol", "IndexId"):
        assert route("VN", envelope("X", {name: symbol, "x": 1})).key == key


def test_all_topics_exist_and_all_channels_say_their_venue() -> None:
    for name in ("ssi", "iboard"):
        assert set(FEEDS[name].topics) <= set(BY_NAME)
    assert set(TOPIC_OF.values()) == set(FEEDS["ssi"].topics)
    assert all(venue_of_channel(f"vn.{channel}") == "VN" for channel in TOPIC_OF)


@pytest.mark.parametrize("name", MANIFESTS)
def test_messages_stand_in_the_partition_of_their_raw_record(name: str) -> None:
    from services.ingest.core.engine import Engine

    engine = Engine(["VN"])
    for raw in recording(name)[1:]:
        for message in engine.decode(raw).messages:
            assert message.symbol == "*" or routing_key(message.symbol) == raw.key


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(st.binary(max_size=100) | st.builds(
    lambda kind, content, text: json.dumps(
        {"DataType": kind, "Content": json.dumps(content) if text else content}
    ).encode(),
    st.sampled_from([*TOPIC_OF, "x", "Z"]) | anything, anything, st.booleans(),
))  # fmt: skip
def test_routing_never_raises_and_names_known_places(message: bytes) -> None:
    for feed in ("ssi", "iboard"):
        routed = FEEDS[feed].route("VN", message)
        assert routed.topic in FEEDS[feed].topics
        assert routed.channel.startswith("vn.")
        assert len(routed.channel) < 16
        assert routed.key.encode()
