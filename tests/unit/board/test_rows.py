"""What each kind of message makes of a row, and when there is one."""

import msgspec
import pytest

from schemas.market import BookDelta, Index
from tests.unit.board.support import (
    HPG,
    SECOND,
    T0,
    Board,
    auction,
    clock,
    day,
    foreign,
    head,
    instrument,
    interest,
    quote,
    status,
    trade,
)

BIDS = [(30500.0, 300), (30450.0, 200), (30400.0, 100), (30350.0, 50)]
ASKS = [(30550.0, 10), (30600.0, 20), (30650.0, 30), (30700.0, 40)]


@pytest.fixture
def board() -> Board:
    """A board that has the day's image and nothing else."""
    board = Board()
    board.take(instrument(T0 + 1))
    return board


def test_before_the_first_trade_prices_of_the_day_stand_and_the_rest_is_null(board: Board) -> None:
    row = board.row(instrument(T0 + 2, trading_status="N"))
    known = {k: v for k, v in msgspec.to_builtins(row).items() if v is not None}
    assert known == {
        "type": "board",
        "symbol": HPG,
        "feed": "ssi",
        "seq": T0 + SECOND,
        "ts_ms": T0 // 1000 + 1000,
        "part": 0,
        "venue": "VN",
        "day": "2026-07-20",
        "exchange": "HOSE",
        "kind": "stock",
        "trading_status": "N",
        "reference": 30350.0,
        "ceiling": 32450.0,
        "floor": 28250.0,
    }


def test_a_trade_gives_last_change_and_totals(board: Board) -> None:
    row = board.row(trade(T0 + 2, 30550.0, 19400, 668900, total_value=20_434_895_000.0))
    assert (row.last, row.last_volume, row.last_ts_ms) == (30550.0, 19400, T0 // 1000)
    assert (row.change, row.change_percent) == (200.0, 0.659)
    assert (row.total_volume, row.total_value, row.average) == (668900, 20_434_895_000.0, 30550.0)


def test_open_high_and_low_of_a_late_start_are_unknown_until_the_vendor_says_them(
    board: Board,
) -> None:
    row = board.row(trade(T0 + 2, 30550.0, 100, 668900))
    assert (row.open, row.high, row.low) == (None, None, None)
    row = board.row(day(T0 + SECOND + 2, open=30500.0, high=30600.0, low=30450.0))
    assert (row.open, row.high, row.low) == (30500.0, 30600.0, 30450.0)


def test_prints_from_the_first_of_the_day_on_give_open_high_and_low(board: Board) -> None:
    row = board.row(
        trade(T0 + 2, 30500.0, 100, 100),
        trade(T0 + 3, 30600.0, 100, 200),
        trade(T0 + 4, 30450.0, 100, 300),
    )
    assert (row.open, row.high, row.low) == (30500.0, 30600.0, 30450.0)


def test_the_newest_of_day_and_trade_gives_the_totals(board: Board) -> None:
    early = day(T0 + 2, total_volume=500, total_value=15_000_000.0, high=30500.0)
    assert board.row(early, trade(T0 + 3, 30500.0, 100, 600)).total_volume == 600
    late = day(T0 + SECOND + 3, total_volume=900, total_value=27_000_000.0)
    row = board.row(trade(T0 + SECOND + 2, 30500.0, 100, 700), late)
    assert (row.total_volume, row.average) == (900, 30_000.0)


def test_a_total_volume_without_its_value_makes_no_average(board: Board) -> None:
    board.row(trade(T0 + 2, 30500.0, 100, 600))
    row = board.row(trade(T0 + SECOND + 2, 30500.0, 100, 700, total_value=None))
    assert (row.total_volume, row.total_value, row.average) == (700, None, None)


def test_a_trade_whose_vendor_has_no_totals_leaves_them(board: Board) -> None:
    row = board.row(trade(T0 + 2, 30500.0, 100))
    assert (row.last, row.total_volume, row.total_value, row.average) == (30500.0, None, None, None)


def test_a_future_s_average_and_change_are_in_points() -> None:
    board = Board()
    image = {"exchange": "DERIVATIVES", "kind": "future", "multiplier": 100_000.0}
    at = {"reference": 1700.1, "symbol": "41I1G8000"}
    board.take(instrument(T0 + 1, **{**image, **at}))
    last = trade(T0 + 2, 1719.5, 1, 1000, total_value=171_900_000_000.0, symbol="41I1G8000")
    row = board.row(last)
    assert (row.average, row.change, row.change_percent) == (1719.0, 19.4, 1.1411)
    assert board.row(interest(T0 + SECOND + 2, 45120, "41I1G8000")).open_interest == 45120


@pytest.mark.parametrize("multiplier", [{"multiplier": 100.0, "inverse": True}, None])
def test_where_the_multiplier_says_nothing_there_is_no_average(multiplier: dict | None) -> None:
    """An inverse contract; a symbol without an instrument."""
    board = Board()
    if multiplier:
        board.take(instrument(T0 + 1, **multiplier))
    assert board.row(trade(T0 + 2, 30500.0, 100, 600)).average is None


def test_a_row_has_three_levels_a_side_and_the_auction_s_queues(board: Board) -> None:
    row = board.row(quote(T0 + 2, BIDS, ASKS, auction_bid_volume=14000))
    assert (row.bids, row.asks) == (BIDS[:3], ASKS[:3])
    assert (row.auction_bid_volume, row.auction_ask_volume) == (14000, None)
    assert board.row(quote(T0 + SECOND + 2, BIDS, ASKS)).auction_bid_volume is None


def test_at_the_ceiling_the_empty_side_is_empty_and_not_unknown(board: Board) -> None:
    row = board.row(quote(T0 + 2, [(32450.0, 5_000_000)], []), trade(T0 + 3, 32450.0, 100, 100))
    assert (row.asks, row.last, row.ceiling) == ([], 32450.0, 32450.0)
    assert row.change_percent == 6.9193


def test_other_boards_change_neither_book_nor_last_nor_totals(board: Board) -> None:
    before = board.row(quote(T0 + 2, BIDS, ASKS), trade(T0 + 3, 30550.0, 100, 600))
    at = T0 + SECOND
    after = board.row(
        quote(at + 2, [(1.0, 1)], [(2.0, 1)], board="odd_lot"),
        quote(at + 3, [(1.0, 1)], [(2.0, 1)], board="put_through"),
        trade(at + 4, 30000.0, 37, board="odd_lot"),
        trade(at + 5, 29000.0, 1_500_000, 1_500_000, board="put_through"),
        day(at + 6, odd_lot_volume=15234),
    )
    changed = {"put_through_volume": 1_500_000, "odd_lot_volume": 15234}
    changed |= {"seq": after.seq, "ts_ms": after.ts_ms}
    assert after == msgspec.structs.replace(before, **changed)


def test_book_deltas_are_no_book(board: Board) -> None:
    board.row(quote(T0 + 2, BIDS, ASKS))
    delta = BookDelta(**head(T0 + SECOND + 2), bids=[(1.0, 1)], asks=[], first_id=1, last_id=1)
    assert board.rows(delta, clock(T0 + SECOND + 2)) == []


def test_foreign_trading_and_the_room_left(board: Board) -> None:
    row = board.row(
        foreign(T0 + 2, current_room=5000, buy_volume=300, sell_volume=100, buy_value=9e6),
        foreign(T0 + 3, buy_volume=400, sell_volume=100),
    )
    assert (row.foreign_buy_volume, row.foreign_sell_volume, row.foreign_room) == (400, 100, 5000)
    assert row.foreign_buy_value is None, "the value of another moment than the volume's"


def test_an_expected_price_is_shown_only_in_its_auction(board: Board) -> None:
    early = auction(T0 + 2, "ato", 30550.0, 668900)
    assert board.row(early).expected_price is None, "the auction is not on yet"
    row = board.row(status(T0 + SECOND + 1, "ato"))
    assert (row.phase, row.expected_price, row.expected_volume) == ("ato", 30550.0, 668900)
    row = board.row(status(T0 + 2 * SECOND + 1, "continuous"))
    assert (row.expected_price, row.expected_volume) == (None, None)
    row = board.row(status(T0 + 3 * SECOND + 1, "atc"))
    assert row.expected_price is None, "the estimate of the morning"
    assert board.row(auction(T0 + 4 * SECOND + 1, "atc", 30600.0)).expected_price == 30600.0


def test_there_is_one_row_a_second_and_only_when_it_says_something_new(board: Board) -> None:
    board.take(clock(T0 + 1))
    at = T0 + SECOND
    assert board.rows(quote(at + 2, BIDS, ASKS), trade(at + 3, 30550.0, 100, 600)) == []
    assert [r.seq for r in board.rows(clock(at))] == [at + SECOND]
    assert board.rows(clock(at + SECOND)) == []
    back = [quote(at + 2 * SECOND + 1, ASKS, BIDS), quote(at + 2 * SECOND + 2, BIDS, ASKS)]
    assert board.rows(*back, clock(at + 2 * SECOND)) == [], "it is what it was"


def test_only_the_clock_of_its_venue_closes_a_row() -> None:
    board = Board()
    coin = instrument(T0 + 1, "BTCUSDT.BN", exchange="BINANCE", kind="crypto")
    board.take(coin, instrument(T0 + 1))
    assert [r.symbol for r in board.rows(clock(T0, "BN"))] == ["BTCUSDT.BN"]
    assert [r.symbol for r in board.rows(clock(T0, "VN"))] == [HPG]


def test_an_index_has_no_row() -> None:
    board = Board()
    board.take(
        instrument(T0 + 1, "VN30", kind="index"), Index(**head(T0 + 2, "VNINDEX"), value=1.0)
    )
    board.take(trade(T0 + 3, 1.0, 5, symbol="VNINDEX"))
    assert board.rows(clock(T0 + 3)) == []
