"""The columns of `vntape tail`."""

import pytest

from services.commands._tail_output import head, line, percent

TRADE = {
    "type": "trade_classified",
    "symbol": "BTCUSDT.BN",
    "ts_ms": 1_723_161_256_322,
    "side": "buy",
    "price": 61800.3,
    "volume": 0.006,
    "rule": "quote",
    "confidence": 0.996,
}


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0.5, "50.0 %"), (0.996, "99.6 %"), (0.99999, "99.9 %"), (1.0, "100.0 %"), (0.29, "29.0 %")],
)
def test_a_confidence_below_one_is_never_shown_as_100(share: float, shown: str) -> None:
    assert percent(share) == shown


def test_names_of_columns_stand_above_their_values_and_times_are_utc_with_their_date() -> None:
    names, values = head("trade_classified"), line(TRADE, "").plain
    assert "UTC" in names
    assert values.startswith("2024-08-08 23:54:16.322 ")
    assert names.index("symbol") == values.index("BTCUSDT.BN")
    assert names.index("side") == values.index("B  ")
    assert names.index("rule") == values.index("quote")
    assert names.index("price") + 5 == values.index("61,800.30") + 9
    assert names.index("volume") + 6 == values.index("0.006") + 5
    assert "99.6 %" in values
