"""What SSI's REST says of the instruments, beside what the files say."""

from datetime import date
from typing import Any

import msgspec

from schemas.control import Reference
from schemas.market import Basket, Instrument, Member
from services.ingest.core.ssi_v2.listing import Differs, listing

DAY = date(2026, 11, 20)


def instrument(symbol: str, **more: Any) -> Instrument:
    usual = {"exchange": "HOSE", "kind": "stock", "lot": 100, "price_steps": [(0, 10)]} | more
    return Instrument(symbol=symbol, feed="", seq=0, ts_ms=0, venue="VN", **usual)  # type: ignore[arg-type]


def filed(*instruments: Instrument, members: str = "") -> Reference:
    basket = Basket(
        symbol="VN30", feed="", seq=0, ts_ms=0, effective_date="2026-02-02", source="file",
        members=[Member(each, 100, 0.5, 1.0) for each in members.split()],
    )  # fmt: skip
    return Reference(
        venue="VN", source="files", instruments=[*instruments], baskets=[basket] if members else []
    )


def row(symbol: str, **more: Any) -> dict[str, Any]:
    usual = {"Symbol": symbol, "Exchange": "HOSE", "SecType": "ST", "LotSize": "100"}
    return usual | {"ListedShare": None, "Isin": None, "TickPrice1": None} | more


def test_what_agrees_is_not_told_again() -> None:
    assert listing([row("VCB")], [], [], filed(instrument("VCB")), DAY) == (None, [])


def test_what_ssi_says_holds_and_what_it_does_not_say_stays() -> None:
    before = instrument("VCB", sector="banks", listed_shares=5, name_en="old")
    found = listing([row("VCB", ListedShare="8355675094")], [], [], filed(before), DAY)
    assert found.record is not None
    (told,) = found.record.instruments
    assert (told.sector, told.name_en, told.listed_shares) == ("banks", "old", 8355675094)
    assert found.differs == [Differs("VCB", "listed_shares", "5", "8355675094")]


def test_news_is_no_difference() -> None:
    found = listing([row("VCB", SymbolName="Vietcombank")], [], [], filed(instrument("VCB")), DAY)
    assert found.record is not None
    assert found.differs == []


def test_a_symbol_that_no_file_has_is_made_from_its_rules() -> None:
    found = listing([row("PVS", Exchange="HNX")], [], [], filed(), DAY)
    assert found.record is not None
    (told,) = found.record.instruments
    assert (told.exchange, told.kind, told.lot, told.price_steps) == (
        "HNX",
        "stock",
        100,
        [(0, 100)],
    )
    assert found.differs == [Differs("PVS", "symbol", "absent", "HNX")]


def test_prices_of_another_day_are_not_this_days() -> None:
    price = {"Symbol": "VCB", "RefPrice": "60000", "CeilingPrice": "64200", "FloorPrice": "55800"}
    rows = [price | {"TradingDate": "19/11/2026"}]
    assert listing([row("VCB")], rows, [], filed(instrument("VCB")), DAY).record is None
    rows = [price | {"TradingDate": "20/11/2026"}]
    record = listing([row("VCB")], rows, [], filed(instrument("VCB")), DAY).record
    assert record is not None
    (told,) = record.instruments
    assert (told.reference, told.ceiling, told.floor) == (60000, 64200, 55800)


def test_a_basket_of_other_members_keeps_the_weights_that_are_known() -> None:
    rows = [
        {"IndexCode": "VN30", "IndexComponent": [{"StockSymbol": "ACB"}, {"StockSymbol": "VPL"}]}
    ]
    found = listing([], [], rows, filed(members="ACB BCM"), DAY)
    assert found.record is not None
    (basket,) = found.record.baskets
    assert basket.members == [Member("ACB", 100, 0.5, 1.0), Member("VPL")]
    assert basket.effective_date == "2026-11-20"
    assert found.differs == [Differs("VN30", "members", "BCM", "VPL")]
    assert listing([], [], rows, filed(members="ACB VPL"), DAY).record is None


def test_damaged_rows_change_nothing() -> None:
    bad = [
        row(""), row("V C"), {"Symbol": None}, row("VCB", ListedShare="NaN", LotSize="-1"),
        row("VCB", LastTradingDate="99/99/2026", Isin="VCB"),
    ]  # fmt: skip
    parts = [{"IndexCode": "VN30", "IndexComponent": None}, {"IndexCode": None}]
    assert listing(bad, [{}], parts, filed(instrument("VCB"), members="ACB"), DAY) == (None, [])


def test_the_record_is_a_control_record_like_others() -> None:
    record = listing([row("VCB", ListedShare="7")], [], [], filed(instrument("VCB")), DAY).record
    assert msgspec.json.decode(msgspec.json.encode(record), type=Reference) == record
