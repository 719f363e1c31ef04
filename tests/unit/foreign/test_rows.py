"""Rows of foreign flow, by hand."""

from typing import Any

import msgspec
import pytest

from tests.unit.board.support import HPG, SECOND, T0, clock, day, foreign, instrument, status, trade
from tests.unit.foreign.support import OPEN, Flow, opened, totals

MINUTE = 60 * SECOND


def test_a_row_has_the_days_totals_and_what_they_grew_by() -> None:
    flow = opened()
    flow.take(trade(OPEN + 2, 20_000.0, 500, 500))
    row = flow.row(totals(OPEN + 3, 300, 100, current_room=9_000, total_room=10_000))
    assert (row.net_volume, row.net_value, row.delta_volume, row.delta_value) == (
        200, 4_000_000, 200, 4_000_000,
    )  # fmt: skip
    assert (row.seq, row.ts_ms, row.day) == (OPEN + SECOND, (OPEN + SECOND) // 1000, "2026-07-20")
    assert (row.price, row.total_volume, row.room, row.total_room) == (20_000.0, 500, 9_000, 10_000)
    assert row.share == 400 / 1000, "each of 500 shares is bought once and sold once"
    row = flow.row(totals(OPEN + SECOND + 1, 300, 350))
    assert (row.net_volume, row.delta_volume, row.delta_value) == (-50, -250, -5_000_000)


def test_speed_is_net_a_minute_and_null_until_the_window_is_full() -> None:
    flow = opened()
    row = flow.row(totals(OPEN + 2, 600, 0))
    assert (row.speed_volume_1m, row.speed_volume_5m, row.speed_volume_15m) == (None, None, None)
    row = flow.row(totals(OPEN + MINUTE - SECOND + 1, 900, 0))
    assert row.speed_volume_1m == 900, "60 s of trading time have passed, all of them seen"
    assert (row.speed_value_1m, row.acceleration_volume_1m) == (18_000_000, None)
    row = flow.row(totals(OPEN + 2 * MINUTE - SECOND + 1, 2_400, 0))
    assert (row.speed_volume_1m, row.acceleration_volume_1m) == (1_500, 600)
    row = flow.row(totals(OPEN + 5 * MINUTE - SECOND + 1, 2_500, 0))
    assert (row.speed_volume_1m, row.speed_volume_5m, row.speed_volume_15m) == (100, 500, None)


def test_before_the_full_window_of_a_late_start_speeds_are_null() -> None:
    """The whole day's totals are no flow of the first minute."""
    flow = Flow(status(OPEN + 1, "continuous"), instrument(OPEN + 2))
    row = flow.row(totals(OPEN + 3, 1_000_000, 0))
    assert (row.net_volume, row.delta_volume) == (1_000_000, None)
    row = flow.row(totals(OPEN + SECOND + 3, 1_000_100, 0))
    assert (row.delta_volume, row.speed_volume_1m) == (100, None)
    row = flow.row(totals(OPEN + MINUTE + 3, 1_000_160, 0))
    assert row.speed_volume_1m == 160


def test_the_break_is_no_trading_time() -> None:
    flow = opened()
    flow.take(totals(OPEN + 2, 100, 0), clock(OPEN + 2))
    flow.take(status(OPEN + 30 * SECOND, "break"))
    flow.take(status(OPEN + 5430 * SECOND, "continuous"))
    row = flow.row(totals(OPEN + 5459 * SECOND + 1, 700, 0))
    assert row.speed_volume_1m == 700, "30 s before the break and 30 s after it"


def test_what_is_told_in_the_break_counts_with_the_first_second_after_it() -> None:
    flow = opened()
    flow.take(status(OPEN + 300 * SECOND, "break"))
    row = flow.row(totals(OPEN + 400 * SECOND + 1, 500, 0))
    assert (row.delta_volume, row.speed_volume_1m) == (500, 0)
    flow.take(status(OPEN + 500 * SECOND, "continuous"))
    row = flow.row(totals(OPEN + 500 * SECOND + 1, 560, 0))
    assert row.speed_volume_1m == 560


def test_speed_falls_back_to_zero_every_five_seconds_while_nothing_comes() -> None:
    flow = opened()
    flow.take(totals(OPEN + 2, 600, 0), clock(OPEN + 2))
    rows = flow.take(*(clock(OPEN + n * SECOND) for n in range(1, 1200)))
    assert [row.speed_volume_1m for row in rows][-1] == 0
    seconds = [(row.seq - OPEN) // SECOND for row in rows]
    # A row comes when one of the windows became full or let the buying go.
    assert seconds == [60, 65, 120, 125, 300, 305, 360, 365, 900, 905, 960, 965]
    assert {row.delta_volume for row in rows} == {0}


def test_share_and_price_change_of_a_window() -> None:
    flow = opened()
    flow.take(trade(OPEN + 2, 20_000.0, 1_000, 1_000), totals(OPEN + 3, 100, 0), clock(OPEN + 3))
    at = OPEN + MINUTE
    flow.take(trade(at + 2, 20_150.0, 400, 1_400))
    row = flow.row(totals(at + 3, 300, 100))
    assert row.share_1m == 300 / 800
    assert row.price_change_1m == 150
    assert (row.share_5m, row.price_change_5m) == (None, None)


def test_correlation_is_plus_one_when_price_follows_and_minus_one_when_it_opposes() -> None:
    for sign in (1, -1):
        flow = opened()
        for n in range(70):
            at = OPEN + n * SECOND
            flow.take(trade(at + 2, 20_000.0 + sign * 10 * n, 100, 100 * (n + 1)))
            row = flow.row(totals(at + 3, 50 * n, 0))
        assert row.correlation_1m == pytest.approx(sign, abs=1e-12)
        assert row.correlation_5m is None


def test_correlation_is_null_when_the_price_does_not_move() -> None:
    flow = opened()
    flow.take(trade(OPEN + 2, 20_000.0, 100, 100))
    for n in range(70):
        row = flow.row(totals(OPEN + n * SECOND + 3, 50 * n + 50, 0))
    assert (row.correlation_1m, row.speed_volume_1m) == (None, 3_000)


def test_room_alone_makes_a_row_and_is_no_flow() -> None:
    flow = opened()
    flow.take(totals(OPEN + 2, 100, 0, current_room=500), clock(OPEN + 2))
    row = flow.row(totals(OPEN + SECOND + 2, 100, 0, current_room=400))
    assert (row.room, row.delta_volume, row.net_volume) == (400, 0, 100)
    assert flow.take(totals(OPEN + 2 * SECOND + 2, 100, 0), clock(OPEN + 2 * SECOND)) == []


def test_values_at_the_vendors_last_price_are_summed_and_do_not_move_with_the_price() -> None:
    """HOSE's BuyVal is BuyVol x LastPrice: a rise of the price alone is no buying."""
    flow = opened()
    hose: dict[str, Any] = {"value_basis": "price_times_volume", "sell_value": 0.0}
    flow.take(totals(OPEN + 2, 1_000, 0, buy_value=20e6, **hose), clock(OPEN + 2))
    row = flow.row(totals(OPEN + SECOND + 2, 1_100, 0, buy_value=1_100 * 21_000.0, **hose))
    assert (row.buy_value, row.delta_value) == (20_000_000 + 2_100_000, 2_100_000)
    assert row.value_basis == "price_times_volume"


def test_values_that_the_vendor_does_not_give_are_null_and_volumes_go_on() -> None:
    flow = opened()
    row = flow.row(totals(OPEN + 2, 100, 0, buy_value=None, sell_value=None))
    assert (row.net_volume, row.buy_value, row.net_value, row.delta_value) == (
        100,
        None,
        None,
        None,
    )


def test_a_message_of_room_only_leaves_volumes_null() -> None:
    row = opened().row(foreign(OPEN + 2, current_room=7))
    assert (row.room, row.buy_volume, row.net_volume, row.delta_volume) == (7, None, None, None)


def test_odd_lots_and_put_through_change_neither_price_nor_volume() -> None:
    flow = opened()
    flow.take(trade(OPEN + 2, 20_000.0, 100, 100), day(OPEN + 3, total_volume=150))
    flow.take(trade(OPEN + 4, 1.0, 7, 7, board="odd_lot"))
    row = flow.row(totals(OPEN + 5, 10, 0))
    assert (row.price, row.total_volume) == (20_000.0, 150)


def test_a_future_has_rows_when_a_feed_tells_its_foreign_trading() -> None:
    flow = Flow(
        status(T0 - 899 * SECOND, "ato", "DERIVATIVES"),
        instrument(T0 - 898 * SECOND, "41I1G8000", exchange="DERIVATIVES", kind="future"),
        status(T0 + 1, "continuous", "DERIVATIVES"),
    )
    future: dict[str, Any] = {"symbol": "41I1G8000"}
    flow.take(trade(T0 + 2, 1788.5, 20, 20, **future))
    row = flow.row(totals(T0 + 3, 12, 4, **future))
    assert (row.symbol, row.net_volume, row.price, row.share) == ("41I1G8000", 8, 1788.5, 16 / 40)


def test_crypto_has_no_foreigners() -> None:
    flow = Flow()
    assert flow.take(totals(OPEN + 2, 1, 0, "BTCUSDT.BN"), clock(OPEN + 2, "BN")) == []


def test_at_most_one_row_a_second_and_nothing_when_nothing_changed() -> None:
    flow = opened()
    rows = flow.take(
        totals(OPEN + 2, 10, 0), totals(OPEN + 3, 20, 0), totals(OPEN + 4, 20, 5), clock(OPEN + 4)
    )
    assert [(row.symbol, row.net_volume, row.part) for row in rows] == [(HPG, 15, 0)]
    again = totals(OPEN + SECOND + 4, 20, 5)
    assert flow.take(again, clock(again.seq), clock(again.seq + SECOND)) == []
    late = msgspec.structs.replace(
        totals(OPEN + 2 * SECOND + 4, 20, 3), ts_ms=OPEN // 1000 - 60_000
    )
    assert flow.take(late, clock(late.seq)) == [], "older totals are late, not a reset"
