"""A recording of many symbols at an even pace, made from the captures."""

import gzip
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.support.ingest import BINANCE_DATA, THREE_VENUES

BASE_NS = 1_723_161_600_000_000_000
SYMBOLS = 200
_TRADE_ID = re.compile(rb'"t":\d+')
_UPDATE_ID = re.compile(rb'"u":\d+')


def symbols(count: int = SYMBOLS) -> list[str]:
    """Our names of the instruments in it."""
    return [f"S{n:03}USDT.BN" for n in range(count)]


def paced(folder: Path, rate: int, seconds: float, count: int = SYMBOLS) -> Path:
    """
    The manifest of a recording with `rate` messages a second, best quotes and trades.

    The mix and the bytes are those of the spot capture; each message in turn is of another of
    `count` symbols, whose ids are made contiguous.
    """
    name = f"paced{rate}"
    total = int(rate * seconds)
    with gzip.open(folder / f"{name}.gz", "wb", compresslevel=1) as file:
        for number, value in enumerate(_messages(total, count)):
            file.write(b"%d %s\n" % (BASE_NS + number * 10**9 // rate, value))
    manifest = json.loads(THREE_VENUES.read_text())
    manifest["name"] = name
    manifest["files"] = [
        {"path": f"{name}.gz", "feed": "binance", "venue": "BN", "format": "ns_line"}
    ]
    reference = manifest["reference"]
    for kind in ("instruments", "statuses"):
        reference[kind] = [
            x for x in reference[kind] if x.get("venue", x["symbol"].rpartition(".")[2]) == "BN"
        ]
    path = folder / f"{name}.json"
    path.write_text(json.dumps(manifest))
    return path


def _messages(total: int, count: int) -> Iterator[bytes]:
    numbers: dict[tuple[bytes, int], int] = defaultdict(int)
    given = 0
    while True:
        for value in _captured():
            if given == total:
                return
            name = b"S%03dUSDT" % (given % count)
            pattern, mark = (_TRADE_ID, b"t") if b'@trade"' in value else (_UPDATE_ID, b"u")
            numbers[mark, given % count] += 1
            number = b'"%s":%d' % (mark, numbers[mark, given % count])
            value = value.replace(b"BTCUSDT", name).replace(b"btcusdt", name.lower())
            yield pattern.sub(number, value, count=1)
            given += 1


def _captured() -> Iterator[bytes]:
    with gzip.open(BINANCE_DATA / "spot_btcusdt_20240808.gz") as file:
        for line in file:
            value = line.rstrip(b"\n").partition(b" ")[2]
            if b'@trade"' in value or b'@bookTicker"' in value:
                yield value
