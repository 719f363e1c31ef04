"""Records become rows, and nothing in a record can break that."""

import time
from dataclasses import dataclass, field

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import frames
from schemas.market import Basket, Clock, Member, Quote, Status, Trade
from services.writer.core import refused
from services.writer.core.batch import Batch
from services.writer.core.positions import HoleError, OutsideLogError, check
from services.writer.core.rows import days, levels, timestamp
from services.writer.core.size import BatchSize
from services.writer.core.tables import BY_NAME, TABLES
from tests.support.derived import board_row
from tests.support.writing import classified, market

ANYWHERE = {("market", 0): 0, ("trades-classified", 0): 0, ("dead-letters", 0): 0}


@dataclass
class Record:
    value: bytes | None
    offset: int = 0
    partition: int = 0
    timestamp: int = 1_723_075_200_000
    key: bytes | None = None
    headers: tuple[tuple[str, bytes], ...] = field(default=())


def quote(seq: int = 1, **more: object) -> Quote:
    fields = {"symbol": "A", "feed": "f", "seq": seq, "ts_ms": 5, "bids": [], "asks": []} | more
    return Quote(**fields)  # type: ignore[arg-type]


def test_every_message_of_market_but_trades_and_clocks_has_a_table() -> None:
    from schemas.market import MarketMessage

    stored = {t.struct for t in TABLES if t.topic == "market"}
    assert set(MarketMessage.__args__) - stored == {Trade, Clock}


def test_broadcast_tables_have_the_venue_in_their_key() -> None:
    with_venue = {n for n, t in BY_NAME.items() if "venue" in t.key and not t.natural}
    assert with_venue == {"market_gap", "market_status", "alerts"}


def test_a_frame_gives_its_rows_in_order_and_neither_trades_nor_clocks() -> None:
    messages = list(market(500))
    batch = Batch(ANYWHERE)
    batch.add("market", Record(frames.encode_frame(messages)))
    kept = [m for m in messages if not isinstance(m, Trade | Clock)]
    assert sum(map(len, batch.rows.values())) == len(kept)
    assert batch.count == 500
    assert (batch.old, batch.new) == ({("market", 0): 0}, {("market", 0): 1})


def test_a_bad_line_is_refused_verbatim_and_the_others_are_rows() -> None:
    value = frames.encode_frame([quote(1)]) + b'{"type":"quote"\n' + frames.encode(quote(2))
    batch = Batch(ANYWHERE)
    batch.add("market", Record(value))
    (bad,) = batch.refused
    assert (bad.line, bad.index, bad.offset) == (b'{"type":"quote"', 1, 0)
    assert bad.reason.startswith("undecodable: ")
    assert len(batch.rows["market_quote"]) == 2


def test_the_origin_of_a_row_is_its_line() -> None:
    batch = Batch(ANYWHERE)
    batch.add("market", Record(frames.encode_frame([quote(1), quote(2)])))
    bad = b"nonsense\n"
    batch.add("market", Record(bad + frames.encode_frame([quote(3), quote(4)]), offset=1))
    found = batch.origin("market_quote", 3, "why")
    assert (found.line, found.offset, found.index) == (frames.encode(quote(4)), 1, 2)


def test_a_volume_no_float_can_hold_is_refused_and_not_counted_by_origin() -> None:
    big = 10**400
    batch = Batch(ANYWHERE)
    line = b'{"type":"quote","symbol":"A","feed":"f","seq":1,"ts_ms":5,"asks":[],"bids":[[1,%d]]}'
    batch.add("market", Record(line % big + b"\n" + frames.encode(quote(2))))
    assert len(batch.refused) == 1
    assert batch.origin("market_quote", 0, "").line == frames.encode(quote(2))


@pytest.mark.parametrize("frame", [1, 10_000])
def test_the_origins_of_ten_thousand_rows_take_no_longer_than_their_number(frame: int) -> None:
    """Each row's line is known, not searched for; in one record or in as many."""
    lines = [frames.encode(quote(n)) for n in range(10_000)]
    batch = Batch(ANYWHERE)
    for offset, start in enumerate(range(0, len(lines), frame)):
        value = b"\n".join(lines[start : start + frame])
        batch.add("market", Record(value, offset=offset))
    began = time.process_time()
    assert [batch.origin("market_quote", n, "").line for n in range(10_000)] == lines
    assert time.process_time() - began < 2


def test_a_string_with_nul_is_refused_before_the_database_sees_it() -> None:
    """In a symbol, deep in a list, but not the six characters of its escape in a string."""
    nul, escaped = quote(1, symbol="A\0"), quote(2, symbol="A\\u0000")
    basket = Basket(symbol="A", feed="f", seq=3, ts_ms=5, effective_date="d", source="s",
                    members=[Member("B"), Member("\0")])  # fmt: skip
    batch = Batch(ANYWHERE)
    batch.add("market", Record(frames.encode_frame([nul, escaped, basket])))
    assert [(one.index, one.line) for one in batch.refused] == [
        (0, frames.encode(nul)),
        (2, frames.encode(basket)),
    ]
    assert "NUL" in batch.refused[0].reason
    assert batch.origin("market_quote", 0, "").line == frames.encode(escaped)


@pytest.mark.parametrize("ts_ms", [2**62, -(2**48), 9_224_318_016_000_000 + 1])
def test_a_year_no_timestamp_has_is_refused_before_the_database_sees_it(ts_ms: int) -> None:
    batch = Batch(ANYWHERE)
    batch.add("market", Record(frames.encode(quote(1, ts_ms=ts_ms))))
    (bad,) = batch.refused
    assert str(ts_ms) in bad.reason


def test_a_batch_that_was_too_slow_is_halved_down_to_one_row_and_grows_again() -> None:
    size = BatchSize(5000)
    size.too_slow(4870)
    assert size.rows == 2435
    for _ in range(20):
        size.too_slow(size.rows)
    assert size.rows == 1
    grown = []
    while size.rows < 5000:
        size.stored()
        grown.append(size.rows)
    assert grown == sorted(grown)
    assert 20 < len(grown) < 200
    size.stored()
    assert size.rows == 5000


def test_a_skipped_offset_is_a_hole() -> None:
    batch = Batch(ANYWHERE)
    batch.add("market", Record(b"", offset=0))
    with pytest.raises(HoleError, match=r"market\[0\]: expected offset 1, got 2"):
        batch.add("market", Record(b"", offset=2))


@given(st.binary(max_size=200), st.sampled_from(["market", "trades-classified", "dead-letters"]))
def test_no_bytes_raise(value: bytes, topic: str) -> None:
    batch = Batch(ANYWHERE)
    batch.add(topic, Record(value))
    assert batch.new == {(topic, 0): 1}


@given(
    st.lists(st.tuples(st.text(max_size=9), st.one_of(st.none(), st.binary())), max_size=6),
    st.one_of(st.none(), st.binary(max_size=300)),
)
def test_a_dead_letter_of_any_bytes_is_a_row_without_nul(
    headers: list[tuple[str, bytes]], key: bytes | None
) -> None:
    named = [*headers, ("reason", b"\0" + b"x" * 5000), ("service", b"\xff" * 500)]
    named.append(("venue", "ộ".encode() * 300))
    first = refused.row(Record(b"", key=key, headers=tuple(named)))[:4]
    assert "\0" not in "".join(first)
    # PostgreSQL's limit of an index entry is 2,704 bytes.
    assert len("".join(first).encode()) < 2704


def test_times_and_levels_are_in_the_form_of_the_server() -> None:
    assert timestamp(946_684_800_001) == 1000
    assert len(levels([])) == 12
    assert len(levels([(1.0, 2), (3.0, 4)])) == 28 + 4 * 12


def test_an_offset_outside_the_log_is_refused_with_a_sentence() -> None:
    check(("market", 1), 5, 5, 5)
    with pytest.raises(OutsideLogError, match=r"begins at 9: 4 records .*accept-loss"):
        check(("market", 1), 5, 9, 20)
    with pytest.raises(OutsideLogError, match=r"ends at 3.*fresh tape"):
        check(("market", 1), 5, 0, 3)


def test_a_classified_trade_is_a_row() -> None:
    trade = next(m for m in market(100) if isinstance(m, Trade))
    batch = Batch(ANYWHERE)
    batch.add("trades-classified", Record(msgspec.json.encode(classified(trade))))
    assert [len(rows) for rows in batch.rows.values()] == [1]


def test_only_a_compacted_topic_may_have_holes() -> None:
    """There an older record of a key is gone; what is before the place we are at is no hole."""
    row = msgspec.json.encode(board_row("A", 7))
    batch = Batch({("board", 0): 3})
    for offset in (5, 6, 90):
        batch.add("board", Record(row, offset=offset))
    assert batch.new == {("board", 0): 91}
    with pytest.raises(HoleError):
        batch.add("board", Record(row, offset=80))
    with pytest.raises(HoleError):
        Batch(ANYWHERE).add("market", Record(b"", offset=1))


def test_each_topic_has_its_own_table_for_one_type_and_forwards_have_that_of_market() -> None:
    status = Status(symbol="*", feed="f", seq=1, ts_ms=1, venue="VN", exchange="HOSE")
    line = msgspec.json.encode(status)
    for topic, table in {
        "sessions": "sessions",
        "market": "market_status",
        "trades-classified": "market_status",
    }.items():
        batch = Batch({(topic, 0): 0})
        batch.add(topic, Record(line))
        assert {name: len(rows) for name, rows in batch.rows.items()} == {table: 1}


@pytest.mark.parametrize(
    ("day", "since_2000"), [("2000-01-01", 0), ("1999-12-31", -1), ("2024-02-29", 8825)]
)
def test_a_day_is_counted_from_2000(day: str, since_2000: int) -> None:
    assert days(day) == since_2000


@pytest.mark.parametrize("day", ["2024-02-30", "today", "", "10000-01-01"])
def test_a_day_that_is_none_gives_no_row(day: str) -> None:
    batch = Batch({("board", 0): 0})
    batch.add("board", Record(msgspec.json.encode(board_row("A", 7, day=day))))
    assert not batch.rows
    assert [one.reason.partition(":")[0] for one in batch.refused] == ["no row"]


@pytest.mark.parametrize(
    ("line", "venue"),
    [
        (b'{"symbol":"A.BNF","seq":1}', "BNF"),
        (b'{"symbol":"*","venue":"BN"}', "BN"),
        (b'{"symbol":"*"}', ""),
        (b'{"symbol":"A","venue":"elsewhere"}', ""),
        (b'{"symbol":7}', ""),
        (b"\xff", ""),
        (b"[" * 100_000, ""),
    ],
)
def test_a_refused_line_says_its_venue_or_nothing(line: bytes, venue: str) -> None:
    assert refused.venue(line) == venue
