"""Scripted Vietnamese days: the price board at chosen moments, against figures by hand."""

from functools import cache
from typing import Any

import pytest

from schemas.board import BoardRow
from schemas.market import Index, Instrument, Status
from services.board.app import SERVICE
from tests.support import vn_day_scripts as scripts
from tests.support.vn_day_run import Outputs, decoded, local_ms, local_us, market, raws, tape

WHOLE, HALTED = "2026-07-20", "2026-07-21"
END = "23:59:59"


@cache
def rows(name: str) -> tuple[BoardRow, ...]:
    return tuple(Outputs(SERVICE, tape(name)).of(BoardRow))


def board(name: str, date: str, time: str) -> dict[str, BoardRow]:
    """Symbol -> its row as it stands when the clock of a local time has come."""
    end = local_us(time, date)
    return {row.symbol: row for row in rows(name) if row.seq <= end}


@pytest.mark.parametrize(
    ("time", "symbol", "expected"),
    [
        # Futures are in their opening auction while stocks wait.
        ("08:50:00", "41I1G8000", {"phase": "ato", "expected_price": 1788.0, "last": None,
                                   "reference": 1790.0, "ceiling": 1915.3, "floor": 1664.7,
                                   "bids": [(1787.8, 12)], "asks": [(1788.2, 9)]}),
        ("08:50:00", "HPG", {"phase": "pre_open", "expected_price": None, "last": None,
                             "total_volume": None, "reference": 21850.0, "ceiling": 23350.0,
                             "floor": 20350.0, "change": None}),
        ("09:05:00", "HPG", {"phase": "ato", "expected_price": 21700.0, "last": None}),
        ("09:05:00", "SHS", {"phase": "continuous", "last": 15000.0, "change": 0.0,
                             "total_volume": 1000, "total_value": 15_000_000.0}),
        ("09:05:00", "VGI", {"phase": "continuous", "last": 60000.0, "total_volume": 100}),
        # (50 x 1788 + 20 x 1788.5) x 100,000; over 70 contracts 125,170 / 70 points
        ("09:05:00", "41I1G8000", {"phase": "continuous", "expected_price": None, "last": 1788.5,
                                   "last_volume": 20, "change": -1.5, "change_percent": -0.0838,
                                   "total_volume": 70, "total_value": 12_517_000_000.0,
                                   "open": 1788.0, "high": 1788.5, "low": 1788.0,
                                   "average": 125_170 / 70, "bids": [(1788.0, 5)]}),
        # 10,000 + 1000 + 500 + 600 x 100 + 2000 + 400; 217,500,000 + 21,800,000 + 10,875,000
        # + 1,308,000,000 + 43,600,000 + 8,720,000; -50 of 21,850. Foreigners: 10,000 at 21,750.
        ("10:30:00", "HPG", {"phase": "continuous", "last": 21800.0, "last_volume": 400,
                             "change": -50.0, "change_percent": -0.2288, "total_volume": 73_900,
                             "total_value": 1_610_495_000.0, "open": 21750.0, "high": 21800.0,
                             "low": 21750.0, "expected_price": None, "bids": [(21750, 700)],
                             "asks": [(21800, 900)], "foreign_buy_volume": 10_000,
                             "foreign_sell_volume": 0, "foreign_buy_value": 217_500_000.0,
                             "foreign_room": 499_990_000, "odd_lot_volume": 93}),
        ("10:30:00", "SHS", {"last": 15100.0, "total_volume": 3000, "change": 100.0}),
        # + 700 + 300, the last at 11:30:00 itself
        ("11:31:00", "HPG", {"phase": "break", "last": 21800.0, "total_volume": 74_900,
                             "high": 21850.0, "last_ts_ms": local_ms("11:30:00", WHOLE),
                             "bids": [(21800, 1200)], "asks": [(21850, 3300)]}),
        ("11:31:00", "41I1G8000", {"phase": "break", "last": 1786.0, "total_volume": 100,
                                   "open_interest": 56_000, "low": 1786.0}),
        ("13:00:05", "HPG", {"phase": "continuous", "last": 21850.0, "total_volume": 75_300}),
        # UPCoM trades on while the others are in their closing auction.
        ("14:36:00", "VGI", {"phase": "continuous", "last": 60500.0, "total_volume": 600,
                             "change": 500.0, "change_percent": 0.8333}),
        ("14:36:00", "HPG", {"phase": "atc", "last": 21850.0, "total_volume": 137_500}),
        ("14:46:00", "HPG", {"phase": "closed", "last": 21900.0, "total_volume": 144_000,
                             "change": 50.0}),
        ("14:46:00", "SHS", {"phase": "plo", "last": 15000.0, "total_volume": 8800}),
        ("14:51:00", "SHS", {"phase": "plo", "last": 15000.0, "total_volume": 9500,
                             "foreign_buy_volume": 400, "foreign_sell_volume": 100}),
        (END, "HPG", {"phase": "closed", "last": 21900.0, "last_volume": 2500, "change": 50.0,
                      "change_percent": 0.2288, "total_volume": 144_000,
                      "total_value": 3_142_565_000.0, "average": 3_142_565_000 / 144_000,
                      "open": 21750.0, "high": 21900.0, "low": 21750.0, "odd_lot_volume": 243,
                      "foreign_buy_volume": 25_000, "foreign_sell_volume": 12_000,
                      "foreign_buy_value": 547_500_000.0, "foreign_sell_value": 262_800_000.0,
                      "foreign_room": 499_975_000, "exchange": "HOSE", "kind": "stock"}),
        (END, "SHS", {"phase": "closed", "last": 15000.0, "total_volume": 10_000,
                      "total_value": 150_250_000.0, "high": 15100.0, "low": 15000.0}),
        (END, "VGI", {"phase": "closed", "last": 60600.0, "total_volume": 1500, "high": 61000.0}),
        # 250,150 / 140 points
        (END, "41I1G8000", {"phase": "closed", "last": 1785.0, "change": -5.0,
                            "total_volume": 140, "total_value": 25_015_000_000.0,
                            "average": 250_150 / 140, "open_interest": 57_500, "high": 1788.5,
                            "low": 1785.0}),
    ],
)  # fmt: skip
def test_a_whole_days_rows(time: str, symbol: str, expected: dict[str, Any]) -> None:
    row = board("whole_day", WHOLE, time)[symbol]
    assert {name: getattr(row, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("time", "symbol", "expected"),
    [
        ("10:16:00", "VND", {"phase": "halted", "trading_status": "H", "last": 20100.0}),
        # The afternoon does not lift a halt.
        ("13:05:00", "VND", {"phase": "halted", "total_volume": 1500}),
        ("13:31:00", "VND", {"phase": "continuous", "trading_status": "N", "last": 19900.0}),
        (END, "VND", {"total_volume": 2500, "change": -100.0, "change_percent": -0.5}),
        # 50,000 + 5 x 1000 at the ceiling; 999,000 - 4 x 1000 left to buy, nobody sells.
        ("10:00:00", "QCG", {"last": 10700.0, "ceiling": 10700.0, "change_percent": 7.0,
                             "bids": [(10700, 995_000)], "asks": [], "total_volume": 55_000}),
        ("10:01:00", "SJE", {"phase": "periodic", "last": 20500.0, "change": 500.0}),
        # 2500 at 20,500 and 1500 at 20,400
        (END, "SJE", {"total_volume": 4000, "total_value": 81_850_000.0, "last": 20400.0}),
    ],
)  # fmt: skip
def test_rows_of_halted_locked_and_periodic_stocks(
    time: str, symbol: str, expected: dict[str, Any]
) -> None:
    row = board("halted_locked_and_periodic", HALTED, time)[symbol]
    assert {name: getattr(row, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("time", "phase"), [("09:20:00", "periodic"), ("11:35:00", "break"), ("13:02:00", "periodic")]
)
def test_a_stock_in_call_auctions_stays_in_them_when_its_exchange_goes_on(
    time: str, phase: str
) -> None:
    assert board("halted_locked_and_periodic", HALTED, time)["SJE"].phase == phase


def test_what_is_missing_or_late_leaves_true_totals() -> None:
    """The vendor's total after a hole; nothing of the day before."""
    flawed = board("flawed", "2026-07-22", END)["HPG"]
    assert (flawed.total_volume, flawed.last, flawed.low) == (2800, 21700.0, 21700.0)
    assert (flawed.foreign_buy_volume, flawed.foreign_sell_volume) == (800, 100)
    # A room that is not said is not none.
    assert flawed.foreign_room == 499_999_500
    before = board("flawed", "2026-07-22", "09:14:00")["HPG"]
    assert (before.last, before.total_volume, before.bids) == (None, None, None)
    late = board("late_start", "2026-07-23", END)["HPG"]
    # 21,750 and 21,800 are what was seen; the vendor's Highest and Lowest say the same.
    assert (late.total_volume, late.high, late.low) == (5_005_000, 21800.0, 21750.0)


def test_a_new_day_has_none_of_the_old_ones_figures() -> None:
    friday = board("day_roll", "2026-08-28", END)["HPG"]
    assert (friday.day, friday.total_volume, friday.foreign_buy_volume) == (
        "2026-08-28",
        13_000,
        300,
    )
    morning = board("day_roll", "2026-09-03", "09:02:00")["HPG"]
    assert (morning.day, morning.phase) == ("2026-09-03", "ato")
    assert (morning.last, morning.total_volume, morning.foreign_buy_volume) == (None, None, None)
    holiday = board("day_roll", "2026-08-31", END)["HPG"]
    assert holiday.phase == "closed"
    thursday = board("day_roll", "2026-09-03", END)["HPG"]
    # 3000 at 22,000 and 400 at 21,950
    assert (thursday.total_volume, thursday.total_value) == (3400, 74_780_000.0)


def test_odd_lots_change_nothing_on_the_board_but_their_own_column() -> None:
    """The day without OL: the same rows, but for `odd_lot_volume`."""
    without = market(decoded(raws(scripts.whole_day().without("OL"))))
    fields = [name for name in BoardRow.__struct_fields__ if name != "odd_lot_volume"]

    def shown(messages: Any) -> dict[tuple[str, int], list[Any]]:
        rows = Outputs(SERVICE, messages).of(BoardRow)
        return {(row.symbol, row.seq): [getattr(row, name) for name in fields] for row in rows}

    with_, plain = shown(tape("whole_day")), shown(without)
    extra = with_.keys() - plain.keys()
    assert plain == {place: row for place, row in with_.items() if place not in extra}
    # The seconds in which nothing but an odd lot came.
    assert {symbol for symbol, _ in extra} <= {"HPG"}
    assert len(extra) <= 2


def test_instruments_phases_and_index_values_come_as_they_are() -> None:
    found = Outputs(SERVICE, tape("whole_day"))
    assert {m.symbol for m in found.of(Instrument)} == {"HPG", "SHS", "VGI", "41I1G8000"}
    indices = found.of(Index)
    assert len(indices) == 2 * (810 + 630) + 3
    assert {m.symbol: m.value for m in indices} == {"VNINDEX": 1784.0, "VN30": 1906.5}
    hose = [m.phase for m in found.of(Status) if m.exchange == "HOSE" and m.symbol == "*"]
    # In each of the 12 partitions: the image, six changes and the closing.
    assert hose.count("atc") == 12
    assert [p for p, before in zip(hose, [None, *hose], strict=False) if p != before][:8] == [
        "pre_open", "ato", "continuous", "break", "continuous", "atc", "put_through", "closed"
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["whole_day", "day_roll"])
def test_a_symbol_has_at_most_one_row_a_second_and_each_differs_from_the_last(name: str) -> None:
    last: dict[str, BoardRow] = {}
    for row in rows(name):
        before = last.get(row.symbol)
        assert row.seq % 1_000_000 == 0
        if before is not None:
            assert row.seq >= before.seq + 1_000_000
        last[row.symbol] = row
    assert all(row.seq <= local_us(END, "2026-09-03") for row in last.values())
