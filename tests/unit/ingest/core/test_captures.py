"""The committed captures decode completely, against counts made without our decoders."""

import gzip
import json
from collections import Counter
from itertools import pairwise
from math import fsum
from typing import Any

import pytest

from schemas.frames import encode, messages
from schemas.market import BookDelta, Clock, Quote, Trade
from services.ingest.core.engine import Engine
from tests.unit.ingest.core.support import DATA, capture

FILES = [
    (manifest, path)
    for manifest in ("manifest.json", "manifest-20240809.json")
    for path, _ in capture(manifest)
]


def plain(path: str) -> list[dict[str, Any]]:
    """The frames of a capture by the standard library alone."""
    with gzip.open(DATA / path, "rt") as file:
        frames = [json.loads(each.split(" ", 1)[1]) for each in file]
    return [frame.get("data", frame) for frame in frames]


@pytest.mark.parametrize(("manifest", "path"), FILES)
def test_a_clean_capture_decodes_to_what_it_says_without_a_fault(manifest: str, path: str) -> None:
    records = dict(capture(manifest))[path]
    engine = Engine([records[0].venue])
    done = [engine.decode(raw) for raw in records]
    assert [d for d in done if d.dead or d.dropped] == []
    made = [m for d in done for m in d.messages]
    frames = plain(path)

    prints = [f for f in frames if "t" in f and f.get("X", "MARKET") == "MARKET"]
    trades = [m for m in made if isinstance(m, Trade)]
    assert [m.trade_id for m in trades] == [str(f["t"]) for f in prints]
    assert [m.ts_ms for m in trades] == [f["T"] for f in prints]
    assert fsum(m.volume for m in trades) == fsum(float(f["q"]) for f in prints)
    assert [m.price for m in trades] == [float(f["p"]) for f in prints]
    assert [m.vendor_side == "sell" for m in trades] == [f["m"] for f in prints]

    quotes = [m for m in made if isinstance(m, Quote)]
    tickers = [f for f in frames if "B" in f]
    tops = [([(float(f["b"]), float(f["B"]))], [(float(f["a"]), float(f["A"]))]) for f in tickers]
    assert [(m.bids, m.asks) for m in quotes] == tops

    books = [m for m in made if isinstance(m, BookDelta)]
    updates = [f for f in frames if "lastUpdateId" in f or f.get("e") == "depthUpdate"]
    assert [m.last_id for m in books] == [f.get("u", f.get("lastUpdateId")) for f in updates]
    for book, update in zip(books, updates, strict=True):
        for side, levels in ((book.bids, "b"), (book.asks, "a")):
            found = (
                update[levels] if levels in update else update[{"b": "bids", "a": "asks"}[levels]]
            )
            assert side == [(float(price), float(volume)) for price, volume in found]

    counts = Counter(type(m) for m in made)
    assert set(counts) == {Trade, Quote, BookDelta, Clock}
    assert sum(counts.values()) - counts[Clock] == len(frames)
    first, last = records[0].seq, records[-1].seq
    assert counts[Clock] == last // 1_000_000 - first // 1_000_000
    assert all(a.seq < b.seq for a, b in pairwise(made))
    assert messages(b"\n".join(map(encode, made))) == made
