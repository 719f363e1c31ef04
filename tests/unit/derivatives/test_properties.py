"""Laws over any tape: cut anywhere, windows as numpy finds them, null where unknown."""

from collections import defaultdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.basis import Basis
from schemas.market import Foreign, Instrument, MarketMessage, OpenInterest
from tests.unit.board.support import SECOND, clock, head, status
from tests.unit.derivatives.support import DEC, JAN, Desk, index, quote, rows_of, trade, trading, us
from tests.unit.foreign.support import gap

DAY = "2026-11-20"
AT = us(DAY, "09:20:00")
PHASES = ["pre_open", "ato", "continuous", "break", "atc", "closed", None]
STEPS = st.sampled_from([1, 7, 400_000, SECOND, 61 * SECOND, 900 * SECOND, 6 * 3600 * SECOND])
PRICES = st.sampled_from([0.0, 1.0, 1899.97, 1904.1, 1904.2, 1e12])
KINDS = "iIxxxxtttqqofsssgCCCCCC"


@st.composite
def tapes(draw: st.DrawFn) -> list[MarketMessage]:
    """Messages of VN30, two of its futures and a stock, in order of seq, clocks among them."""
    seq, tape = AT, list[MarketMessage]()
    for kind in draw(st.lists(st.sampled_from(KINDS), max_size=60)):
        seq += draw(STEPS)
        seq = seq if seq % SECOND else seq + 1
        tape.append(_message(draw, kind, seq))
        seq = max(seq, tape[-1].seq)
    return tape


def _message(draw: st.DrawFn, kind: str, seq: int) -> MarketMessage:
    symbol, price = draw(st.sampled_from([DEC, JAN, "HPG"])), draw(PRICES)
    match kind:
        case "i" | "I":
            last = draw(st.sampled_from([None, DAY, "2026-12-17"]))
            names = draw(st.sampled_from([[], ["VN30F1M"], ["VN30F2612", "VN30F1M"], ["VN30F2M"]]))
            about: dict[str, Any] = {"venue": "VN", "exchange": "DERIVATIVES", "kind": "future"}
            return Instrument(**head(seq, symbol), **about, aliases=names, last_trading_day=last)
        case "x":
            estimate = draw(st.none() | PRICES)
            return index(seq, price, draw(st.sampled_from(PHASES[:5])), estimated_value=estimate)
        case "t":
            return trade(seq, price, symbol, total_volume=draw(st.sampled_from([None, 7, 2**60])))
        case "q":
            return quote(seq, draw(st.none() | PRICES), draw(st.none() | PRICES), symbol)
        case "o":
            return OpenInterest(**head(seq, symbol), value=draw(st.sampled_from([0, 2**63])))
        case "f":
            return Foreign(
                **head(seq, symbol), buy_volume=draw(st.none() | st.just(5)), sell_volume=2
            )
        case "s":
            where = draw(st.sampled_from(["HOSE", "DERIVATIVES"]))
            return status(seq, draw(st.sampled_from(PHASES)), where)
        case "g":
            return gap(seq, draw(st.sampled_from(["restart", "trade_id"])))
    return clock(seq)


def written(tape: list[MarketMessage]) -> tuple[list[bytes], bytes]:
    desk = Desk()
    desk.take(*tape)
    return desk.records, desk.state.encode()


@settings(max_examples=100, deadline=None)
@given(tapes(), st.data())
def test_cut_anywhere_restored_and_repeated_it_goes_on_with_the_same_bytes(
    tape: list[MarketMessage], data: st.DataObject
) -> None:
    cuts = data.draw(st.sets(st.integers(0, len(tape)), max_size=4))
    desk = Desk()
    for count, message in enumerate(tape):
        if count in cuts:
            desk.restart()
            desk.take(*tape[:count])
        desk.take(message)
    assert (desk.records, desk.state.encode()) == written(tape)


@settings(deadline=None)
@given(tapes())
def test_a_basis_is_there_exactly_when_both_prices_are_and_each_row_says_something_new(
    tape: list[MarketMessage],
) -> None:
    last: dict[str, int] = defaultdict(int)
    for row in rows_of(written(tape)[0]):
        assert row.symbol in (DEC, JAN)
        assert row.seq > last[row.symbol]
        last[row.symbol] = row.seq
        assert (row.basis is None) == (row.future is None or not row.spot)
        assert (row.spot is None) == (row.spot_kind == "none")
        assert row.stale == bool(row.spot_stale or row.future_stale)
        if row.stale or row.spot_kind != "published":
            assert (row.direction, row.z_score, row.divergence) == (None, None, None)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 2**32), st.integers(900, 1000), st.sampled_from([0.05, 0.5, 1.0]))
def test_windows_say_what_numpy_finds_in_the_day_written_out(
    seed: int, length: int, busy: float
) -> None:
    rnd = np.random.default_rng(seed)
    desk, future, spot, written = trading(), 1904.0, 1900.0, list[tuple[float, float]]()
    desk.take(index(AT, spot), trade(AT + 1, future))
    row: Basis | None = None
    for second in range(length):
        at = AT + second * SECOND + 2
        step: list[MarketMessage] = []
        if rnd.random() < busy:
            future = round(1904 + int(rnd.integers(-30, 30)) / 10, 1)
            step.append(trade(at, future))
        if second % 5 == 0:
            spot = round(1900 + int(rnd.integers(-300, 300)) / 100, 2)
            step.append(index(at + 1, spot))
        step.append(quote(at + 2, future, None))
        row = {r.symbol: r for r in desk.take(*step, clock(at))}.get(DEC, row)
        written.append((future, spot))
    assert row is not None
    basis = np.array([round(f - s, 4) for f, s in written])[-900:]
    assert row.z_score == pytest.approx((basis[-1] - basis.mean()) / basis.std(), rel=1e-9)
    (now, was) = written[-1], written[-301]
    divergence = 100 * ((now[0] / was[0] - 1) - (now[1] / was[1] - 1))
    assert row.divergence == pytest.approx(divergence, abs=1e-9)
    grown = abs(basis[-1]) - abs(basis[-61])
    expected = "flat" if abs(grown) < 0.1 - 1e-9 else "widening" if grown > 0 else "narrowing"
    assert row.direction == expected


@settings(max_examples=25, deadline=None)
@given(st.permutations(["index", "dec", "jan", "quote", "interest"]))
def test_within_a_second_the_order_of_different_kinds_does_not_matter(order: list[str]) -> None:
    def message(kind: str, seq: int) -> MarketMessage:
        match kind:
            case "index":
                return index(seq, 1900.0)
            case "dec":
                return trade(seq, 1904.0)
            case "jan":
                return trade(seq, 1909.0, JAN)
            case "quote":
                return quote(seq, 1903.9, 1904.1)
        return OpenInterest(**head(seq, DEC), value=7)

    desk = trading()
    rows = desk.rows(*(message(kind, AT + n) for n, kind in enumerate(order)))
    assert (rows[DEC].basis, rows[DEC].mid_basis, rows[DEC].open_interest) == (4.0, 4.0, 7)
    assert rows[JAN].basis == 9.0
    at = AT + 61 * SECOND
    later = desk.rows(index(at, 1899.0), quote(at + 1, 1, 2), quote(at + 2, 1, 2, JAN))
    assert (later[DEC].direction, later[JAN].direction) == ("widening", "widening")
