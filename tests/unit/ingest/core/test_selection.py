"""What of a recorded day an excerpt has."""

from datetime import datetime

import pytest

from schemas.base import BROADCAST
from schemas.market import Clock, Gap, Instrument, MarketMessage, Status, Trade
from services.ingest.core.records import Decoded
from services.ingest.core.selection import DAY_US, BadSelection, Selection

MINUTE_US = 60_000_000
QUARTER = Selection((10 * 60 + 15) * MINUTE_US, (10 * 60 + 30) * MINUTE_US)


def us(time: str, zone: str = "+07:00") -> int:
    return round(datetime.fromisoformat(f"2026-11-20T{time}{zone}").timestamp() * 1_000_000)


def trade(time: str, symbol: str = "HPG", zone: str = "+07:00") -> Trade:
    return Trade(symbol=symbol, feed="ssi", seq=us(time, zone), ts_ms=0, price=1.0, volume=1)


def clock(time: str) -> Clock:
    return Clock(symbol=BROADCAST, feed="ingest", seq=us(time), ts_ms=0, venue="VN")


def test_an_excerpt_begins_with_its_first_time_and_ends_before_its_last() -> None:
    times = ("10:14:59.999999", "10:15:00", "10:29:59.999999", "10:30:00")
    assert [QUARTER.takes(trade(t), "VN") for t in times] == [False, True, True, False]
    assert [QUARTER.is_inside("VN", us(t)) for t in times] == [False, True, True, False]


def test_the_clock_of_its_end_belongs_to_it_and_no_later_one() -> None:
    times = ("10:14:59", "10:15:00", "10:30:00", "10:30:01")
    assert [QUARTER.takes(clock(t), "VN") for t in times] == [False, True, True, False]
    assert [QUARTER.is_over("VN", us(t)) for t in times] == [False, False, False, True]


def test_times_are_those_of_the_venue() -> None:
    assert QUARTER.takes(trade("10:20:00", "BTCUSDT.BN", "+00:00"), "BN")
    assert not QUARTER.takes(trade("10:20:00", "BTCUSDT.BN", "+07:00"), "BN")


def test_what_must_be_known_before_has_no_beginning() -> None:
    head = {"feed": "ingest", "seq": us("08:00:00"), "ts_ms": 0, "venue": "VN", "exchange": "HOSE"}
    before: list[MarketMessage] = [
        Instrument(symbol="HPG", kind="stock", **head), Status(symbol="HPG", **head),
        Status(symbol=BROADCAST, phase="ato", **head),
    ]  # fmt: skip
    assert [QUARTER.takes(m, "VN") for m in before] == [True] * 3
    late = Status(symbol="HPG", **head | {"seq": us("10:30:00")})
    assert not QUARTER.takes(late, "VN")
    gap = Gap(symbol=BROADCAST, feed="ssi", seq=us("08:00:00"), ts_ms=0, venue="VN", channel="x",
              cause="restart", from_ts_ms=0, to_ts_ms=1)  # fmt: skip
    assert not QUARTER.takes(gap, "VN")


def test_of_symbols_it_has_those_and_what_concerns_all() -> None:
    some = Selection(symbols=frozenset({"HPG", "VN30"}))
    assert some.takes(trade("10:00:00"), "VN")
    assert not some.takes(trade("10:00:00", "SSI"), "VN")
    assert some.takes(clock("10:00:00"), "VN")
    made = Decoded([clock("10:00:00"), trade("10:00:00", "SSI")], ["malformed: x"], ["duplicate"])
    assert some.of("VN", made) == Decoded([clock("10:00:00")], [], [])


def test_a_whole_day_has_the_clock_of_midnight() -> None:
    evening = Selection(from_us=DAY_US // 2)
    assert evening.takes(clock("00:00:00"), "VN")
    assert not evening.takes(clock("00:00:01"), "VN")


@pytest.mark.parametrize(("start", "end"), [(5, 5), (6, 5), (-1, 5), (0, DAY_US + 1)])
def test_an_excerpt_that_ends_before_it_begins_is_refused(start: int, end: int) -> None:
    with pytest.raises(BadSelection):
        Selection(start, end)
