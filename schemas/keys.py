"""Symbols, venues, routing keys and partitions (design §2)."""

from functools import lru_cache
from typing import Any

from schemas.base import BROADCAST, Venue
from schemas.market import Basket

_SUFFIXES: tuple[tuple[str, Venue], ...] = ((".BN", "BN"), (".BNF", "BNF"), (".BNC", "BNC"))

UNROUTED = "*"
"""Key of a raw record whose routing key cannot be told from it."""


@lru_cache(maxsize=65536)
def venue_of(symbol: str) -> Venue:
    """The venue of a symbol, by its suffix; Vietnamese codes are bare."""
    for suffix, venue in _SUFFIXES:
        if symbol.endswith(suffix):
            return venue
    return "VN"


@lru_cache(maxsize=65536)
def routing_key(symbol: str) -> str:
    """
    What decides the partition: the symbol, or for an index future the id of its index.

    41I1xxxxx and VN30Fxxxx go with VN30, 41I2xxxxx with VN100, so an index, its futures and
    its value share one partition of `market`.
    """
    if symbol.startswith(("41I1", "VN30F")):
        return "VN30"
    if symbol.startswith(("41I2", "VN100F")):
        return "VN100"
    return symbol


def latest_key(message: Any) -> bytes:
    """
    Key of a message in a compacted topic: its symbol; of a broadcast status its exchange.

    A basket has the symbol of its index, which has an instrument of its own in the same topic:
    neither may replace the other, so its key is `basket:<symbol>`.
    """
    symbol: str = message.symbol
    if symbol == BROADCAST:
        symbol = message.exchange
    elif isinstance(message, Basket):
        symbol = f"basket:{symbol}"
    return symbol.encode()


@lru_cache(maxsize=65536)
def partition(key: str, partitions: int) -> int:
    """The partition that Kafka's default partitioner (murmur2) gives to the UTF-8 of `key`."""
    return (murmur2(key.encode()) & 0x7FFFFFFF) % partitions


def murmur2(data: bytes) -> int:
    """MurmurHash2, 32 bit, seed 0x9747b28c, as Kafka's Java client computes it; unsigned."""
    mask, m = 0xFFFFFFFF, 0x5BD1E995
    h = 0x9747B28C ^ len(data)
    whole = len(data) & ~3
    for i in range(0, whole, 4):
        k = int.from_bytes(data[i : i + 4], "little") * m & mask
        k ^= k >> 24
        h = (h * m & mask) ^ (k * m & mask)
    if tail := data[whole:]:
        h = (h ^ int.from_bytes(tail, "little")) * m & mask
    h ^= h >> 13
    h = h * m & mask
    return h ^ (h >> 15)
