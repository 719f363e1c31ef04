"""What each kind of rule tells, and when."""

from typing import Any

import pytest

from schemas.alerts import Alert, alert_id
from tests.unit.analytics.support import (
    SECOND,
    Rules,
    at,
    flow,
    future,
    gap,
    index,
    one,
    printed,
    rules,
    trade,
)


def test_a_large_trade_is_told_with_its_figures_in_both_languages() -> None:
    crew = rules(kind="large_trade", min_value=20e9)
    assert crew.take(printed(at(10), 30_550, 600_000)) == []
    alert = one(crew.take(printed(at(10, 1), 30_550, 1_000_000)))
    assert alert.numbers == {"price": 30_550.0, "volume": 1_000_000, "value": 30.55e9}
    assert alert.text_vi == "Lệnh lớn mua chủ động: 1.000.000 giá 30.550 (30,6 tỷ đồng)"
    assert alert.text_en == "Large active buy: 1,000,000 at 30,550 (VND 30.6 bn)"
    assert (alert.side, alert.day, alert.venue) == (None, "2026-07-20", "VN")
    assert alert.dedupe_key == "r/HPG/2026-07-20"
    assert alert_id("live", alert) == f"live/r/HPG/{at(10, 1)}/0"


@pytest.mark.parametrize("field", [{"board": "put_through"}, {"phase": "ato"}, {"phase": "atc"}])
def test_an_auction_or_a_put_through_deal_is_no_large_trade(field: dict[str, Any]) -> None:
    assert rules(kind="large_trade", min_value=1).take(printed(at(10), **field)) == []


def test_a_future_is_large_by_its_contracts() -> None:
    crew = rules(kind="large_trade", min_volume=300, families=["future"])
    assert crew.take(printed(at(10), 1287.5, 400, "HPG")) == []
    alert = one(crew.take(printed(at(10), 1287.5, 300, "41I1GC000")))
    assert alert.text_vi == "Lệnh lớn mua chủ động: 300 giá 1.287,5"


def test_within_the_cooldown_an_event_is_not_told_again_and_after_it_is() -> None:
    crew = rules(kind="large_trade", min_value=1, cooldown_s=60)
    told = [bool(crew.take(printed(at(10, 0, s)))) for s in (0, 1, 59.9, 60, 119, 121)]
    assert told == [True, False, False, True, False, True]


def test_two_symbols_and_two_rules_have_cooldowns_of_their_own() -> None:
    crew = rules(kind="large_trade", min_value=1, cooldown_s=60)
    assert len(crew.take(printed(at(10)), printed(at(10), symbol="FPT"))) == 2


LIMITS = {"ceiling": 32.0, "floor": 28.0}


def test_at_the_ceiling_it_is_told_once_until_the_price_has_left_it() -> None:
    crew = rules(kind="price_limit", rearm_percent=1, cooldown_s=0)
    prices = [31.0, 32.0, 31.9, 32.0, 31.6, 32.0, 28.0, 28.1, 28.0]
    told = [
        [a.side for a in crew.take(printed(at(10, n), price, **LIMITS))]
        for n, price in enumerate(prices)
    ]
    assert told == [[], ["up"], [], [], [], ["up"], ["down"], [], []]


def test_the_next_day_the_ceiling_is_told_again() -> None:
    crew = rules(kind="price_limit")
    assert crew.take(printed(at(10), 32.0, **LIMITS))
    assert crew.take(printed(at(14), 32.0, **LIMITS)) == []
    assert crew.take(printed(at(10, day=1), 32.0, **LIMITS))


def test_a_symbol_without_limits_is_never_at_one() -> None:
    assert rules(kind="price_limit").take(printed(at(10), 32.0)) == []


def test_a_value_that_is_still_beyond_when_the_cooldown_ends_is_told_then() -> None:
    crew = rules(kind="price_limit", rearm_percent=1, cooldown_s=600)
    prices = [(0, 32.0), (1, 30.0), (2, 32.0), (9, 32.0), (10, 32.0), (30, 32.0)]
    told = [bool(crew.take(printed(at(10, m), p, **LIMITS))) for m, p in prices]
    assert told == [True, False, False, False, True, False]


def surge(crew: Rules, day: int, volumes: list[int]) -> list[Alert]:
    """A print in each minute from 10:00 on."""
    return crew.take(*(printed(at(10, n, day=day), volume=v) for n, v in enumerate(volumes)))


def test_a_minute_is_judged_against_the_same_minute_of_earlier_days() -> None:
    crew = rules(kind="volume_surge", ratio=5, days=2, min_days=2, min_volume=100, cooldown_s=0)
    assert surge(crew, 0, [100, 1000]) == []
    assert surge(crew, 1, [300, 1000]) == [], "one day is not enough"
    alert = one(surge(crew, 2, [1000, 1000]))
    assert alert.numbers == {"volume": 1000, "mean_volume": 200, "days": 2, "ratio": 5}
    assert alert.text_en == (
        "Volume surge in the minute 10:00: 1,000, 5.0 times the mean of 2 days (200)"
    )
    assert surge(crew, 3, [3249, 1000]) == [], "the first day is gone: the mean is 650"
    assert one(surge(crew, 4, [0, 4999, 50_000])).numbers["volume"] == 50_000, "none: 0 counts"


def test_a_surge_is_told_within_its_minute_as_soon_as_it_is_one() -> None:
    crew = rules(kind="volume_surge", ratio=2, days=1, min_days=1, min_volume=1, cooldown_s=0)
    surge(crew, 0, [300, 300])
    told = [
        crew.take(printed(at(10, m, s, day=1), volume=250))
        for m, s in [(0, 1), (0, 2), (0, 3), (0, 4), (1, 1), (1, 2), (1, 3)]
    ]
    assert [bool(t) for t in told] == [False, False, True, False, False, False, True]
    assert told[2][0].numbers["volume"] == 750


def test_a_minute_of_little_volume_is_no_surge_whatever_its_mean() -> None:
    for volume in (499, 500):
        crew = rules(kind="volume_surge", ratio=5, days=1, min_days=1, min_volume=500)
        surge(crew, 0, [1])
        assert bool(surge(crew, 1, [volume])) is (volume == 500)


def imbalance(**more: Any) -> Rules:
    fields = {"window_s": 300, "ratio": 0.7, "rearm_ratio": 0.3, "min_value": 1000}
    return rules("session-flow", kind="active_imbalance", **{**fields, **more})


def test_active_buying_is_judged_over_the_window_once_that_is_full() -> None:
    crew = imbalance(cooldown_s=0)
    assert crew.take(flow(at(10), 0, 0), flow(at(10, 4, 50), 5000, 0)) == []
    alert = one(crew.take(flow(at(10, 5), 5000, 500)))
    assert alert.side == "up"
    assert alert.numbers == {
        "imbalance": round(4500 / 5500, 4), "buy_value": 5000, "sell_value": 500, "window_s": 300,
    }  # fmt: skip
    assert alert.text_vi == "Mua chủ động chiếm 90,9% giá trị trong 5 phút (5.500 đồng)"
    selling = one(crew.take(flow(at(10, 10), 5000, 9000), flow(at(10, 15), 5100, 19_000)))
    assert (selling.side, selling.numbers["sell_value"]) == ("down", 8500)


def test_little_trading_and_values_that_are_unknown_are_no_imbalance() -> None:
    crew = imbalance()
    assert crew.take(flow(at(10), 0, 0), flow(at(10, 6), 999, 0)) == []
    assert imbalance().take(flow(at(10), 0, 0), flow(at(10, 6), None, 0)) == []
    assert imbalance().take(flow(at(10), 0, 0), flow(at(10, 6), 2000, 0, phase="continuous")) == []


def test_a_level_is_told_of_symbols_indices_and_the_contract_an_alias_means_now() -> None:
    crew = rules("market", kind="level", symbols=["VN30F1M", "VN30"], price_above=1300)
    old, new = "41I1G7000", "41I1G8000"
    assert crew.take(future(at(8), old, "VN30F2607", "VN30F1M"), future(at(8), new)) == []
    assert crew.take(trade(at(10), 1301, new), trade(at(10), 1400, "HPG")) == []
    assert one(crew.take(trade(at(10), 1301.5, old))).text_en == "Price 1,301.5, above 1,300"
    assert one(crew.take(index(at(10), 1300))).symbol == "VN30"
    roll = [future(at(8, day=4), new, "VN30F2608", "VN30F1M"), future(at(8, day=4), old)]
    assert crew.take(*roll, trade(at(10, day=4), 1301, old)) == []
    assert one(crew.take(trade(at(10, day=4), 1301, new))).symbol == new


def test_below_a_level_is_the_other_side_and_arms_again_behind_its_margin() -> None:
    crew = rules(
        "market", kind="level", symbols=["HPG"], price_below=30, rearm_percent=10, cooldown_s=0
    )
    prices = [31, 30, 32, 29, 34, 30]
    told = [[a.side for a in crew.take(trade(at(10, n), p))] for n, p in enumerate(prices)]
    assert told == [[], ["down"], [], [], [], ["down"]]


def test_the_volume_of_the_day_passes_a_level_once() -> None:
    crew = rules("market", kind="level", symbols=["HPG"], volume_above=1000, cooldown_s=0)
    told = [
        crew.take(trade(at(10, n), 30, total_volume=v)) for n, v in enumerate((900, 1000, 2000))
    ]
    assert [bool(t) for t in told] == [False, True, False]
    assert told[1][0].text_vi == "Khối lượng cả ngày 1.000, vượt 1.000"


def test_a_gap_of_a_venue_is_one_alert_of_the_venue() -> None:
    crew = rules("market", kind="feed_gap", min_seconds=5)
    crew.take(trade(at(10), 30), trade(at(10), 30, "FPT"))
    assert crew.take(gap(at(10, 1), 4.9), gap(at(10, 2), 60, "late_start")) == []
    alert = one(crew.take(gap(at(10, 3), 21.5)))
    assert (alert.symbol, alert.venue, alert.severity) == ("*", "VN", "critical")
    assert alert.text_vi == "Mất dữ liệu ssi/X-TRADE trong 21,5 giây (disconnect)"
    assert alert_id("live", alert) == f"live/r/*VN/{at(10, 3)}/0"


def test_parts_count_on_when_several_messages_of_a_second_fire() -> None:
    """Rows of session-flow share the clock's seq."""
    crew = rules(
        "session-flow", kind="expression", topic="session-flow", cooldown_s=0, when="final"
    )
    rows = [flow(at(10), 0, 0, final=final, part=n) for n, final in enumerate((1, 0, 1))]
    assert [(a.seq, a.part) for a in crew.take(*rows)] == [(at(10), 0), (at(10), 1)]


def test_without_and_families_leave_symbols_out() -> None:
    crew = rules(kind="large_trade", min_volume=1, families=["stock", "crypto"], without=["FPT"])
    symbols = ["HPG", "FPT", "41I1GC000", "BTCUSDT.BN"]
    told = [a.symbol for s in symbols for a in crew.take(printed(at(10), symbol=s))]
    assert told == ["HPG", "BTCUSDT.BN"]


def test_a_rule_whose_threshold_was_changed_keeps_what_it_knows_of_earlier_days() -> None:
    fields = {"kind": "volume_surge", "days": 3, "min_days": 1, "min_volume": 1, "cooldown_s": 0}
    before, after = rules(**fields, ratio=100), rules(**fields, ratio=2)
    surge(before, 0, [100])
    after.state.restore(before.state.encode(), before.state.next_offset)
    assert one(surge(after, 1, [250])).numbers["ratio"] == 2.5


def test_only_the_time_of_messages_moves_the_result() -> None:
    """The same messages a year later give the same alerts."""
    year = 364 * 86_400 * SECOND
    first, later = rules(kind="large_trade", min_value=1), rules(kind="large_trade", min_value=1)
    told = first.take(*(printed(at(10, 0, s)) for s in range(400)))
    again = later.take(*(printed(at(10, 0, s) + year) for s in range(400)))
    assert [(a.seq, a.text_vi) for a in told] == [(a.seq - year, a.text_vi) for a in again]
