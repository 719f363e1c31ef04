"""What bars say of a Vietnamese day, and when."""

import msgspec

from services.orderflow.core.state import SymbolState, is_open
from services.runtime.partition import Body
from tests.unit.orderflow.support import MIDNIGHT_MS, Bars, at, clock, trade


def test_a_bar_has_its_trades_first_highest_lowest_last_sums_and_the_way_of_its_delta() -> None:
    bars = Bars("1m")
    (bar,) = bars.take(
        trade(at("9:20:01"), 100.0, 300, "sell"),
        trade(at("9:20:02"), 102.0, 500, "buy"),
        trade(at("9:20:02.5"), 99.0, 100, "unknown"),
        trade(at("9:20:03"), 101.0, 100, "sell"),
        clock(at("9:20:04")),
    )
    assert (bar.open, bar.high, bar.low, bar.close) == (100.0, 102.0, 99.0, 101.0)
    assert (bar.volume, bar.trades, bar.buy_volume, bar.sell_volume) == (1000, 4, 500, 400)
    assert (bar.delta, bar.min_delta, bar.max_delta) == (100, -300, 200)
    assert bar.vwap == (30_000 + 51_000 + 9_900 + 10_100) / 1000
    assert (bar.ts_ms, bar.end_ms, bar.final) == (at("9:20"), at("9:21"), False)


def test_an_open_bar_comes_once_a_second_when_it_has_changed_and_once_when_it_is_over() -> None:
    bars = Bars("1m")
    assert bars.take(trade(at("9:20:01"), 100.0, 100), trade(at("9:20:01.5"), 100.0, 100)) == []
    assert len(bars.take(clock(at("9:20:02")))) == 1
    assert bars.take(clock(at("9:20:03"))) == []
    assert bars.take(clock(at("9:21:02"))) == [], "late trades are waited for"
    (over,) = bars.take(clock(at("9:21:03")))
    assert (over.final, over.revision) == (True, 0)
    assert bars.take(clock(at("9:21:04")), clock(at("9:50:00"))) == []


def test_a_late_trade_revises_its_final_bar_once_a_second() -> None:
    bars = Bars("1m")
    bars.take(trade(at("9:20:01"), 100.0, 100), clock(at("9:21:03")))
    late = [trade(at("9:20:59"), 105.0, 100, seq=at("9:21:10") * 1000 + n) for n in (1, 2)]
    (revised,) = bars.take(*late, clock(at("9:21:11")))
    assert (revised.ts_ms, revised.revision, revised.final) == (at("9:20"), 1, True)
    assert (revised.high, revised.volume, revised.trades) == (105.0, 300, 3)
    again = trade(at("9:20:59"), 105.0, 100, seq=at("9:21:20") * 1000)
    (revised,) = bars.take(again, clock(at("9:21:21")))
    assert (revised.revision, revised.volume) == (2, 400)


def test_a_trade_later_than_a_bar_is_held_makes_a_bar_beside_it() -> None:
    bars = Bars("1m")
    bars.take(trade(at("9:20:01"), 100.0, 100), clock(at("9:21:03")), clock(at("9:21:33")))
    late = trade(at("9:20:59"), 105.0, 700, seq=at("9:21:40") * 1000)
    (beside,) = bars.take(late, clock(at("9:21:41")))
    assert (beside.ts_ms, beside.number, beside.final) == (at("9:20"), 1, True)
    assert [bar.volume for bar in bars.of("1m")] == [100, 700]


def test_auctions_stand_in_bars_of_their_own_and_in_the_day() -> None:
    bars = Bars("5m,1h,1d")
    bars.take(
        trade(at("9:15:00"), 100.0, 5000, "neutral", phase="ato"),
        trade(at("9:15:02"), 101.0, 100),
        trade(at("14:29:59"), 103.0, 100),
        trade(at("14:30:00"), 104.0, 100),
        trade(at("14:45:00"), 105.0, 9000, "neutral", phase="atc"),
        clock(at("15:00:03")),
    )
    five = [(bar.ts_ms, bar.phase, bar.volume) for bar in bars.of("5m")]
    assert five == [
        (at("9:15"), "ato", 5000),
        (at("9:15"), "continuous", 100),
        (at("14:25"), "continuous", 200),
        (at("14:45"), "atc", 9000),
    ]
    assert [bar.phase for bar in bars.of("1h")] == ["ato", "continuous", "continuous", "atc"]
    (day,) = bars.of("1d")
    assert (day.ts_ms, day.phase, day.final) == (MIDNIGHT_MS, "day", True)
    assert (day.open, day.close, day.volume, day.delta) == (100.0, 105.0, 14_300, 300)


def test_no_bar_spans_the_break_and_one_that_meets_it_is_over_when_it_begins() -> None:
    bars = Bars("1h,100t")
    bars.take(
        trade(at("11:29"), 100.0, 100),
        trade(at("11:30:00.5"), 100.0, 100),
        trade(at("11:30:07"), 100.0, 100, phase="break"),
        clock(at("11:30:09")),
        trade(at("13:00:01"), 100.0, 400),
        clock(at("13:00:02")),
    )
    hours = [(bar.ts_ms, bar.end_ms, bar.volume, bar.final) for bar in bars.of("1h")]
    assert hours == [
        (at("11:00"), at("11:30"), 300, True),
        (at("13:00"), at("14:00"), 400, False),
    ]
    ticks = [(bar.number, bar.trades, bar.final) for bar in bars.of("100t")]
    assert ticks == [(0, 3, True), (1, 1, False)]


def test_tick_and_volume_bars_end_with_the_trade_that_fills_them_at_once() -> None:
    bars = Bars("3t,1000v")
    out = bars.take(*(trade(at("9:20:01") + n, 100.0, 400) for n in range(6)))
    assert [(bar.interval, bar.number, bar.trades, bar.volume) for bar in out] == [
        ("3t", 0, 3, 1200),
        ("1000v", 0, 3, 1200),
        ("3t", 1, 3, 1200),
        ("1000v", 1, 3, 1200),
    ]
    assert [(bar.part, bar.seq) for bar in out[:2]] == [(0, out[0].seq), (1, out[0].seq)]
    assert all(bar.final for bar in out)


def test_a_range_bar_ends_before_the_trade_that_would_exceed_the_share_of_the_reference() -> None:
    bars = Bars("1%")
    prices = (10_000.0, 10_050.0, 9_950.0, 10_051.0, 10_100.0)
    trades = [
        trade(at("9:20:01") + n, price, 100, reference=10_000.0) for n, price in enumerate(prices)
    ]
    (over,) = bars.take(*trades)
    assert (over.low, over.high, over.close, over.trades) == (9_950.0, 10_050.0, 9_950.0, 3)
    (open_,) = bars.take(clock(at("9:20:02")))
    assert (open_.number, open_.open, open_.close) == (1, 10_051.0, 10_100.0)


def test_numbers_of_count_bars_begin_anew_each_day() -> None:
    bars = Bars("1t")
    first = bars.take(trade(at("9:20"), 100.0, 100), trade(at("9:21"), 100.0, 100))
    day = 86_400_000
    later = bars.take(trade(at("9:20") + day, 100.0, 100))
    assert [bar.number for bar in [*first, *later]] == [0, 1, 0]


def test_odd_lots_and_put_through_are_in_no_bar() -> None:
    bars = Bars("1m,1t")
    for board in ("odd_lot", "put_through"):
        assert bars.take(trade(at("9:20"), 100.0, 100, board=board)) == []
    assert bars.take(clock(at("9:30"))) == []


def test_parts_of_coins_are_summed_exactly_also_after_whole_ones() -> None:
    bars = Bars("1s,1m,2t")
    btc = {"symbol": "BTCUSDT.BN"}
    bars.take(
        trade(1_723_161_254_000, 61_000.5, 2, **btc),
        *(trade(1_723_161_254_001 + n, 61_000.5, 0.1, "sell", **btc) for n in range(3)),
        clock(1_723_161_255_000, "BN"),
    )
    (second,) = bars.of("1s")
    assert (second.volume, second.buy_volume, second.sell_volume) == (2.3, 2, 0.3)
    assert (second.delta, second.min_delta, second.max_delta) == (1.7, 0, 2)
    assert second.vwap == 61_000.5
    assert [bar.volume for bar in bars.of("2t")] == [2.1, 0.2]
    (minute,) = bars.of("1m")
    assert minute.ts_ms % 60_000 == 0


def test_bars_that_the_setting_no_longer_names_ask_for_no_clock() -> None:
    """Else a state that has them would be looked at each second for ever."""
    before, after = Bars("1m,100t"), Bars("5m")
    before.take(trade(at("9:20:01"), 100.0, 100), clock(at("9:20:02")))
    after.state.restore(before.state.encode(), 1)
    after.take(clock(at("15:01:00")), clock(at("15:02:00")))
    assert after.sent == []
    body = msgspec.msgpack.decode(after.state.encode(), type=Body[SymbolState])
    assert not is_open(body.units["HPG"])
