"""The committed Vietnamese recordings, against totals counted by hand from the facts."""

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from schemas.base import BROADCAST
from schemas.frames import encode
from schemas.frames import messages as lines_of
from schemas.market import (
    Auction,
    Basket,
    Clock,
    Day,
    Foreign,
    Gap,
    Index,
    Instrument,
    OpenInterest,
    Quote,
    Status,
    Trade,
)
from services.ingest.core.engine import Engine
from services.ingest.core.manifest import Manifest
from services.ingest.core.records import Decoded
from services.ingest.core.registry import FEEDS
from services.ingest.core.ssi_v2 import SsiDecoder
from services.ingest.core.vn.sources import PRIMARY
from tests.unit.ingest.core.support import drops, messages
from tests.unit.ingest.core.vietnam import DATA, MANIFESTS, ms, recording

HPG_DAY, CHANNELS = MANIFESTS
FILLS = 69
"""Of HPG's opening auction on 20 July 2026, all at 21,750 VND: 97,300 shares."""


def decoded(name: str) -> list[Decoded]:
    engine = Engine(["VN"])
    return [engine.decode(raw) for raw in recording(name)]


def of(kind: Any, done: list[Decoded]) -> list[Any]:
    return [m for m in messages(done) if isinstance(m, kind)]


def test_the_opening_auction_of_hpg_is_69_prints_of_the_ato() -> None:
    done = decoded(HPG_DAY)
    ato = [m for m in of(Trade, done) if m.phase == "ato"]
    assert len(ato) == FILLS
    assert {(m.symbol, m.price, m.ts_ms, m.vendor_side) for m in ato} == {
        ("HPG", 21750.0, ms("09:15:00"), None)
    }
    assert sum(m.volume for m in ato) == ato[-1].total_volume == 97_300
    assert sum(m.price * m.volume for m in ato) == ato[-1].total_value == 2_116_275_000
    assert max(m.volume for m in ato) == 27_400
    assert Counter(m.volume for m in ato)[100] == 24
    [after] = [m for m in of(Trade, done) if m.phase != "ato"]
    assert (after.volume, after.total_volume, after.phase) == (300, 97_600, "continuous")
    assert of(Gap, done) == []


def test_before_the_auction_its_estimates_are_told_and_after_it_the_book() -> None:
    done = decoded(HPG_DAY)
    estimates = [(m.expected_price, m.phase, m.ts_ms) for m in of(Auction, done)]
    assert estimates == [
        (21700.0, "ato", ms("09:12:40")),
        (21750.0, "ato", ms("09:14:58")),
    ]
    [book] = of(Quote, done)
    assert (book.bids[0], book.asks[0], book.phase) == (
        (21700, 31200),
        (21750, 12600),
        "continuous",
    )


def test_snapshots_of_the_day_before_and_fills_of_another_channel_are_counted() -> None:
    done = decoded(HPG_DAY)
    assert Counter(drops(done)) == {"stale_day": 2, "not_primary": FILLS + 1}
    assert [d.dead for d in done if d.dead] == []


def test_fills_of_channel_b_give_the_same_auction() -> None:
    """As the only source: the same prices and volumes, without totals."""
    sources = {**PRIMARY, "trade": ("ssi", "B")}
    feed = FEEDS["ssi"]._replace(decoder=lambda venue: SsiDecoder(venue, sources))
    engine = Engine(["VN"], {"ssi": feed})
    done = [engine.decode(raw) for raw in recording(HPG_DAY)]
    ato = of(Trade, done)
    assert len(ato) == FILLS
    assert sum(m.volume for m in ato) == 97_300
    assert {(m.phase, m.price, m.total_volume) for m in ato} == {("ato", 21750.0, None)}
    assert drops(done).count("stale_day") == 3


def test_vnindex_grows_by_what_channel_b_says_it_grew() -> None:
    values = of(Index, decoded(HPG_DAY))
    assert [m.value for m in values][:3] == [1746.36, 1746.41, 1746.77]
    assert {(m.symbol, m.prior, m.phase) for m in values} == {("VNINDEX", 1787.45, "continuous")}
    at = {m.ts_ms: m for m in values}
    grown = at[ms("13:36:15")].total_volume - at[ms("13:36:10")].total_volume
    assert grown == 231_369
    assert at[ms("13:36:20")].total_volume - at[ms("13:36:15")].total_volume == 201_094
    last = values[-1]
    assert (last.total_volume, last.total_value) == (473_386_204, 10_627_880_245_680)
    assert (last.put_through_volume, last.put_through_value) == (34_677_711, 704_642_714_360)
    breadth = (last.advances, last.unchanged, last.declines, last.ceilings, last.floors)
    assert breadth == (36, 31, 274, 0, 13)


def test_the_schedule_is_broadcast_where_the_recording_passes_it() -> None:
    done = decoded(HPG_DAY)
    told = [(m.ts_ms, m.exchange, m.phase) for m in of(Status, done) if m.feed == "ingest"]
    exchanges = ["HOSE", "HNX", "UPCOM", "DERIVATIVES"]
    before = {
        "HOSE": "ato",
        "HNX": "continuous",
        "UPCOM": "continuous",
        "DERIVATIVES": "continuous",
    }
    assert {exchange: phase for _, exchange, phase in told[:4]} == before
    assert told[4:] == [
        (ms("09:15:00"), "HOSE", "continuous"),
        *[(ms("11:30:00"), exchange, "break") for exchange in exchanges],
        *[(ms("13:00:00"), exchange, "continuous") for exchange in exchanges],
    ]
    assert {m.symbol for m in of(Status, done)} == {BROADCAST}


def test_one_message_of_every_channel_gives_its_message_or_is_counted() -> None:
    done = decoded(CHANNELS)
    assert [d.dead for d in done if d.dead] == []
    # X and B of SSI; of iBoard a stock's figures and two trades.
    assert Counter(drops(done)) == {"not_primary": 5}
    kinds = Counter(type(m) for m in messages(done[1:]))
    assert kinds == {
        Status: 1, Gap: 1, Trade: 1, Day: 2, Quote: 1, Foreign: 1, Index: 1, OpenInterest: 1,
    }  # fmt: skip
    [print_] = of(Trade, done)
    assert (print_.phase, print_.vendor_side) == ("atc", "sell"), 'it says "C" and "SD"'
    [interest] = of(OpenInterest, done)
    assert (interest.symbol, interest.value) == ("41I1GC000", 56214)


@pytest.mark.parametrize("name", MANIFESTS)
def test_messages_increase_and_survive_a_frame(name: str) -> None:
    made = [m for d in decoded(name) for m in d.messages]
    assert all(a.seq < b.seq for a, b in pairwise(made))
    assert lines_of(b"\n".join(map(encode, made))) == made
    assert any(isinstance(m, Clock) for m in made)


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest_names_files_that_exist_and_its_reference_enters(name: str) -> None:
    manifest = Manifest.parse((DATA / name).read_bytes())
    assert all((DATA / file.path).stat().st_size > 0 for file in manifest.files)
    assert {file.feed for file in manifest.files} <= set(FEEDS)
    first, second = decoded(name)[:2]
    assert (first.dead, first.dropped) == ([], [])
    kinds = Counter(type(m) for m in first.messages)
    assert (kinds[Basket], kinds[Status]) == (1, 4)
    assert kinds[Instrument] > 40
    assert second == Decoded([], [], []), "the manifest's own adds nothing"
