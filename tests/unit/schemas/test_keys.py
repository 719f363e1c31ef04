"""Venues, routing keys and partitions."""

import pytest
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.partitioner import murmur2 as kafka_murmur2
from hypothesis import given
from hypothesis import strategies as st

from schemas.keys import murmur2, partition, routing_key, venue_of


@given(st.binary(max_size=64))
def test_murmur2_is_that_of_kafka(data: bytes) -> None:
    assert murmur2(data) == kafka_murmur2(data) & 0xFFFFFFFF


@given(st.text(min_size=1, max_size=40), st.integers(1, 50))
def test_a_partition_is_the_one_kafkas_default_partitioner_gives(key: str, count: int) -> None:
    everyone = list(range(count))
    assert partition(key, count) == DefaultPartitioner()(key.encode(), everyone, everyone)


@pytest.mark.parametrize(
    ("data", "expected"),
    # The vectors of Apache Kafka's own UtilsTest.testMurmur2, as signed 32 bit integers.
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_murmur2_gives_the_published_vectors(data: bytes, expected: int) -> None:
    assert murmur2(data) == expected & 0xFFFFFFFF


@pytest.mark.parametrize(
    ("symbol", "venue"),
    [
        ("SSI", "VN"),
        ("VN30", "VN"),
        ("41I1GC000", "VN"),
        ("BTCUSDT.BN", "BN"),
        ("BTCUSDT.BNF", "BNF"),
        ("BTCUSD_PERP.BNC", "BNC"),
        ("BN", "VN"),
        ("*", "VN"),
    ],
)
def test_the_suffix_tells_the_venue(symbol: str, venue: str) -> None:
    assert venue_of(symbol) == venue


@pytest.mark.parametrize(
    ("symbol", "key"),
    [
        ("VN30F2407", "VN30"),
        ("VN30F1M", "VN30"),
        ("41I1GC000", "VN30"),
        ("41I1F7000", "VN30"),
        ("VN30", "VN30"),
        ("VN100F2612", "VN100"),
        ("41I2GC000", "VN100"),
        ("VN100", "VN100"),
        ("41B5GC000", "41B5GC000"),
        ("SSI", "SSI"),
        ("VNM", "VNM"),
        ("VN30ETF", "VN30ETF"),
        ("BTCUSDT.BNF", "BTCUSDT.BNF"),
    ],
)
def test_an_index_future_is_routed_with_its_index(symbol: str, key: str) -> None:
    assert routing_key(symbol) == key


@given(st.text(max_size=40))
def test_a_routing_key_routes_to_itself(symbol: str) -> None:
    assert routing_key(routing_key(symbol)) == routing_key(symbol)
