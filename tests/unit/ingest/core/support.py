"""Recorded and made-up raw records for the tests of ingest's core."""

import gzip
import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from schemas.market import Clock, MarketMessage
from services.ingest.core.binance import route
from services.ingest.core.engine import Engine
from services.ingest.core.manifest import Manifest, line
from services.ingest.core.records import Decoded, Raw
from services.ingest.core.sequence import ReceiveCounter

DATA = Path(__file__).parents[3] / "data" / "binance"
NOON = 1_723_161_600_500_000
"""A receive time half a second after a whole one, in µs."""


@cache
def recorded(path: str) -> list[tuple[int, bytes]]:
    """(receive time in µs, message) of a capture."""
    with gzip.open(DATA / path) as file:
        return [line("ns_line", each) for each in file]


def raws(venue: str, lines: Iterable[tuple[int, bytes]], first: int | None = None) -> list[Raw]:
    """The raw records of messages as ingest's shell makes them."""
    counter = ReceiveCounter(first)
    made = []
    for receive_us, value in lines:
        channel, key = route(venue, value)
        made.append(Raw(venue, counter.next(receive_us), "binance", channel, key, value))
    return made


def capture(name: str) -> Iterator[tuple[str, list[Raw]]]:
    """(path, raw records) of each file of a manifest."""
    manifest = Manifest.parse((DATA / name).read_bytes())
    for file in manifest.files:
        yield file.path, raws(file.venue, recorded(file.path))


def wrapped(stream: str, **data: Any) -> bytes:
    """A frame of a combined stream."""
    return json.dumps({"stream": stream, "data": data}, separators=(",", ":")).encode()


def trade(id_: int, price: str = "100.0", **over: Any) -> bytes:
    """A spot trade of BTCUSDT."""
    frame = {"e": "trade", "E": 1723161600000 + id_, "s": "BTCUSDT", "t": id_, "p": price}
    frame |= {"q": "0.5", "T": 1723161600000 + id_, "m": False, "M": True}
    return wrapped("btcusdt@trade", **(frame | over))


def depth(first: int, last: int, **over: Any) -> bytes:
    """A spot book update of BTCUSDT."""
    frame = {"e": "depthUpdate", "E": 1723161600000 + last, "s": "BTCUSDT", "U": first, "u": last}
    frame |= {"b": [["99.5", "1.0"]], "a": [["100.5", "0.0"]]}
    return wrapped("btcusdt@depth@100ms", **(frame | over))


def ticker(id_: int, bid: str = "99.5", ask: str = "100.5", **over: Any) -> bytes:
    """A spot best quote of BTCUSDT."""
    frame = {"u": id_, "s": "BTCUSDT", "b": bid, "B": "2.0", "a": ask, "A": "3.0"}
    return wrapped("btcusdt@bookTicker", **(frame | over))


def snapshot(last: int, **over: Any) -> bytes:
    """A spot book snapshot as the REST service replies: without a symbol."""
    frame = {"lastUpdateId": last, "bids": [["99.5", "1.0"]], "asks": [["100.5", "2.0"]]}
    return json.dumps(frame | over).encode()


def run(values: Iterable[bytes], venue: str = "BN", step_us: int = 10) -> list[Decoded]:
    """What a fresh engine makes of messages received `step_us` apart, from NOON on."""
    engine = Engine([venue])
    lines = [(NOON + i * step_us, value) for i, value in enumerate(values)]
    return [engine.decode(raw) for raw in raws(venue, lines)]


def messages(decoded: Iterable[Decoded]) -> list[MarketMessage]:
    """All messages but clocks, in order."""
    return [m for each in decoded for m in each.messages if not isinstance(m, Clock)]


def codes(decoded: Iterable[Decoded]) -> list[str]:
    """Codes of all dead letters, in order."""
    return [reason.partition(":")[0] for each in decoded for reason in each.dead]


def drops(decoded: Iterable[Decoded]) -> list[str]:
    """Reasons of all drops, in order."""
    return [reason for each in decoded for reason in each.dropped]
