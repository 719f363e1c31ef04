"""Sources that were not chosen, decoded by themselves, against `market`."""

import json

from services.report.agreement import Agreement, Said, compare
from services.report.completeness import compare as completeness
from services.report.sources import Reading, others
from tests.support.vn_day import Listing, Script
from tests.support.vn_day_run import decoded, market, raws
from tests.unit.report.support import counted, days, messages

HPG = Listing("HPG", "HOSE", 21_650, 23_150, 20_150)


def of_all_sources() -> Script:
    """Three prints by X-TRADE, X, B, and L#, two of them by OL too, and a book by X-QUOTE and X."""
    s = Script(HPG)
    for time, price, volume in (("09:20:00", 21_700, 300), ("09:20:01", 21_750, 200)):
        _everywhere(s, time, price, volume)
        s.odd_lot(time, "HPG", price, 30)
    _everywhere(s, "09:20:02", 21_700, 100)
    return s


def _everywhere(s: Script, time: str, price: float, volume: int) -> None:
    s.trade(time, "HPG", price, volume, "BU")
    s.quote(time, "HPG", ((price - 50, 900),), ((price, 140),))
    _as_x(s, time)
    s.fill(time, "HPG", price, volume)
    s.iboard_trade(time, "HPG", "bu")


def _as_x(s: Script, time: str, **over: float) -> None:
    """X has the fields of the X-TRADE and the X-QUOTE written last."""
    *_, print_, book = (json.loads(m) for _, f, m in s.lines() if f == "ssi" and b'"X-' in m)
    fields = json.loads(book["Content"]) | json.loads(print_["Content"]) | {"RType": "X"} | over
    content = json.dumps(fields)
    s.wire(f"{time}.300000", json.dumps({"DataType": "X", "Content": content}).encode())


def agreement(script: Script) -> Agreement:
    records = raws(script)
    ours, readings = Said(), [Reading(source) for source in others({})]
    for message in market(decoded(records)):
        ours.add(message)
    for raw in records:
        for reading in readings:
            reading.add(0, raw)
    assert not any(reading.refused for reading in readings)
    return compare(ours, {reading.source.name: reading.said for reading in readings})


def test_five_sources_of_one_stock_count_its_volume_once() -> None:
    held = days(messages(of_all_sources)).by_key
    hpg = held["HPG", "2026-07-20"]
    assert (hpg.prints, hpg.volume, hpg.odd_lots) == (3, 600, 60)
    (line,) = completeness(counted(of_all_sources).days, held)
    assert (line.total, line.faults) == (600, ())


def test_sources_that_say_the_same_match_print_by_print() -> None:
    found = agreement(of_all_sources())
    assert [(p.source, p.count, p.volume, p.matched) for p in found.prints] == [
        ("X", 3, 600, 3),
        ("B", 3, 600, 3),
        ("L#", 3, 600, 3),
    ]
    assert {(p.only_source, p.only_market, p.volume_difference) for p in found.prints} == {
        (0, 0, 0)
    }
    assert {(p.last, p.market_last) for p in found.prints} == {(21_700, 21_700)}
    assert [(q.source, q.seconds, q.equal) for q in found.quotes] == [("X", 3, 3)]


def test_a_print_that_differs_is_missing_on_both_sides() -> None:
    """B says 90 where X-TRADE said 100; X shows another best bid, and no trade that is new."""
    s = of_all_sources()
    s.trade("09:21:00", "HPG", 21_700, 100, "SD")
    s.quote("09:21:00", "HPG", ((21_650, 900),), ((21_700, 140),))
    s.fill("09:21:00", "HPG", 21_700, 90)
    _as_x(s, "09:21:00", BidPrice1=21_600.0, LastVol=0.0)
    found = agreement(s)
    prints = {p.source: p for p in found.prints}
    b = prints["B"]
    assert (b.count, b.matched, b.only_source, b.only_market) == (4, 3, 1, 1)
    assert b.volume_difference == -10
    assert (prints["X"].only_source, prints["X"].only_market) == (0, 1)
    assert prints["L#"].volume_difference == -100
    assert [(q.seconds, q.equal) for q in found.quotes] == [(4, 3)]


def test_what_b_says_of_an_index_is_no_print() -> None:
    s = of_all_sources()
    s.index("09:21:00", "VNINDEX", 1790.0, 1789.0, 1000)
    content = {"RType": "B", "TradingDate": "20/07/2026", "Time": "09:21:00", "Symbol": "VNINDEX"}
    content |= dict.fromkeys(("Open", "High", "Low", "Close"), 1790.0) | {"Volume": 1000.0}
    s.wire("09:21:01", json.dumps({"DataType": "B", "Content": json.dumps(content)}).encode())
    assert {p.symbol for p in agreement(s).prints} == {"HPG"}


def test_who_writes_by_choice_is_no_other_source_and_the_usual_one_becomes_one() -> None:
    kinds = {source.name: source.kinds for source in others({"trade": "ssi:X"})}
    assert kinds == {
        "X-TRADE": ("trade",),
        "X": ("quote",),
        "B": ("trade",),
        "L#": ("trade",),
        "S#": ("quote", "foreign"),
    }
    assert "X-TRADE" not in {source.name for source in others({})}
