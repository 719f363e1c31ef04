"""The recording that the crash tests of the path play: real, and damaged on purpose."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

from tests.support.ingest import BINANCE_DATA, THREE_VENUES

MORE_SYMBOLS = ("ETH", "SOL", "XRP", "ADA", "DOGE", "LTC")
"""Made from spot messages, so that partitions of every worker have something to do."""


def damaged(folder: Path, seconds: int) -> Path:
    """
    The manifest of the three-venue recording's first `seconds`, with more in it.

    Every third spot message once more with another symbol: its update-id chain has holes, which
    gives gaps. A bad message of some kind each second gives dead letters.
    """
    folder.mkdir(exist_ok=True)
    text = json.loads(THREE_VENUES.read_text())
    captures = {file["venue"]: _lines(BINANCE_DATA / file["path"]) for file in text["files"]}
    until = captures["BN"][0][0] + seconds * 10**9
    cut = {venue: [x for x in lines if x[0] < until] for venue, lines in captures.items()}
    files = [*cut.items(), ("BN", list(_more(cut["BN"]))), ("BN", list(_bad(cut["BN"])))]
    text["files"] = []
    for number, (venue, lines) in enumerate(files):
        name = f"{number}.txt"
        (folder / name).write_bytes(b"".join(b"%d %s\n" % line for line in lines))
        text["files"].append({"path": name, "feed": "binance", "venue": venue, "format": "ns_line"})
    text["name"] = "damaged"
    manifest = folder / "damaged.json"
    manifest.write_text(json.dumps(text))
    return manifest


def _lines(path: Path) -> list[tuple[int, bytes]]:
    with gzip.open(path) as file:
        return [
            (int(ns), value) for ns, value in (x.split(b" ", 1) for x in file.read().splitlines())
        ]


def _more(spot: list[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    for number, (ns, value) in enumerate(v for v in spot if b'"stream"' in v[1]):
        name = MORE_SYMBOLS[number % len(MORE_SYMBOLS)]
        upper, lower = f"{name}USDT".encode(), f"{name.lower()}usdt".encode()
        if number % 3 == 0:
            yield ns, value.replace(b"BTCUSDT", upper).replace(b"btcusdt", lower)


def _bad(spot: list[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    second = 0
    for number, (ns, value) in enumerate(spot):
        if ns // 10**9 == second:
            continue
        second = ns // 10**9
        kind = number % 5
        if kind == 0:
            yield ns, value[: len(value) // 2]
        elif kind == 1:
            yield ns, b"\xff\x00 not JSON"
        elif kind == 2:
            yield ns, value.replace(b'"p":"', b'"p":"-').replace(b'"b":"', b'"b":"x')
        elif kind == 3:
            yield ns, value.replace(b"btcusdt@", b"btcusdt@unknown")
        else:
            yield ns, b'{"stream":"btcusdt@trade","data":{"e":"trade","s":"BTCUSDT"}}'
