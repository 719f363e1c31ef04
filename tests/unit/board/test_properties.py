"""Laws over any tape: cut anywhere and go on, a row a second, the newest row is the state."""

from collections import Counter
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.market import Clock, Gap, Index, MarketMessage
from tests.unit.board.support import (
    SECOND,
    T0,
    Board,
    Records,
    auction,
    clock,
    day,
    foreign,
    head,
    instrument,
    interest,
    quote,
    rows_of,
    status,
    trade,
)

SYMBOLS = ["HPG", "SHS", "VN30", "41I1G8000", "BTCUSDT.BN"]
PRICES = st.sampled_from([1.0, 2.5, 30550.0])
VOLUMES = st.sampled_from([None, 100, 700, 0.5])
BOARDS = st.sampled_from(["main", "main", "odd_lot", "put_through"])
PHASES = st.sampled_from(["ato", "continuous", "atc", "plo", "halted", "periodic", None])
EXCHANGES = st.sampled_from(["HOSE", "HNX"])
STEPS = st.sampled_from([1, 7, 400_000, SECOND, 61 * SECOND, 15 * 3600 * SECOND])
KINDS = "iittttqqqdfaoxsSgcCC"


@st.composite
def tapes(draw: st.DrawFn) -> list[MarketMessage]:
    """Messages of some symbols of two venues in order of seq, their clocks among them."""
    seq, tape = T0, list[MarketMessage]()
    for kind in draw(st.lists(st.sampled_from(KINDS), max_size=60)):
        seq = _free(seq + draw(STEPS))
        message = _message(draw, kind, seq)
        tape.append(message)
        seq = max(seq, message.seq)
    return tape


def _free(seq: int) -> int:
    """Whole seconds belong to clocks."""
    return seq if seq % SECOND else seq + 1


def _message(draw: st.DrawFn, kind: str, seq: int) -> MarketMessage:
    symbol: dict[str, Any] = {"symbol": draw(st.sampled_from(SYMBOLS))}
    price, volume, total = draw(PRICES), draw(VOLUMES), draw(VOLUMES)
    match kind:
        case "i":
            about = {"kind": draw(st.sampled_from(["stock", "future", "index"]))}
            prices = {"reference": draw(st.none() | PRICES), "multiplier": draw(PRICES)}
            return instrument(seq, **symbol, **about, **prices, exchange=draw(EXCHANGES))
        case "t":
            return trade(seq, price, volume or 1, total, board=draw(BOARDS), **symbol)
        case "q":
            levels = draw(st.lists(st.tuples(PRICES, st.just(5)), max_size=5))
            return quote(seq, levels, levels[1:], board=draw(BOARDS), **symbol)
        case "d":
            odd = {"odd_lot_volume": draw(VOLUMES)}
            return day(seq, high=price, total_volume=total, **odd, **symbol)
        case "f":
            return foreign(seq, buy_volume=3, current_room=draw(st.none() | st.just(9)), **symbol)
        case "a":
            return msgspec.structs.replace(auction(seq, "ato", price), **symbol)
        case "o":
            return interest(seq, 7, symbol["symbol"])
        case "x":
            return Index(**head(seq, symbol["symbol"]), value=price)
        case "s":
            return status(seq, draw(PHASES), draw(EXCHANGES))
        case "S":
            return status(seq, draw(PHASES), draw(EXCHANGES), symbol["symbol"], "H")
        case "g":
            span = {"from_ts_ms": 0, "to_ts_ms": 1, "cause": "restart", "channel": "c"}
            return Gap(**head(seq, "*"), venue="VN", **span)
    return clock(seq, "VN" if kind == "C" else "BN")


def written(tape: list[MarketMessage]) -> tuple[Records, bytes]:
    board = Board()
    board.take(*tape)
    return board.records, board.state.encode()


@settings(max_examples=300)
@given(tapes(), st.data())
def test_cut_anywhere_restored_and_repeated_it_goes_on_with_the_same_bytes(
    tape: list[MarketMessage], data: st.DataObject
) -> None:
    cuts = data.draw(st.sets(st.integers(0, len(tape)), max_size=4))
    board = Board()
    for count, message in enumerate(tape):
        if count in cuts:
            board.restart()
            board.take(*tape[:count])
        board.take(message)
    assert (board.records, board.state.encode()) == written(tape)


@given(tapes())
def test_a_symbol_has_one_row_a_second_at_its_clock_and_each_differs_from_the_one_before(
    tape: list[MarketMessage],
) -> None:
    rows = rows_of(written(tape)[0])
    clocks = {(m.venue, m.seq) for m in tape if isinstance(m, Clock)}
    assert {(row.venue, row.seq) for row in rows} <= clocks
    assert max(Counter((row.symbol, row.seq) for row in rows).values(), default=0) <= 1
    seen: dict[str, Any] = {}
    for row in rows:
        said = msgspec.structs.replace(row, seq=0, ts_ms=0)
        assert seen.get(row.symbol) != said
        seen[row.symbol] = said


@given(tapes(), st.data())
def test_when_a_crash_repeats_a_run_the_last_record_of_a_key_is_again_the_newest(
    tape: list[MarketMessage], data: st.DataObject
) -> None:
    records = written(tape)[0]
    end = data.draw(st.integers(0, len(records)))
    begin = data.draw(st.integers(0, end))
    newest: dict[tuple[str, bytes], int] = {}
    for topic, key, value in records:
        seq = msgspec.json.decode(value)["seq"]
        assert seq > newest.get((topic, key), -1)
        newest[topic, key] = seq
    log = records[:end] + records[begin:]
    compacted = {(topic, key): msgspec.json.decode(value)["seq"] for topic, key, value in log}
    assert compacted == newest
