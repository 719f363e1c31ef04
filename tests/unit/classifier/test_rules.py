"""Each rule of the classifier on the smallest tape that calls for it."""

import pytest

from schemas.market import MarketMessage
from schemas.trades_classified import TradeClassified
from services.classifier.core.classifier import step
from services.classifier.core.confidence import CONFIDENCE
from services.classifier.core.state import initial
from tests.unit.classifier.support import gap, instrument, quote, trade

T = 34_200_123_000
"""A moment in µs whose ms are no whole second."""
MS = 1_000
RECEIVED = {"ts_source": "receive"}


def judge(*tape: MarketMessage) -> list[TradeClassified]:
    state = initial("X")
    return [out for message in tape for out in step(state, message)]


def last(*tape: MarketMessage) -> tuple[str | None, str | None]:
    out = judge(*tape)[-1]
    return out.inferred_side, out.rule


@pytest.mark.parametrize(("price", "side"), [(101.0, "buy"), (99.0, "sell")])
def test_a_print_at_the_best_price_takes_it(price: float, side: str):
    assert last(quote(T, 99.0, 101.0), trade(T + 5 * MS, price)) == (side, "quote")


def test_the_first_print_without_a_quote_is_unknown():
    (out,) = judge(trade(T, 100.0))
    assert (out.side, out.inferred_side, out.rule, out.confidence) == ("unknown", None, None, None)


def test_without_quotes_the_direction_of_the_price_decides_and_is_kept():
    out = judge(*(trade(T + i * MS, p) for i, p in enumerate([100.0, 101.0, 101.0, 100.5, 100.5])))
    assert [o.inferred_side for o in out] == [None, "buy", "buy", "sell", "sell"]
    assert {o.rule for o in out[1:]} == {"tick"}


def test_a_quote_that_already_holds_the_trade_is_stepped_behind():
    """The ask was eaten and the bid came up: by the newest quote the print is a sell."""
    eaten = [quote(T, 99.0, 100.0), quote(T + 20 * MS, 100.0, 101.0)]
    assert last(*eaten, trade(T + 21 * MS, 100.0, ts_ms=T // 1000 + 20)) == ("buy", "quote")


def test_unstamped_quotes_are_aligned_by_how_long_the_trade_waited():
    """The first trade takes 2 ms to come; the second 30 ms, so it is judged as of 28 ms before."""
    tape = [
        quote(T, 99.0, 100.0, **RECEIVED),
        trade(T + 52 * MS, 99.0, ts_ms=T // 1000 + 50),
        quote(T + 110 * MS, 100.0, 101.0, **RECEIVED),
        trade(T + 130 * MS, 100.0, ts_ms=T // 1000 + 100),
    ]
    assert last(*tape) == ("buy", "quote")


def test_prints_of_one_instant_and_price_share_a_side_whatever_is_quoted_between():
    first = trade(T + 5 * MS, 100.0)
    turned = quote(T + 5 * MS + 10, 100.0, 101.0)
    again = trade(T + 5 * MS + 20, 100.0)
    assert last(quote(T, 99.0, 100.0), first, turned, again) == ("buy", "run")


def test_prints_of_one_instant_walk_the_book_in_the_order_s_direction():
    instant = {"ts_ms": T // 1000 + 5}
    tape = [trade(T + 5 * MS + i, p, **instant) for i, p in enumerate([99.0, 98.0, 97.0])]
    out = judge(quote(T, 99.0, 100.0), *tape)
    assert [(o.inferred_side, o.rule) for o in out[1:]] == [("sell", "sweep")] * 2


def test_whole_second_stamps_are_no_instant():
    """Two orders of one second, with a quote between them."""
    second = 34_200 * 1_000_000
    stamp = {"ts_ms": second // 1000}
    tape = [
        quote(second + 1, 99.0, 101.0, **stamp),
        trade(second + 2, 101.0, **stamp),
        quote(second + 3, 99.0, 101.0, **stamp),
        trade(second + 4, 99.0, **stamp),
    ]
    assert [(o.inferred_side, o.rule) for o in judge(*tape)] == [
        ("buy", "quote"),
        ("sell", "quote"),
    ]


@pytest.mark.parametrize(("price", "side"), [(103.0, "buy"), (97.0, "sell")])
def test_a_print_beyond_a_current_book_is_on_the_side_it_went_through(price: float, side: str):
    """Current: a quote is newer than the print, though its price is not among the near ones."""
    tape = [quote(T, 99.0, 101.0), quote(T + 9 * MS, 99.0, 101.0)]
    assert last(*tape, trade(T + 10 * MS, price, ts_ms=T // 1000 + 5)) == (side, "outside")


def test_where_no_quote_is_newer_than_the_print_the_prints_know_better():
    """Above the held ask, yet a down-tick: the book has moved and its news has not come."""
    tape = [quote(T, 99.0, 101.0), trade(T + 5 * MS, 110.0), trade(T + 9 * MS, 105.0)]
    assert last(*tape) == ("sell", "tick")


def test_the_price_of_a_near_quote_decides_when_the_aligned_one_lacks_it():
    tape = [quote(T, 99.0, 101.0), quote(T + 6 * MS, 99.0, 100.0), quote(T + 8 * MS, 98.0, 99.5)]
    assert last(*tape, trade(T + 9 * MS, 100.0, ts_ms=T // 1000 + 5)) == ("buy", "near")


def test_hidden_orders_are_recognised_by_prints_inside_a_settled_spread():
    """Then the nearer side decides, where at first only the direction of the price can."""
    tape: list[MarketMessage] = [quote(T + i, 90.0, 110.0) for i in range(30)]
    prints = [109.0, 108.0] * 20
    tape += [trade(T + 1_000_000 * (i + 1) + 7 * MS, p) for i, p in enumerate(prints)]
    out = judge(*tape)
    assert out[1].rule == "tick"
    assert (out[-1].inferred_side, out[-1].rule) == ("buy", "inside")


def test_at_limit_up_a_print_at_the_ceiling_is_a_buy():
    """No offers, and the whole queue bids the ceiling: by the plain rule it would be a sell."""
    limits = instrument(T, ceiling=107.0, floor=93.0)
    assert last(limits, quote(T + MS, 107.0, None), trade(T + 5 * MS, 107.0)) == ("buy", "quote")


def test_at_limit_down_a_print_at_the_floor_is_a_sell():
    limits = instrument(T, ceiling=107.0, floor=93.0)
    assert last(limits, quote(T + MS, None, 93.0), trade(T + 5 * MS, 93.0)) == ("sell", "quote")


def test_a_lone_bid_below_the_ceiling_is_still_hit_by_sells():
    limits = instrument(T, ceiling=107.0, floor=93.0)
    assert last(limits, quote(T + MS, 100.0, None), trade(T + 5 * MS, 100.0)) == ("sell", "quote")


@pytest.mark.parametrize("phase", ["ato", "atc", "plo", "periodic", "put_through"])
def test_a_call_auction_s_print_is_neutral_whatever_the_flag_says(phase: str):
    (out,) = judge(quote(T, 99.0, 101.0), trade(T + MS, 101.0, phase=phase, vendor_side="buy"))
    assert (out.side, out.vendor_side, out.inferred_side) == ("neutral", "buy", None)


@pytest.mark.parametrize("board", ["odd_lot", "put_through"])
def test_prints_and_quotes_of_other_boards_neither_have_a_side_nor_lend_one(board: str):
    tape = [
        quote(T, 99.0, 101.0),
        trade(T + MS, 50.0, board=board),
        quote(T + 2 * MS, 101.0, 102.0, board=board),
        trade(T + 9 * MS, 101.0),
    ]
    out = judge(*tape)
    assert (out[0].side, out[1].side, out[1].rule) == ("neutral", "buy", "quote")


def test_the_tick_rule_goes_on_from_an_auction_s_price():
    assert last(trade(T, 100.0, phase="ato"), trade(T + 9 * MS, 101.0)) == ("buy", "tick")


def test_the_flag_is_preferred_and_the_inferred_side_stands_beside_it():
    (out,) = judge(quote(T, 99.0, 101.0), trade(T + 5 * MS, 101.0, vendor_side="sell"))
    assert (out.side, out.vendor_side, out.inferred_side) == ("sell", "sell", "buy")


@pytest.mark.parametrize("symbol", ["X", "*"])
def test_a_gap_makes_the_book_unknown(symbol: str):
    tape = [quote(T, 99.0, 101.0), trade(T + 5 * MS, 99.0), gap(T + 6 * MS, symbol=symbol)]
    assert last(*tape, trade(T + 9 * MS, 101.0))[1] == "tick"


@pytest.mark.parametrize("cause", ["trade_id", "update_id"])
def test_a_gap_in_prints_or_deltas_leaves_the_quotes_standing(cause: str):
    assert last(quote(T, 99.0, 101.0), gap(T + 1, cause), trade(T + 5 * MS, 99.0))[1] == "quote"


def test_reference_and_limits_go_into_the_output():
    (out,) = judge(instrument(T, reference=100.0, ceiling=107.0, floor=93.0), trade(T + MS, 100.0))
    assert (out.reference, out.ceiling, out.floor) == (100.0, 107.0, 93.0)


def test_every_stated_confidence_is_a_better_guess_than_a_coin():
    assert all(0.5 < value < 1 for value in CONFIDENCE.values())
