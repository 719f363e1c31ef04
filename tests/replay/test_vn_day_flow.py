"""Scripted Vietnamese days: who was active in each phase, against sums by hand."""

from collections.abc import Sequence
from functools import cache

import pytest

from schemas.session_flow import SessionFlow
from services.classifier.app import SERVICE
from tests.support.vn_day_run import Outputs, local_us, tape

DAYS = ("whole_day", "halted_locked_and_periodic", "flawed", "late_start", "day_roll")

Sums = tuple[int, float, int]
"""Volume, value in VND, count of prints."""
NONE: Sums = (0, 0.0, 0)


@cache
def rows(name: str) -> tuple[SessionFlow, ...]:
    return tuple(Outputs(SERVICE, tape(name)).of(SessionFlow))


def newest(found: Sequence[SessionFlow], symbol: str, day: str) -> dict[str, SessionFlow]:
    """Phase -> the row that stands."""
    return {r.phase: r for r in found if (r.symbol, r.day) == (symbol, day)}


def sides(row: SessionFlow) -> tuple[Sums, Sums, Sums]:
    return (
        (row.buy_volume, row.buy_value, row.buy_count),
        (row.sell_volume, row.sell_value, row.sell_count),
        (row.neutral_volume, row.neutral_value, row.neutral_count),
    )  # type: ignore[return-value]


WHOLE = "2026-07-20"


@pytest.mark.parametrize(
    ("name", "symbol", "date", "phase", "buy", "sell", "neutral"),
    [
        # 5000 + 3000 + 2000 at 21,750
        ("whole_day", "HPG", WHOLE, "ato", NONE, NONE, (10_000, 217_500_000, 3)),
        # Bought: 63,000 at 21,800 (1000, 600 x 100, 2000), 700 + 400 at 21,850, 1500 at 21,900:
        # 1,430,285,000; and 400 at 21,800 without a flag, which met the ask: 8,720,000.
        # Sold: 500 at 21,750, 300 at 21,800, 300 x 200 + 600 + 100 at 21,850.
        ("whole_day", "HPG", WHOLE, "continuous",
         (66_000, 1_439_005_000, 606), (61_500, 1_343_710_000, 304), NONE),
        # 4000 + 2500 at 21,900, though SSI calls them sold
        ("whole_day", "HPG", WHOLE, "atc", NONE, NONE, (6500, 142_350_000, 2)),
        ("whole_day", "HPG", WHOLE, "day",
         (66_000, 1_439_005_000, 606), (61_500, 1_343_710_000, 304), (16_500, 359_850_000, 5)),
        # 1000 at 15,000, 2000 + 500 at 15,100; 1500 + 800 at 15,000
        ("whole_day", "SHS", WHOLE, "continuous",
         (3500, 52_750_000, 3), (2300, 34_500_000, 2), NONE),
        ("whole_day", "SHS", WHOLE, "atc", NONE, NONE, (3000, 45_000_000, 1)),
        # 700 bought, 300 sold, 200 not said: after the close nobody crosses a spread.
        ("whole_day", "SHS", WHOLE, "plo", NONE, NONE, (1200, 18_000_000, 3)),
        # 100 at 60,000, 200 at 61,000, 400 at 60,600; 300 at 60,500, 500 at 60,600
        ("whole_day", "VGI", WHOLE, "continuous",
         (700, 42_440_000, 3), (800, 48_450_000, 2), NONE),
        # A point is 100,000 VND: 20 at 1788.5 met the ask, 30 at 1786 the bid.
        ("whole_day", "41I1G8000", WHOLE, "continuous",
         (20, 3_577_000_000, 1), (30, 5_358_000_000, 1), NONE),
        # 50 at 1788 and 40 at 1785
        ("whole_day", "41I1G8000", WHOLE, "day",
         (20, 3_577_000_000, 1), (30, 5_358_000_000, 1), (90, 16_080_000_000, 2)),
        ("halted_locked_and_periodic", "VND", "2026-07-21", "day",
         (500, 10_050_000, 1), (700, 13_930_000, 1), (1300, 25_970_000, 2)),
        # With nobody asking at the ceiling a print there is a buyer's.
        ("halted_locked_and_periodic", "QCG", "2026-07-21", "continuous",
         (5000, 53_500_000, 5), NONE, NONE),
        # 2500 at 20,500 and 1500 at 20,400, flagged BU and SD
        ("halted_locked_and_periodic", "SJE", "2026-07-21", "periodic",
         NONE, NONE, (4000, 81_850_000, 2)),
        # 300 + 200 at 21,800; 400 at 21,750, 200 at 21,700
        ("flawed", "HPG", "2026-07-22", "continuous",
         (500, 10_900_000, 2), (600, 13_040_000, 2), NONE),
        ("late_start", "HPG", "2026-07-23", "day",
         (100, 2_180_000, 1), (900, 19_575_000, 1), (4000, 87_000_000, 1)),
        # 10,000 at 21,750 and 2500 at 21,900
        ("day_roll", "HPG", "2026-08-28", "day",
         (500, 10_900_000, 1), NONE, (12_500, 272_250_000, 2)),
        ("day_roll", "SHS", "2026-08-28", "plo", NONE, NONE, (700, 10_500_000, 1)),
        ("day_roll", "HPG", "2026-09-03", "day",
         NONE, (400, 8_780_000, 1), (3000, 66_000_000, 1)),
    ],
)  # fmt: skip
def test_each_phases_sides_are_what_was_counted_by_hand(
    name: str, symbol: str, date: str, phase: str, buy: Sums, sell: Sums, neutral: Sums
) -> None:
    row = newest(rows(name), symbol, date)[phase]
    assert sides(row) == (buy, sell, neutral)


@pytest.mark.parametrize(
    ("name", "symbol", "date", "total", "value", "unknown"),
    [
        ("whole_day", "HPG", WHOLE, 144_000, 3_142_565_000, 0),
        ("whole_day", "SHS", WHOLE, 10_000, 150_250_000, 0),
        ("whole_day", "VGI", WHOLE, 1500, 90_890_000, 0),
        ("whole_day", "41I1G8000", WHOLE, 140, 25_015_000_000, 0),
        ("halted_locked_and_periodic", "QCG", "2026-07-21", 75_000, 802_500_000, 0),
        # 1000 + 300 + (600) + 200 + 400 + (100) + 200
        ("flawed", "HPG", "2026-07-22", 2800, 60_940_000, 700),
        # 5,000,100 at 21,800 and 4900 at 21,750
        ("late_start", "HPG", "2026-07-23", 5_005_000, 109_108_755_000, 5_000_000),
        ("day_roll", "HPG", "2026-08-28", 13_000, 283_150_000, 0),
        ("day_roll", "HPG", "2026-09-03", 3400, 74_780_000, 0),
    ],
)
def test_a_day_is_the_vendors_total_and_what_no_print_covers_is_unknown(
    name: str, symbol: str, date: str, total: int, value: float, unknown: int
) -> None:
    row = newest(rows(name), symbol, date)["day"]
    assert (row.total_volume, row.total_value, row.unknown_volume) == (total, value, unknown)
    assert row.unexplained_volume == 0


@pytest.mark.parametrize("name", DAYS)
def test_sides_and_unknown_are_the_total_in_every_row(name: str) -> None:
    for row in rows(name):
        sides_ = row.buy_volume + row.sell_volume + row.neutral_volume
        assert sides_ + row.unknown_volume == row.total_volume, row


@pytest.mark.parametrize("name", DAYS)
def test_a_phase_has_at_most_one_row_a_second(name: str) -> None:
    seen = [(r.symbol, r.day, r.phase, r.seq // 1_000_000) for r in rows(name)]
    assert len(seen) == len(set(seen))


def test_missing_prints_belong_to_the_phase_around_them_and_a_late_start_to_none() -> None:
    flawed = newest(rows("flawed"), "HPG", "2026-07-22")
    assert (flawed["ato"].unknown_volume, flawed["continuous"].unknown_volume) == (0, 700)
    # 10,900,000 + 13,040,000 and the missing 600 x 21,800 + 100 x 21,700
    assert flawed["continuous"].total_value == 39_190_000
    late = newest(rows("late_start"), "HPG", "2026-07-23")
    assert set(late) == {"continuous", "atc", "day"}
    assert (late["continuous"].total_volume, late["continuous"].unknown_volume) == (1000, 0)


@pytest.mark.parametrize(
    ("time", "symbol", "expected"),
    [
        # By 09:15:03: the uncross; by 09:16:00 also 1000 bought at 09:15:04.
        ("09:15:03", "HPG", {"ato": 10_000, "day": 10_000}),
        ("09:16:00", "HPG", {"ato": 10_000, "continuous": 1000, "day": 11_000}),
        # 1000 + 500 + 600 x 100 + 2000 + 400 + 700 + 300
        ("11:31:00", "HPG", {"ato": 10_000, "continuous": 64_900, "day": 74_900}),
        ("14:46:00", "HPG", {"ato": 10_000, "continuous": 127_500, "atc": 6500, "day": 144_000}),
        ("14:46:00", "SHS", {"continuous": 5800, "atc": 3000, "day": 8800}),
        # A silent recording has a clock each minute only.
        ("14:51:00", "SHS", {"continuous": 5800, "atc": 3000, "plo": 700, "day": 9500}),
        ("14:36:00", "VGI", {"continuous": 600, "day": 600}),
    ],
)
def test_totals_at_moments_of_the_day(time: str, symbol: str, expected: dict[str, int]) -> None:
    end = local_us(time, WHOLE)
    standing = newest([r for r in rows("whole_day") if r.seq <= end], symbol, WHOLE)
    assert {phase: row.total_volume for phase, row in standing.items()} == expected


def test_all_of_a_day_is_final_before_the_next_trading_day_opens() -> None:
    before = [r for r in rows("day_roll") if r.day == "2026-08-28"]
    standing = {(r.symbol, r.phase): r.final for r in before}
    assert set(standing) == {
        ("HPG", "ato"), ("HPG", "continuous"), ("HPG", "atc"), ("HPG", "day"),
        ("SHS", "continuous"), ("SHS", "plo"), ("SHS", "day"),
    }  # fmt: skip
    assert all(standing.values())
