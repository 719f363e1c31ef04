"""Prints and gaps against the vendor's totals."""

import json
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from schemas.market import Foreign, Gap, MarketMessage, Trade
from services.report.completeness import Line, compare
from services.report.completeness_table import show, summary
from services.report.held import Days, Held
from services.report.independent import SymbolDay
from services.report.official import Official, figures
from tests.support.vn_day_scripts import (
    day_roll,
    flawed,
    halted_locked_and_periodic,
    late_start,
    whole_day,
)
from tests.unit.report.support import Change, Day, counted, days, messages, one_share_more


def lines(day: Day, change: Change = lambda message: message) -> list[Line]:
    changed = (change(message) for message in messages(day))
    kept = days(message for message in changed if message is not None)
    return compare(counted(day).days, kept.by_key)


@pytest.mark.parametrize(
    "script", [whole_day, halted_locked_and_periodic, flawed, late_start, day_roll]
)
def test_prints_and_gaps_of_a_decoded_day_are_the_vendors_totals(script: Day) -> None:
    assert [line.faults for line in lines(script) if line.faults] == []


def test_the_line_of_a_whole_day_says_all_of_it() -> None:
    (hpg,) = (line for line in lines(whole_day) if line.symbol == "HPG")
    assert (hpg.prints, hpg.found, hpg.missing, hpg.total) == (915, 144_000, 0, 144_000)
    assert (hpg.foreign, hpg.raw_foreign, hpg.grown) == ((25_000, 12_000),) * 3
    assert (hpg.odd_lots, hpg.covered) == (243, 100.0)
    assert summary(lines(whole_day)) == "completeness 100.00 % (4 symbols)"


def test_what_is_missing_stands_in_gaps_with_bounds_and_lowers_the_share() -> None:
    """700 of 2,800 never came: 600 before 09:18:00, 100 after it."""
    (line,) = lines(flawed)
    assert (line.found, line.missing, line.total) == (2_100, 700, 2_800)
    assert [gap.missing_volume for gap in line.gaps] == [600, 100]
    assert (line.covered, line.faults) == (75.0, ())
    assert summary([line]) == "completeness 75.00 % (1 symbol)"


def test_one_share_too_many_is_a_fault_of_that_symbol_and_comes_first() -> None:
    found = lines(whole_day, one_share_more("SHS"))
    assert [line.symbol for line in found] == ["SHS", "41I1G8000", "HPG", "VGI"]
    assert found[0].faults == (
        "prints 10,001 + gaps 0 differ from the vendor's 10,000 by +1 shares",
    )
    assert summary(found).endswith("1 of 4 symbol-days do not add up")


def test_a_lost_last_print_is_a_fault_although_every_print_that_stands_chains() -> None:
    last = [m for m in messages(whole_day) if isinstance(m, Trade) and m.symbol == "VGI"][-1]
    found = lines(whole_day, lambda message: None if message == last else message)
    assert [line.symbol for line in found if line.faults] == ["VGI"]


def test_foreign_trading_that_is_not_rs_is_a_fault() -> None:
    def change(message: MarketMessage) -> MarketMessage | None:
        return None if isinstance(message, Foreign) and message.symbol == "SHS" else message

    (shs,) = (line for line in lines(whole_day, change) if line.faults)
    assert shs.faults == ("foreign bought, sold None differ from R's (400, 100)",)


def test_without_raw_records_the_prints_own_total_is_believed() -> None:
    held = days(messages(late_start)).by_key
    (line,) = compare({}, held)
    assert (line.total, line.faults) == (5_005_000, ())


def _gap(missing: int) -> Gap:
    bounds = {"seq": 5, "ts_ms": 5, "from_ts_ms": 1, "to_ts_ms": 5, "missing_count": missing}
    named = {"symbol": "BTCUSDT.BN", "feed": "binance", "venue": "BN", "channel": "spot.trade"}
    return Gap(**named, **bounds, cause="trade_id")  # type: ignore[arg-type]


def test_numbered_trades_are_compared_by_their_ids() -> None:
    """7 market prints, one that is none and 2 lost are the 10 ids that passed; not 11."""
    key = "BTCUSDT.BN", "2024-08-08"
    held = {key: Held(prints=7, volume=1.5, gaps=[_gap(2)])}
    raw = SymbolDay(total=10, others=1)
    (line,) = compare({key: raw}, held)
    assert (line.unit, line.found, line.missing, line.faults) == ("trade ids", 8, 2, ())
    (wrong,) = compare({key: replace(raw, total=11)}, held)
    assert wrong.faults == ("prints 8 + gaps 2 differ from the vendor's 11 by -1 trade ids",)


def test_a_share_is_never_rounded_up_to_a_hundred() -> None:
    (line,) = compare({}, days(messages(late_start)).by_key)
    nearly = replace(line, found=999_999, missing=1, total=1_000_000)
    assert summary([nearly]) == "completeness 99.99 % (1 symbol)"


def test_gaps_of_a_venue_count_once_though_every_partition_has_them() -> None:
    found = Days()
    gap = Gap(
        symbol="*",
        feed="ssi",
        seq=7,
        ts_ms=7,
        venue="VN",
        channel="vn.X-TRADE",
        cause="disconnect",
        from_ts_ms=1,
        to_ts_ms=7,
    )
    for _ in range(12):
        found.add(gap)
    assert (list(found.venue_gaps.values()), dict(found.by_key)) == ([gap], {})


def officially(**over: str | None) -> dict[tuple[str, str], Official]:
    """A reply to DailyStockPrice, as SSI's reference describes it, after an older one."""
    row = {
        "TradingDate": "20/07/2026", "Symbol": "SHS", "TotalMatchVol": "10000",
        "TotalTradedVol": "15000", "ForeignBuyVolTotal": "0", "ForeignSellVolTotal": "0",
    }  # fmt: skip
    older = {"data": [row | {"TotalMatchVol": "7"}], "status": "Success"}
    reply = {"data": [row | over, {"Symbol": "X"}], "status": "Success"}
    return figures([json.dumps(older), json.dumps(reply), '{"data":null}'])


def shs(official: dict[tuple[str, str], Official]) -> Line:
    """The line beside official figures."""
    days_ = days(messages(whole_day))
    found = compare(counted(whole_day).days, days_.by_key, official)
    (line,) = (line for line in found if line.symbol == "SHS")
    return line


def test_the_official_matched_volume_stands_beside_the_prints_and_must_be_theirs() -> None:
    line = shs(officially())
    assert line.official is not None
    assert (line.official.matched, line.official.traded, line.faults) == (10_000, 15_000, ())
    assert line.as_json()["official"]["matched"] == 10_000
    wrong = shs(officially(TotalMatchVol="10100"))
    assert wrong.faults == (
        "prints 10,000 + gaps 0 differ from the official matched volume 10,100 by -100 shares",
    )


def test_official_foreign_totals_that_differ_are_said_and_are_no_fault() -> None:
    line = shs(officially(ForeignBuyVolTotal="987600"))
    assert (len(line.notes), line.faults) == (1, ())
    page = StringIO()
    show(Console(file=page, width=200), [line], [])
    assert "officially (987600, 0)" in page.getvalue()
    assert "official figures" in page.getvalue()


def test_without_official_figures_nothing_is_said_of_them() -> None:
    line = shs({})
    assert (line.official, line.notes, line.faults) == (None, (), ())
    assert line.as_json()["official"] is None
