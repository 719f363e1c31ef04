"""Who the aggressor is in the Vietnamese market's own situations."""

from math import inf

import pytest

from services.classifier.core import state as states
from services.classifier.core.classifier import step
from tests.unit.classifier.support import SECOND, instrument, quote, trade

OPEN = 34_200 * SECOND


@pytest.mark.parametrize("board", ["main", "odd_lot", "put_through"])
@pytest.mark.parametrize("vendor", ["buy", "sell", None])
@pytest.mark.parametrize(
    "phase", ["pre_open", "ato", "atc", "plo", "periodic", "put_through", "closed"]
)
def test_nobody_crosses_a_spread_where_there_is_none_whatever_the_flag_says(phase, vendor, board):
    state = states.initial("X")
    step(state, quote(OPEN, 10.0, 10.5))
    (out,) = step(state, trade(OPEN + 9, 10.5, phase=phase, vendor_side=vendor, board=board))
    assert (out.side, out.vendor_side) == ("neutral", vendor)
    assert (out.inferred_side, out.rule, out.confidence) == (None, None, None)


@pytest.mark.parametrize("phase", ["continuous", "break", "halted"])
@pytest.mark.parametrize("board", ["odd_lot", "put_through"])
def test_other_boards_are_neutral_and_leave_no_trace_in_the_main_one(phase, board):
    one, two = states.initial("X"), states.initial("X")
    for state in (one, two):
        step(state, quote(OPEN, 10.0, 10.5))
        step(state, trade(OPEN + 1, 10.5))
    (out,) = step(one, trade(OPEN + 2, 9.0, phase=phase, vendor_side="sell", board=board))
    assert out.side == "neutral"
    assert states.encode(one) == states.encode(two)


@pytest.mark.parametrize("phase", ["continuous", "break", "halted"])
@pytest.mark.parametrize(("vendor", "side"), [("sell", "sell"), (None, "buy")])
def test_a_print_matched_continuously_that_came_late_has_its_aggressor(phase, vendor, side):
    """In the break, or after the halt that stopped the symbol: flag first, the book second."""
    state = states.initial("X")
    step(state, quote(OPEN, 10.0, 10.5))
    (out,) = step(state, trade(OPEN + 9, 10.5, phase=phase, vendor_side=vendor))
    assert (out.side, out.inferred_side) == (side, "buy")


@pytest.mark.parametrize(
    ("bid", "ask", "price", "side"),
    [(10.7, None, 10.7, "buy"), (None, 9.3, 9.3, "sell"), (10.6, None, 10.7, "buy"),
     (10.6, None, 10.6, "sell"), (None, 9.4, 9.3, "sell"), (None, 9.4, 9.4, "buy")],
)  # fmt: skip
def test_a_book_locked_at_a_limit_is_repaired(bid, ask, price, side):
    """Without asks a print at the ceiling is a buy, without bids one at the floor a sell."""
    state = states.initial("X")
    step(state, instrument(OPEN, ceiling=10.7, floor=9.3, reference=10.0))
    step(state, quote(OPEN + 1, bid, ask))
    (out,) = step(state, trade(OPEN + 2 * SECOND, price))
    assert (out.inferred_side, out.side) == (side, side)
    assert (out.ceiling, out.floor, out.reference) == (10.7, 9.3, 10.0)


def test_a_locked_book_without_known_limits_is_not_guessed_at():
    state = states.initial("X")
    step(state, quote(OPEN, 10.7, None))
    assert (state.bid, state.ask) == (10.7, inf)


def test_the_queue_of_an_auction_is_never_a_level():
    """The price-0 queue stands beside the levels, and an auction's levels are no book."""
    state = states.initial("X")
    step(state, instrument(OPEN, ceiling=10.7, floor=9.3))
    step(state, quote(OPEN + 1, None, 10.5, phase="ato", auction_bid_volume=140))
    assert state.best == []
    step(state, quote(OPEN + 2, 10.4, 10.5, auction_bid_volume=140, auction_ask_volume=9))
    assert (state.bid, state.ask) == (10.4, 10.5)
    step(state, quote(OPEN + 3, 10.7, 10.0, phase="atc"))
    assert state.best == []


def test_after_the_opening_auction_its_price_decides_until_there_is_a_book():
    state = states.initial("X")
    step(state, quote(OPEN, 10.6, 10.5, phase="ato"))
    step(state, trade(OPEN + 1, 10.5, phase="ato"))
    (out,) = step(state, trade(OPEN + 2, 10.6))
    assert (out.side, out.rule) == ("buy", "tick")


def test_yesterday_s_book_judges_no_print_of_today():
    state = states.initial("X")
    step(state, quote(OPEN, 10.0, 10.5))
    (out,) = step(state, trade(OPEN + 86_400 * SECOND, 10.5))
    assert (out.side, out.rule) == ("unknown", None)
    coin = states.initial("X.BN")
    step(coin, quote(OPEN, 10.0, 10.5, symbol="X.BN"))
    *_, out = step(coin, trade(OPEN + 86_400 * SECOND, 10.5, symbol="X.BN"))
    assert out.side == "buy"
