"""The VN30 calculator by the owner's document, and everything it refuses."""

import csv
import io
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from services.cli import root
from services.index import csv_files
from services.index.core.calculator import Calculation, Candle, Holding, calculate
from services.index.core.timepoints import interval_of, timepoint_of, timepoints
from tests.unit.index.calculator_support import (
    FRIDAY,
    HOLDINGS,
    MONDAY,
    at,
    days,
    the_owners,
    what,
)

POINTS = [(day, f"{t:%H:%M}") for day in (FRIDAY, MONDAY) for t in timepoints(timedelta(minutes=5))]


def test_candles_are_those_of_the_owners_algorithm_to_the_bit() -> None:
    found = calculate(days(), HOLDINGS, what())
    rows = [
        {name: getattr(c, name) for name in ("open", "high", "low", "close", "volume", "value")}
        for c in found
    ]
    assert rows == the_owners(days(), HOLDINGS, POINTS)
    assert len(found) == 2 * 46


def test_the_first_candle_is_the_base_in_all_four_and_later_ones_are_relative_to_its_close() -> (
    None
):
    first, second, *_ = calculate(days(), HOLDINGS, what(base_index=100.0))
    assert (first.open, first.high, first.low, first.close) == (100.0,) * 4
    capital = [0.0, 0.0]
    for holding in HOLDINGS:
        for n, begin in enumerate(("09:15", "09:20")):
            (candle,) = [
                c for c in days() if (c.symbol, c.start) == (holding.symbol, at(FRIDAY, begin))
            ]
            capital[n] += candle.close * (holding.shares or 0) * (holding.free_float or 0)
    assert second.close == pytest.approx(capital[1] / capital[0] * 100, rel=1e-12)


def test_candles_begin_at_the_local_times_of_a_hose_day_and_are_told_in_utc() -> None:
    found = calculate(days(), HOLDINGS, what(end_date=FRIDAY))
    assert found[0].start == datetime(2026, 1, 2, 2, 15, tzinfo=UTC)
    assert found[-1].start == datetime(2026, 1, 2, 7, 45, tzinfo=UTC)
    five = timepoints(timedelta(minutes=5))
    assert (five[0], five[26], five[27], five[44], five[45]) == (
        time(9, 15), time(11, 25), time(13), time(14, 25), time(14, 45)
    )  # fmt: skip
    assert len(five) == 46


@pytest.mark.parametrize(
    ("printed", "begins"),
    [("09:15:00", "09:15"), ("09:19:59", "09:15"), ("11:30:00", "11:25"), ("13:00:00", "13:00"),
     ("14:30:00", "14:25"), ("14:45:00", "14:45"), ("14:45:07", "14:45")],
)  # fmt: skip
def test_a_print_at_the_end_of_a_session_is_of_its_last_candle(printed: str, begins: str) -> None:
    points = timepoints(timedelta(minutes=5))
    assert f"{timepoint_of(time.fromisoformat(printed), points):%H:%M}" == begins
    assert timepoint_of(time(9, 14, 59), points) is None


@pytest.mark.parametrize("text", ["", "m", "5", "0m", "5s", "-5m", "136m", "3h", "5.5m"])
def test_an_interval_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="an interval is minutes or hours as 5m and 1h"):
        interval_of(text)


def test_other_intervals_have_their_own_timepoints() -> None:
    minute = calculate(
        days(interval=timedelta(minutes=1)), HOLDINGS, what(interval=interval_of("1m"))
    )
    assert len(minute) == 2 * (135 + 90 + 1)
    assert len(timepoints(interval_of("1h"))) == 6


def test_without_free_float_all_shares_count() -> None:
    whole = [Holding(h.symbol, h.shares) for h in HOLDINGS]
    found = calculate(days(), whole, what(use_free_float=False))
    assert found == calculate(days(), whole, what(free_float_may_miss=True))
    assert found != calculate(days(), HOLDINGS, what())


def test_a_day_on_which_nobody_has_a_candle_is_a_holiday() -> None:
    found = calculate(days(), HOLDINGS, what())
    assert {c.start.date() for c in found} == {FRIDAY, MONDAY}
    assert calculate([], HOLDINGS, what()) == []


def test_a_candle_without_a_trade_is_used_as_it_is() -> None:
    flat = [
        msgspec.structs.replace(c, open=c.close, high=c.close, low=c.close, volume=0, value=0.0)
        if c.symbol == "FPT"
        else c
        for c in days()
    ]
    found = calculate(flat, HOLDINGS, what())
    assert len(found) == 92
    assert found[5].volume == sum(100 * (5 + n) for n in (0, 2))


def without(symbol: str, day: object, hhmm: str | None = None) -> list[Candle]:
    return [
        c
        for c in days()
        if c.symbol != symbol or c.start.date() != day or hhmm not in (None, f"{c.start:%H:%M}")
    ]


REFUSED: dict[str, tuple[list[Candle], list[Holding], dict[str, object], str]] = {
    "a member misses one time": (
        without("FPT", MONDAY, "13:05"), HOLDINGS, {}, "FPT has no candle at 2026-01-05 13:05"
    ),
    "a member misses a day": (
        without("HPG", MONDAY), HOLDINGS, {},
        "HPG has no candle that day, others have: 2026-01-05 09:15",
    ),
    "the closing auction is missing": (
        without("VCB", FRIDAY, "14:45"), HOLDINGS, {}, "VCB has no candle at 2026-01-02 14:45"
    ),
    "a price of 0": (
        [*without("FPT", FRIDAY, "09:20"),
         Candle("FPT", at(FRIDAY, "09:20"), 0.0, 0.0, 0.0, 0.0, 0)],
        HOLDINGS, {}, "FPT at 2026-01-02 09:20: a price is above 0, was 0.0",
    ),
    "a low below 0": (
        [*without("FPT", FRIDAY, "09:20"),
         Candle("FPT", at(FRIDAY, "09:20"), 1.0, 1.0, -1.0, 1.0, 5)],
        HOLDINGS, {}, "FPT at 2026-01-02 09:20: a price is above 0, was -1.0",
    ),
    "no number": (
        [*without("FPT", FRIDAY, "09:20"),
         Candle("FPT", at(FRIDAY, "09:20"), 1.0, float("nan"), 1.0, 1.0, 5)],
        HOLDINGS, {}, "FPT at 2026-01-02 09:20: a price is above 0, was nan",
    ),
    "two of one time": (
        [*days(), days()[0]], HOLDINGS, {}, "VCB has two candles at 2026-01-02 09:15"
    ),
    "no shares": (
        days(), [*HOLDINGS[:2], Holding("HPG", None, 0.5)], {}, "HPG lacks its shares"
    ),
    "shares of 0": (days(), [Holding("VCB", 0, 0.5)], {}, "VCB lacks its shares"),
    "no free float": (days(), [Holding("VCB", 5)], {}, "VCB lacks its free float"),
    "a free float in percent": (
        days(), [Holding("VCB", 5, 11.0)], {"free_float_may_miss": True},
        "VCB: a free float is above 0 and at most 1, was 11.0",
    ),
    "a member twice": (days(), [*HOLDINGS, HOLDINGS[0]], {}, "VCB stands twice"),
}  # fmt: skip


@pytest.mark.parametrize(("candles", "holdings", "more", "says"), REFUSED.values(), ids=REFUSED)
def test_what_is_wrong_is_refused_by_symbol_date_and_time(
    candles: list[Candle], holdings: list[Holding], more: dict[str, object], says: str
) -> None:
    with pytest.raises(ValueError, match=says.replace("(", r"\(")):
        calculate(candles, holdings, what(**more))


def test_other_days_symbols_and_times_are_passed_over() -> None:
    late = at(FRIDAY, "14:35")
    noise = [Candle("AAA", late, 1, 1, 1, 1, 1), Candle("VCB", late, 0, 0, 0, 0, 0)]
    friday = Calculation(start_date=FRIDAY, end_date=FRIDAY)
    assert calculate([*noise, *days()], HOLDINGS, friday) == calculate(
        days(of=[FRIDAY]), HOLDINGS, friday
    )


def test_progress_is_told_day_by_day() -> None:
    told: list[tuple[int, int]] = []
    calculate(days(), HOLDINGS, what(), lambda done, of: told.append((done, of)))
    assert told == [(1, 2), (2, 2)]


def write(path: Path, header: str, rows: list[str]) -> str:
    path.write_text("\n".join([header, *rows]) + "\n")
    return str(path)


@pytest.fixture
def members(tmp_path: Path) -> str:
    rows = [f"2026-01-01,{h.symbol},{h.shares},{h.free_float}" for h in HOLDINGS]
    rows += ["2026-08-03,XYZ,1,"]
    return write(tmp_path / "members.csv", "effective_date,symbol,shares,free_float", rows)


def test_the_command_reads_and_writes_csv(tmp_path: Path, members: str) -> None:
    """Times with and without an offset; the members in force on the first day."""
    rows = [
        f"{c.symbol},{c.start:%Y-%m-%dT%H:%M:%S}{'+07:00' * (n % 2)},{c.open},{c.high},{c.low},"
        f"{c.close},{c.volume},{c.value}"
        for n, c in enumerate(days())
    ]
    bars = write(tmp_path / "bars.csv", "symbol,time,open,high,low,close,volume,value", rows)
    arguments = ["index", "calc", "--bars", bars, "--members", members]
    span = ["--from", "2026-01-02", "--to", "2026-01-05"]
    done = CliRunner().invoke(root, [*arguments, *span, "--out", str(tmp_path / "out.csv")])
    assert done.exit_code == 0, done.output
    found = list(csv.DictReader((tmp_path / "out.csv").open()))
    want = calculate(days(), HOLDINGS, what())
    assert [float(row["close"]) for row in found] == [c.close for c in want]
    assert (found[0]["time"], found[-1]["time"]) == ("2026-01-02T02:15:00Z", "2026-01-05T07:45:00Z")
    shown = CliRunner().invoke(root, [*arguments, *span])
    assert list(csv.DictReader(io.StringIO(shown.stdout))) == found


@pytest.mark.parametrize(
    ("header", "row", "says"),
    [
        ("symbol,time,open,high,low,close", "", "lacks the columns volume"),
        (
            "symbol,time,open,high,low,close,volume",
            "VCB,yesterday,1,1,1,1,1",
            "line 2: Invalid iso",
        ),
        (
            "symbol,time,open,high,low,close,volume",
            "VCB,2026-01-02T09:15,1,x,1,1,1",
            "line 2: could",
        ),
        ("symbol,time,open,high,low,close,volume", "VCB,2026-01-02T09:15", "line 2: "),
    ],
)
def test_a_bad_line_is_named(
    tmp_path: Path, members: str, header: str, row: str, says: str
) -> None:
    bars = write(tmp_path / "bars.csv", header, [row])
    span = ["--from", "2026-01-02", "--to", "2026-01-05"]
    done = CliRunner().invoke(root, ["index", "calc", "--bars", bars, "--members", members, *span])
    assert done.exit_code == 1
    assert f"Error: {bars}" in done.output
    assert says in done.output


def test_members_of_reference_data_are_those_in_force() -> None:
    file = Path(__file__).parents[3] / "deploy/reference-data/vn30-weights.csv"
    found = csv_files.holdings(file, "2026-03-01")
    assert len(found) == 30
    assert {"VPL", "DGC"} <= {holding.symbol for holding in found}
    assert "BCM" not in {holding.symbol for holding in found}
