"""Totals that go back, messages that were lost, days that end."""

import pytest

from schemas.market import MarketMessage
from tests.unit.board.support import DAY, HPG, SECOND, T0, clock, instrument, status, trade
from tests.unit.foreign.support import OPEN, Flow, gap, opened, totals

MINUTE = 60 * SECOND


def test_totals_that_go_back_are_believed_and_are_no_flow_neither_there_nor_back() -> None:
    flow = opened()
    flow.take(totals(OPEN + 2, 1_000, 0), clock(OPEN + 2))
    row = flow.row(totals(OPEN + MINUTE + 2, 200, 0))
    assert (row.net_volume, row.delta_volume, row.resets, row.speed_volume_1m) == (
        200,
        None,
        1,
        None,
    )
    row = flow.row(totals(OPEN + MINUTE + SECOND + 2, 250, 0))
    assert (row.net_volume, row.delta_volume) == (250, 50)
    row = flow.row(totals(OPEN + MINUTE + 2 * SECOND + 2, 1_010, 0))
    assert (row.net_volume, row.delta_volume, row.resets) == (1_010, None, 1)
    row = flow.row(totals(OPEN + 3 * MINUTE, 1_060, 0))
    assert (row.delta_volume, row.speed_volume_1m) == (50, 50)


@pytest.mark.parametrize("cause", ["disconnect", "restart", "source_change", "spool_full"])
def test_after_a_loss_windows_begin_anew_and_deltas_still_add_up_to_the_net(cause: str) -> None:
    flow = opened()
    flow.take(totals(OPEN + 2, 1_000, 0), clock(OPEN + 2))
    before = flow.row(totals(OPEN + 2 * MINUTE, 1_100, 0))
    assert before.speed_volume_1m == 100
    row = flow.row(gap(OPEN + 2 * MINUTE + SECOND + 1, cause))
    assert (row.net_volume, row.speed_volume_1m) == (1_100, None)
    row = flow.row(totals(OPEN + 3 * MINUTE, 9_000, 0))
    assert (row.delta_volume, row.speed_volume_1m) == (7_900, None)
    row = flow.row(totals(OPEN + 4 * MINUTE, 9_060, 0))
    assert (row.delta_volume, row.speed_volume_1m) == (60, 60), "7,900 came while nobody looked"


def test_a_hole_among_the_trades_says_nothing_of_foreigners() -> None:
    flow = opened()
    flow.take(totals(OPEN + 2, 1_000, 0), clock(OPEN + 2))
    flow.take(gap(OPEN + SECOND + 1, "volume_chain", HPG))
    row = flow.row(totals(OPEN + MINUTE - SECOND + 1, 1_100, 0))
    assert row.speed_volume_1m == 1_100


def test_a_loss_of_one_symbol_leaves_the_others() -> None:
    flow = opened()
    flow.take(instrument(OPEN + 2, "SSI"))
    flow.take(totals(OPEN + 3, 5, 0), totals(OPEN + 4, 7, 0, "SSI"), clock(OPEN + 4))
    flow.take(gap(OPEN + SECOND + 1, "disconnect", HPG))
    at = OPEN + MINUTE - SECOND + 1
    rows = flow.take(totals(at, 9, 0), totals(at + 1, 8, 0, "SSI"), clock(at))
    assert [(r.symbol, r.speed_volume_1m) for r in rows] == [(HPG, None), ("SSI", 8)]


def test_a_new_day_begins_with_nothing() -> None:
    flow = opened()
    flow.take(trade(OPEN + 2, 20_000.0, 100, 100), totals(OPEN + 3, 1_000, 0), clock(OPEN + 3))
    flow.take(status(OPEN + 20_700 * SECOND, "closed"))
    assert flow.take(status(T0 + DAY - SECOND + 1, "pre_open")) == []
    flow.take(status(OPEN + DAY + 1, "continuous"))
    row = flow.row(totals(OPEN + DAY + 2, 30, 10))
    assert (row.day, row.net_volume, row.delta_volume) == ("2026-07-21", 20, 20)
    assert (row.price, row.total_volume, row.resets, row.share) == (None, 0, 0, None)


def test_what_no_clock_closed_comes_before_the_next_day() -> None:
    flow = opened()
    flow.take(totals(OPEN + 2, 1_000, 0))
    (row,) = flow.take(status(T0 + DAY + 1, "ato"))
    assert (row.day, row.net_volume, row.seq) == ("2026-07-20", 1_000, T0 + DAY + 1)


def test_a_day_that_begins_in_the_opening_auction_is_known_whole() -> None:
    flow = Flow(status(T0 + 1, "ato"), instrument(T0 + 2))
    row = flow.row(totals(T0 + MINUTE, 60, 0))
    assert (row.delta_volume, row.speed_volume_1m) == (60, 60)


def test_a_symbol_without_an_instrument_has_totals_and_no_windows_until_one_comes() -> None:
    flow = Flow(status(T0 + 1, "ato"))
    row = flow.row(totals(T0 + MINUTE, 60, 0))
    assert (row.exchange, row.net_volume, row.speed_volume_1m) == (None, 60, None)
    flow.take(instrument(T0 + MINUTE + 2 * SECOND + 1))
    flow.take(totals(T0 + 2 * MINUTE, 70, 0), clock(T0 + 2 * MINUTE))
    row = flow.row(totals(T0 + 3 * MINUTE + 1, 75, 0))
    assert (row.exchange, row.delta_volume, row.speed_volume_1m) == ("HOSE", 5, 5)


def test_a_restart_in_the_middle_of_a_day_goes_on_as_if_nothing_was() -> None:
    plain, cut = opened(), opened()
    for n in range(400):
        at = OPEN + n * 3 * SECOND
        step: list[MarketMessage] = [
            trade(at + 2, 20_000.0 + n % 7 * 50, 100, 100 * (n + 1)),
            totals(at + 3, 40 * n, 9 * n),
        ]
        cut.restart()
        assert plain.take(*step, clock(at + 3)) == cut.take(*step, clock(at + 3))
    assert plain.state.encode() == cut.state.encode()
