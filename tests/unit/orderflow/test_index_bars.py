"""Bars of an index, from its published values."""

from tests.unit.orderflow.support import Bars, at, clock, trade, value


def test_a_bar_has_the_values_of_its_time_and_the_volume_since_the_value_before() -> None:
    bars = Bars("1m,100t", index=True)
    bars.take(
        value(at("9:14:55"), 1870.0, 0, "ato"),
        value(at("9:15:05"), 1876.0, 5000),
        value(at("9:15:10"), 1874.5, 5600),
        value(at("9:16:00"), 1875.0, 6000),
        clock(at("9:16:03")),
    )
    first, second = bars.of("1m")
    assert (first.open, first.high, first.low, first.close) == (1876.0, 1876.0, 1874.5, 1874.5)
    assert (first.volume, first.trades, first.final) == (5600, 2, True)
    assert (second.open, second.volume) == (1875.0, 400)
    assert (first.vwap, first.delta, first.buy_volume, first.min_delta) == (None,) * 4
    assert bars.of("100t") == [], "nothing of an index is a trade"


def test_values_that_say_nothing_new_are_not_counted_outside_continuous_trading() -> None:
    """The last ones of a session come after its end and belong to it; the auction's is its own."""
    bars = Bars("5m,1d", index=True)
    bars.take(
        value(at("11:29:58"), 1876.0, 5000),
        value(at("11:30:03"), 1877.0, 5100, "break"),
        *(value(at("11:30:08") + 5000 * n, 1877.0, 5100, "break") for n in range(9)),
        value(at("14:29:58"), 1878.0, 8000),
        value(at("14:30:03"), 1879.0, 8100, "atc"),
        value(at("14:40:03"), 1879.0, 8100, "atc"),
        value(at("14:45:08"), 1881.0, 9900, "put_through"),
        value(at("14:45:13"), 1881.0, 9900, "put_through"),
        value(at("15:02:00"), 1881.0, 9900, "closed"),
        clock(at("15:02:03")),
    )
    assert [(b.ts_ms, b.phase, b.trades, b.close, b.volume) for b in bars.of("5m")] == [
        (at("11:25"), "continuous", 2, 1877.0, 100),
        (at("14:25"), "continuous", 2, 1879.0, 3000),
        (at("14:45"), "atc", 1, 1881.0, 1800),
    ]
    (day,) = bars.of("1d")
    assert (day.open, day.close, day.volume, day.trades) == (1876.0, 1881.0, 4900, 5)


def test_before_the_first_value_of_the_day_there_is_no_bar() -> None:
    bars = Bars("1m", index=True)
    assert bars.take(value(at("9:05"), 1870.0, 0, "ato"), clock(at("9:06"))) == []


def test_trades_are_no_values() -> None:
    bars = Bars("1m", index=True)
    assert bars.take(trade(at("9:20"), 100.0, 100), clock(at("9:30"))) == []
