"""The committed reference data, and the record that it gives for a day."""

import csv
import io
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from schemas.control import ControlMessage
from schemas.market import Basket, Instrument, Status
from services.commands._context import REFERENCE_DATA as FOLDER
from services.ingest.core.engine import Engine
from services.ingest.core.records import Raw
from services.ingest.core.vn.instruments import price_limits
from services.ingest.core.vn.reference_data import ReferenceData, UnknownSymbol
from services.ingest.core.vn.reference_files import FILES
from services.ingest.core.vn.reviews import next_review

COMMITTED = {name: (FOLDER / name).read_bytes() for name in FILES}
DATA = ReferenceData(COMMITTED)
SHARED = Path(__file__).parents[6] / "shared" / "data"
"""Captures beside the clone, where there are any."""


def rows(name):
    return list(csv.DictReader(COMMITTED[name].decode().splitlines()))


def instruments(day):
    return {each.symbol: each for each in DATA.instruments(day)}


def closes():
    """Days of 2021-06-01 to 2024-12-31 with a close of VN30; None where the captures are not."""
    path = SHARED / "ssi" / "vn30_index_daily.csv"
    if not path.exists():
        return None
    with path.open() as file:
        return {datetime.fromisoformat(r["datetime"]).date() for r in csv.DictReader(file)}


def test_the_record_of_a_day_is_the_same_each_time_and_another_for_other_files():
    day = date(2026, 7, 20)
    record = msgspec.json.encode(DATA.record(day))
    assert msgspec.json.encode(ReferenceData(COMMITTED).record(day)) == record
    other = COMMITTED | {"sectors.csv": COMMITTED["sectors.csv"].replace(b"banks", b"bank")}
    assert ReferenceData(other).record(day).source != DATA.record(day).source


def test_the_record_goes_through_ingests_engine_as_messages_of_market():
    record = DATA.record(date(2026, 7, 20))
    value = msgspec.json.encode(record)
    assert msgspec.json.decode(value, type=ControlMessage) == record
    seq = 1_784_480_400_000_000
    found = Engine(["VN"]).decode(Raw("VN", seq, "ingest", "reference", "VN", value))
    assert found.dead == []
    kinds = Counter(type(message) for message in found.messages)
    assert kinds[Instrument] == len(record.instruments) > 40
    assert kinds[Basket] == 1
    assert kinds[Status] == 4


@pytest.mark.parametrize("row", rows("day-prices.csv"), ids=lambda row: row["symbol"])
def test_captured_limits_are_those_of_the_rule_and_missing_ones_are_computed(row):
    found = instruments(date.fromisoformat(row["effective_date"]))[row["symbol"]]
    assert found.reference == float(row["reference"])
    computed = price_limits(found.reference, found.exchange, found.kind)
    if row["ceiling"]:
        assert computed == (float(row["ceiling"]), float(row["floor"]))
    assert (found.ceiling, found.floor) == (computed or (None, None))


@pytest.mark.parametrize(
    ("day", "symbol", "exchange"),
    [
        (date(2020, 5, 4), "YTC", "UPCOM"),
        (date(2023, 7, 31), "SSI", "HOSE"),
        (date(2023, 8, 14), "ACB", "HOSE"),
        (date(2023, 8, 15), "TAR", "HNX"),
        (date(2024, 6, 27), "VN30F2407", "DERIVATIVES"),
        (date(2025, 2, 18), "MBB", "HOSE"),
        (date(2025, 8, 7), "41I1F8000", "DERIVATIVES"),
        (date(2026, 7, 20), "VNINDEX", "HOSE"),
        (date(2026, 7, 20), "VCB", "HOSE"),
        (date(2026, 7, 20), "TCB", "HOSE"),
        (date(2026, 7, 20), "HPG", "HOSE"),
        (date(2026, 8, 14), "VN30", "HOSE"),
    ],
)
def test_the_instruments_of_every_capture_are_in_the_image_of_its_day(day, symbol, exchange):
    assert instruments(day)[symbol].exchange == exchange
    assert DATA.calendar.is_trading_day(day)
    assert DATA.resolve(symbol.lower(), day) == symbol


def test_the_image_of_a_day_has_nothing_of_later_days():
    before = instruments(date(2023, 8, 14))
    assert "ACB" in before
    assert not {"TAR", "VPL", "VNINDEX"} & set(before)
    assert before["SSI"].listed_shares == 1_501_130_137
    assert instruments(date(2026, 8, 14))["SSI"].listed_shares == 2_503_089_220
    assert before["VCB"].reference is None


def made_up(**lines):
    """The committed data with lines added to its files (`_` for `-`)."""
    added = {f"{k.replace('_', '-')}.csv": v.encode() + b"\n" for k, v in lines.items()}
    return ReferenceData({name: text + added.get(name, b"") for name, text in COMMITTED.items()})


def test_a_share_has_the_wide_band_on_its_first_day_and_is_gone_after_its_last():
    data = made_up(
        instruments="2026-09-07,NEW,UPCOM,stock,,,,2026-09-07,2026-09-09,,,notice,",
        day_prices="2026-09-07,NEW,10000,,,notice,\n2026-09-08,NEW,10000,,,notice,",
    )

    def limits(day):
        found = [each for each in data.instruments(date(2026, 9, day)) if each.symbol == "NEW"]
        return [(each.floor, each.ceiling) for each in found]

    assert limits(7) == [(6000, 14000)]
    assert limits(8) == [(8500, 11500)]
    assert limits(9) == [(None, None)]
    assert limits(10) == []


def test_limits_that_a_source_gives_stand_before_those_of_the_rule():
    data = made_up(
        day_prices="2026-09-07,41I1G9000,1900,1950,1850,notice,\n"
        "2026-09-07,VCB,50000,52000,48000,notice,"
    )
    found = {each.symbol: each for each in data.instruments(date(2026, 9, 7))}
    assert (found["41I1G9000"].ceiling, found["41I1G9000"].floor) == (1950, 1850)
    assert (found["VCB"].ceiling, found["VCB"].floor) == (52000, 48000)


def test_the_future_of_the_design_has_its_aliases_days_and_terms():
    found = instruments(date(2026, 11, 20))["41I1GC000"]
    assert found.aliases == ["VN30F2612", "VN30F1M"]
    assert (found.underlying, found.multiplier, found.lot) == ("VN30", 100_000, 1)
    assert (found.first_trading_day, found.last_trading_day) == ("2026-04-17", "2026-12-17")
    assert found.price_steps == [(0, 0.1)]


def test_an_alias_of_the_image_means_one_instrument():
    for day in (date(2024, 6, 27), date(2025, 6, 2), date(2026, 11, 20)):
        names = Counter(n for i in DATA.instruments(day) for n in (i.symbol, *i.aliases))
        assert set(names.values()) == {1}
        for found in DATA.instruments(day):
            assert {DATA.resolve(name, day) for name in found.aliases} <= {found.symbol}


def test_a_stranger_is_refused_with_what_to_give():
    with pytest.raises(UnknownSymbol, match=r"'ABCDE' is no symbol .* give a code like VCB"):
        DATA.resolve("ABCDE", date(2026, 11, 20))


@pytest.mark.parametrize(
    ("day", "has", "lacks", "doubtful"),
    [
        (date(2023, 8, 7), "SHB SSB POW", "PDR LPB", False),
        (date(2024, 1, 5), "POW BCM", "LPB", False),
        (date(2024, 6, 3), "POW", "LPB", True),  # the review of February 2024 is not known
        (date(2025, 7, 1), "BVH LPB", "DGC VPL", True),
        (date(2025, 8, 4), "DGC BCM", "BVH VPL", False),
        (date(2026, 2, 2), "DGC VPL", "BCM BVH", False),
        (date(2026, 8, 2), "VPL", "BCM", False),
        (date(2026, 8, 3), "VPL", "BCM", True),
        (date(2026, 8, 14), "VPL", "BCM", True),  # the review of July 2026 was not found
    ],
)
def test_the_basket_of_a_day_is_the_newest_and_says_when_it_may_be_stale(day, has, lacks, doubtful):
    [basket] = DATA.baskets(day)
    members = {member.symbol for member in basket.members}
    assert len(members) == 30
    assert members >= set(has.split())
    assert not members & set(lacks.split())
    assert ("unverified" in basket.source) == doubtful
    assert any(basket.source in doubt for doubt in DATA.doubts(day)) == doubtful


def test_there_is_no_basket_before_the_first_known_one():
    assert DATA.baskets(date(2021, 8, 1)) == []


def test_every_known_basket_takes_effect_on_the_day_of_a_review():
    starts = sorted({date.fromisoformat(r["effective_date"]) for r in rows("vn30-weights.csv")})
    assert len(starts) == 7
    for start in starts:
        assert next_review(start - timedelta(days=1)) == start
        assert next_review(start) > start


def test_no_free_float_share_count_or_cap_is_made_up():
    # No public source has them; whoever enters them names the source, and changes this test.
    assert all(not row[c] for row in rows("vn30-weights.csv") for c in ("free_float", "cap"))
    sourced = {row["symbol"] for row in rows("instruments.csv") if row["listed_shares"]}
    assert sourced == {"SSI"}


def test_every_member_has_a_sector_and_each_sector_is_marked_unverified():
    members = {row["symbol"] for row in rows("vn30-weights.csv")}
    assert {row["symbol"] for row in rows("sectors.csv")} == members
    assert all("sector" in row["unverified"].split() for row in rows("sectors.csv"))
    assert "sector" in DATA.unverified(date(2026, 7, 20))["VCB"]


@pytest.mark.parametrize(
    ("day", "trading", "certain"),
    [
        (date(2024, 2, 29), True, True),
        (date(2024, 2, 8), False, True),
        (date(2025, 4, 26), False, True),  # a Saturday worked for 2 May
        (date(2025, 5, 2), False, True),
        (date(2025, 5, 5), True, True),
        (date(2026, 1, 2), False, True),
        (date(2026, 2, 19), False, True),
        (date(2026, 4, 27), False, True),
        (date(2026, 11, 20), True, True),
        (date(2026, 11, 24), False, False),
        (date(2027, 2, 8), False, False),
        (date(2028, 2, 8), True, False),
    ],
)
def test_trading_days_and_how_certain_they_are(day, trading, certain):
    assert DATA.calendar.is_trading_day(day) == trading
    assert DATA.calendar.is_certain(day) == certain
    assert any(str(day) in doubt for doubt in DATA.doubts(day)) == (not certain)


def test_holidays_of_2021_to_2024_are_the_weekdays_without_a_close_of_vn30():
    days = closes()
    if days is None:
        # The daily closes have no licence; the list itself then is the only witness.
        assert sum("no VN30 close" in row["source"] for row in rows("holidays.csv")) == 36
        return
    day = min(days)
    while day <= max(days):
        assert DATA.calendar.is_trading_day(day) == (day in days), day
        day += timedelta(days=1)


def test_phases_of_the_image_are_those_of_the_time_it_is_made_for():
    day, half_past_ten = date(2026, 7, 20), 10 * 3_600_000 + 30 * 60_000
    assert {s.phase for s in DATA.statuses(day)} == {"pre_open"}
    assert {s.phase for s in DATA.statuses(day, half_past_ten)} == {"continuous"}
    assert {s.phase for s in DATA.statuses(date(2026, 11, 24), half_past_ten)} == {"closed"}
    exchanges = [s.exchange for s in DATA.record(day, half_past_ten).statuses]
    assert exchanges == ["HOSE", "HNX", "UPCOM", "DERIVATIVES"]
    assert all(s.symbol == "*" for s in DATA.statuses(day))


def test_a_restriction_is_a_status_of_its_symbol_from_its_day_on_while_there_is_trading():
    data = made_up(instruments="2026-08-27,TAR,HNX,stock,,,,,,,periodic,a notice,")

    def said(day):
        statuses = data.record(date(2026, 8, day)).statuses
        return [(s.symbol, s.exchange, s.phase) for s in statuses if s.symbol != "*"]

    assert said(26) == []
    assert said(27) == said(28) == [("TAR", "HNX", "periodic")]
    assert said(31) == [], "a holiday"


def test_a_file_without_the_column_of_restrictions_is_as_good():
    lines = list(csv.reader(COMMITTED["instruments.csv"].decode().splitlines()))
    at = lines[0].index("restriction")
    out = io.StringIO()
    csv.writer(out).writerows(line[:at] + line[at + 1 :] for line in lines)
    old = ReferenceData(COMMITTED | {"instruments.csv": out.getvalue().encode()})
    day = date(2026, 7, 20)
    assert old.instruments(day) == DATA.instruments(day)
