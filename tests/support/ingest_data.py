"""Recordings made for a test, and records put into Kafka as they are."""

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer

from services.ingest.core.manifest import Manifest
from tests.support.ingest import BINANCE_DATA

SPOT = BINANCE_DATA / "spot_btcusdt_20240809.gz"

Line = tuple[int, bytes]
"""Receive time in ns and the vendor's bytes."""
Record = tuple[str, int, bytes | None, bytes, Sequence[tuple[str, bytes]]]
"""Topic, partition, key, value, headers."""


def captured(count: int | None = None) -> list[Line]:
    """Lines of the spot capture, taken apart without our code."""
    with gzip.open(SPOT) as file:
        lines = file.read().splitlines()[:count]
    return [(int(ns), value) for ns, value in (line.split(b" ", 1) for line in lines)]


def two_symbols(count: int) -> list[Line]:
    """The capture, every second message of another symbol, 10 µs apart."""
    base = captured(1)[0][0]
    lines = []
    for n, (_, value) in enumerate(captured(count)):
        if n % 2:
            value = value.replace(b"BTCUSDT", b"ETHUSDT").replace(b"btcusdt", b"ethusdt")
        lines.append((base + n * 10_000, value))
    return lines


def text(lines: Sequence[Line]) -> bytes:
    """A recording file's contents."""
    return b"".join(b"%d %s\n" % line for line in lines)


def recording(folder: Path, files: Mapping[str, bytes], name: str = "s") -> Path:
    """The manifest of a recording of these files by venue; no reference data."""
    for venue, data in files.items():
        (folder / f"{name}-{venue}.txt").write_bytes(data)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(manifest(list(files), name)))
    return path


def manifest(venues: Sequence[str], name: str = "s") -> dict[str, Any]:
    """What `recording` writes."""
    return {
        "name": name,
        "title": "a test",
        "licence": "none",
        "source": "a test",
        "files": [
            {"path": f"{name}-{v}.txt", "feed": "binance", "venue": v, "format": "ns_line"}
            for v in venues
        ],
        "reference": {"source": "a test", "instruments": [], "statuses": []},
    }


def reference(venue: str = "BN") -> bytes:
    """The reference record of such a manifest."""
    return Manifest.parse(json.dumps(manifest([venue]))).references()[venue]


async def send(bootstrap: str, records: Sequence[Record]) -> None:
    """Put records into Kafka, in order."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    try:
        for topic, number, key, value, heads in records:
            await producer.send_and_wait(
                topic, value, key=key, partition=number, headers=list(heads)
            )
    finally:
        await producer.stop()
