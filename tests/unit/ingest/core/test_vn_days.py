"""
Scripted Vietnamese days through the engine: what stands on the tape, against sums by hand.

The scripts are tests/support/vn_day_scripts.py; every expected figure was worked out from them
on paper, and its arithmetic stands beside it.
"""

from collections import Counter

import pytest

from schemas.market import (
    Auction,
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
from tests.support import vn_day_scripts as scripts
from tests.support.vn_day_run import day, decoded, local_ms, market, of, raws, tape, without_clocks
from tests.unit.ingest.core.support import codes, drops

MONDAY, TUESDAY, WEDNESDAY, THURSDAY = (f"2026-07-{day}" for day in (20, 21, 22, 23))


def by_phase(trades: list[Trade]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for trade in trades:
        sums[trade.phase] += trade.volume  # type: ignore[assignment]
    return dict(sums)


@pytest.mark.parametrize(
    ("symbol", "prints", "phases", "value"),
    [
        # ato 5000 + 3000 + 2000. continuous: bought 1000 + 600 x 100 + 2000 + 700 + 400 + 1500
        # = 65,600, sold 500 + 300 + 300 x 200 + 600 + 100 = 61,500, not said 400. atc 4000 + 2500.
        # Value: 10,000 x 21,750 = 217,500,000; bought 63,000 x 21,800 + 1100 x 21,850
        # + 1500 x 21,900 = 1,430,285,000; not said 400 x 21,800 = 8,720,000; sold 500 x 21,750
        # + 300 x 21,800 + 60,700 x 21,850 = 1,343,710,000; atc 6500 x 21,900 = 142,350,000.
        ("HPG", 915, {"ato": 10_000, "continuous": 127_500, "atc": 6500}, 3_142_565_000),
        # 1000 + 2000 + 1500 + 500 + 800; atc 3000; plo 700 + 300 + 200, 15:00:00 included.
        # 15,000 x (1000 + 1500 + 800 + 3000 + 1200) + 15,100 x 2500 = 112,500,000 + 37,750,000
        ("SHS", 9, {"continuous": 5800, "atc": 3000, "plo": 1200}, 150_250_000),
        # UPCoM has no auction: 14:35 and 14:59:58 are continuous, and so is 15:00:00 itself.
        # 100 x 60,000 + 200 x 61,000 + 300 x 60,500 + 900 x 60,600
        ("VGI", 5, {"continuous": 1500}, 90_890_000),
        # (50 x 1788 + 20 x 1788.5 + 30 x 1786 + 40 x 1785) x 100,000 = 250,150 x 100,000
        ("41I1G8000", 4, {"ato": 50, "continuous": 50, "atc": 40}, 25_015_000_000),
    ],
)
def test_every_print_is_there_once_in_its_phase(
    symbol: str, prints: int, phases: dict[str, int], value: float
) -> None:
    trades = of(Trade, tape("whole_day"), symbol)
    assert len(trades) == prints
    assert by_phase(trades) == phases
    last = trades[-1]
    assert last.total_volume == sum(phases.values())
    assert last.total_value == value


def test_no_hole_is_seen_in_a_whole_day_and_only_other_channels_are_left_out() -> None:
    """X-TRADE, B and L# of one stock at once count its volume once."""
    done = day("whole_day")
    assert of(Gap, market(done)) == []
    assert codes(done) == []
    # B: 3 in the ATO, 909 after (606 - 1 and 304 with a flag); L#: those 909.
    assert Counter(drops(done)) == {"not_primary": 3 + 909 + 909}


def test_the_closing_prints_that_say_c_and_sd_are_of_the_atc() -> None:
    prints = [m for m in of(Trade, tape("whole_day")) if m.ts_ms == local_ms("14:45:00", MONDAY)]
    assert [(m.symbol, m.phase, m.vendor_side) for m in prints] == [
        ("HPG", "atc", "sell"),
        ("HPG", "atc", "sell"),
        ("SHS", "atc", "sell"),
        ("41I1G8000", "atc", None),
    ]


def test_prints_of_the_boundary_seconds_belong_to_what_ended() -> None:
    at = {
        (m.symbol, m.ts_ms): m.phase
        for m in of(Trade, tape("whole_day"))
        if m.ts_ms % 60_000 == 0
    }  # fmt: skip
    boundaries = [
        ("41I1G8000", "09:00:00", "ato"),
        ("HPG", "09:15:00", "ato"),
        ("HPG", "11:30:00", "continuous"),
        ("VGI", "11:30:00", "continuous"),
        ("HPG", "13:00:00", "continuous"),
        ("HPG", "14:30:00", "continuous"),
        ("SHS", "15:00:00", "plo"),
        ("VGI", "15:00:00", "continuous"),
    ]
    for symbol, time, phase in boundaries:
        assert at[symbol, local_ms(time, MONDAY)] == phase, (symbol, time)


def test_auctions_tell_what_they_expect_and_no_trade() -> None:
    told = [(m.symbol, m.ts_ms, m.expected_price) for m in of(Auction, tape("whole_day"))]
    assert told == [
        ("41I1G8000", local_ms("08:46:00", MONDAY), 1788.0),
        ("HPG", local_ms("09:04:00", MONDAY), 21700.0),
        ("HPG", local_ms("09:14:30", MONDAY), 21750.0),
    ]


def test_foreign_volumes_odd_lots_and_open_interest_are_the_days_sums() -> None:
    told = tape("whole_day")
    first, last = of(Foreign, told, "HPG")
    assert (first.buy_volume, first.sell_volume) == (10_000, 0)
    assert (last.buy_volume, last.sell_volume) == (25_000, 12_000)
    # HOSE's values are volume x last price: 25,000 and 12,000 at 21,900.
    assert (last.buy_value, last.sell_value) == (547_500_000, 262_800_000)
    assert (last.value_basis, last.current_room) == ("price_times_volume", 499_975_000)
    [shs] = of(Foreign, told, "SHS")
    assert (shs.buy_value, shs.sell_value, shs.value_basis) == (6_000_000, 1_500_000, "vendor")
    odd = [m.odd_lot_volume for m in of(Day, told, "HPG") if m.odd_lot_volume is not None]
    assert odd == [93, 93 + 150]
    assert [m.value for m in of(OpenInterest, told)] == [56_000, 57_500]


def test_a_futures_average_is_in_points() -> None:
    """SSI's is VND a contract: at 10:00 (50 x 1788 + 20 x 1788.5 + 30 x 1786) / 100 = 1787.5."""
    averages = [m.average for m in of(Day, tape("whole_day"), "41I1G8000")]
    assert averages[0] == 1788.0
    assert averages[2] == pytest.approx(1787.5, abs=1e-9)


def test_index_values_come_with_their_phases_and_breadth_that_nobody_knows_is_absent() -> None:
    values = of(Index, tape("whole_day"), "VNINDEX")
    # 09:03 in the ATO; 810 in the morning, 630 in the afternoon, one after the close.
    assert len(values) == 1 + 810 + 630 + 1
    assert (values[0].phase, values[0].estimated_value) == ("ato", 1786.5)
    # 14:30:05 is the 541st of the afternoon: 90 minutes at 6 a minute are 540.
    assert Counter(m.phase for m in values) == {
        "ato": 1, "continuous": 810 + 540, "atc": 90, "closed": 1
    }  # fmt: skip
    assert (values[-1].value, values[-1].put_through_volume) == (1784.0, 50_000)
    vn30 = of(Index, tape("whole_day"), "VN30")[-1]
    assert (vn30.value, vn30.advances, vn30.floors) == (1906.5, None, None)


def test_odd_lots_change_nothing_but_their_own_volume() -> None:
    """The same day without OL: the same messages but for those that tell odd_lot_volume."""
    with_ = [m for m in tape("whole_day") if not (isinstance(m, Day) and m.odd_lot_volume)]
    without = market(decoded(raws(scripts.whole_day().without("OL"))))
    assert len(with_) == len(tape("whole_day")) - 2
    assert without == with_


def test_a_halt_lasts_until_the_exchange_lifts_it_and_a_print_after_it_is_continuous() -> None:
    told = tape("halted_locked_and_periodic")
    statuses = [(m.ts_ms, m.phase, m.trading_status) for m in of(Status, told, "VND")]
    assert statuses == [
        (local_ms("10:15:00", TUESDAY), "halted", "H"),
        (local_ms("13:30:00", TUESDAY), "continuous", "N"),
    ]
    quotes = {m.ts_ms: m.phase for m in of(Quote, told, "VND")}
    assert quotes[local_ms("10:20:00", TUESDAY)] == "halted"
    # Through the break and into the afternoon.
    assert quotes[local_ms("13:05:00", TUESDAY)] == "halted"
    assert by_phase(of(Trade, told, "VND")) == {"ato": 1000, "continuous": 1200, "atc": 300}


def test_a_book_locked_at_the_ceiling_has_no_ask_from_the_open() -> None:
    books = of(Quote, tape("halted_locked_and_periodic"), "QCG")
    assert [m.asks for m in books] == [[]] * 6
    assert [m.bids[0] for m in books[:3]] == [
        (10700, 1_000_000), (10700, 999_000), (10700, 998_000)
    ]  # fmt: skip


def test_prints_of_a_stock_in_call_auctions_are_periodic_whatever_their_flag() -> None:
    told = tape("halted_locked_and_periodic")
    assert by_phase(of(Trade, told, "SJE")) == {"periodic": 4000}


def test_messages_of_the_day_before_and_damaged_numbers_are_counted_by_reason() -> None:
    done = day("flawed")
    assert Counter(drops(done)) == {
        "stale_day": 3,  # X-TRADE, X-QUOTE and R of 21 July, received before the open
        "duplicate": 1,
        "stale": 1,
        "went_back": 1,
        "unknown_event": 1,
    }
    assert Counter(codes(done)) == {"bad_number": 1, "absurd_price": 1, "malformed": 1}


def test_missing_prints_are_gaps_with_their_bounds_volume_and_value() -> None:
    told = without_clocks(tape("flawed"))
    jump, damaged = of(Gap, told)
    assert (jump.cause, jump.missing_volume, jump.missing_value) == (
        "volume_chain", 600, 600 * 21_800
    )  # fmt: skip
    assert (jump.from_ts_ms, jump.to_ts_ms) == tuple(
        local_ms(t, WEDNESDAY) for t in ("09:16:00", "09:18:00")
    )
    # The print with a price that was no number is missing when the next one comes.
    assert (damaged.missing_volume, damaged.missing_value) == (100, 100 * 21_700)
    after = [type(m) for m in told[told.index(jump) :]]
    assert after[:2] == [Gap, Trade], "a gap stands before the print that shows it"


def test_a_flawed_days_prints_and_gaps_add_up_to_the_vendors_total() -> None:
    told = tape("flawed")
    trades, gaps = of(Trade, told, "HPG"), of(Gap, told)
    assert [m.volume for m in trades] == [1000, 300, 200, 400, 200]
    # 1000 + 300 + (600) + 200 + 400 + (100) + 200
    assert trades[-1].total_volume == 2800
    assert sum(m.volume for m in trades) + sum(m.missing_volume or 0 for m in gaps) == 2800
    assert [m.value for m in of(Index, told)] == [1780.0, 1781.0]
    assert [(m.buy_volume, m.current_room) for m in of(Foreign, told)] == [
        (500, 499_999_500), (800, None)
    ]  # fmt: skip
    [book] = of(Quote, told)
    assert (book.bids, book.asks) == ([(21700, 900)], [(21750, 140)])


def test_a_start_at_half_past_ten_says_what_was_missed_since_the_open() -> None:
    told = tape("late_start")
    [gap] = of(Gap, told)
    assert (gap.cause, gap.missing_volume) == ("late_start", 5_000_000)
    assert gap.missing_value == 5_000_000 * 21_800
    assert (gap.from_ts_ms, gap.to_ts_ms) == tuple(
        local_ms(t, THURSDAY) for t in ("09:00:00", "10:30:01")
    )
    trades = of(Trade, told)
    assert by_phase(trades) == {"continuous": 1000, "atc": 4000}
    assert trades[-1].total_volume == 5_005_000


def test_a_new_day_begins_from_nothing_after_a_weekend_and_a_holiday() -> None:
    done = day("day_roll")
    told = market(done)
    assert of(Gap, told) == []
    # Friday's last print, sent on three later days; X-TRADE before the open.
    assert Counter(drops(done)) == {"stale_day": 3, "no_volume": 1}
    totals = [(m.volume, m.total_volume) for m in of(Trade, told, "HPG")]
    assert totals == [
        (10_000, 10_000), (500, 10_500), (2500, 13_000), (3000, 3000), (400, 3400)
    ]  # fmt: skip
    assert [m.buy_volume for m in of(Foreign, told)] == [300, 50]
    assert len(of(Instrument, told)) == 4 * 2, "each of four days begins with a full image"


def test_exchanges_do_not_open_on_a_saturday_or_a_holiday() -> None:
    told = tape("day_roll")
    opened = {
        (m.ts_ms, m.phase) for m in of(Status, told) if m.exchange == "HOSE" and m.phase == "ato"
    }
    assert opened == {(local_ms("09:00:00", date), "ato") for date in ("2026-08-28", "2026-09-03")}
    holiday = [m for m in of(Index, told) if m.ts_ms == local_ms("09:30:05", "2026-08-31")]
    assert [m.phase for m in holiday] == ["closed"]
