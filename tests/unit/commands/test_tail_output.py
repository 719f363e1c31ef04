"""The columns of `vntape tail`, and the conventions of a Vietnamese price board."""

import json
from pathlib import Path
from typing import Any

import pytest

import schemas
from services.commands._board_style import colour, price, time
from services.commands._tail_output import head, line, percent

TRADE = {
    "type": "trade_classified",
    "symbol": "BTCUSDT.BN",
    "ts_ms": 1_723_161_256_322,
    "side": "buy",
    "price": 61800.3,
    "volume": 0.006,
    "phase": "continuous",
    "rule": "quote",
    "confidence": 0.996,
}
HPG = TRADE | {
    "symbol": "HPG",
    "ts_ms": 1_784_513_700_000,
    "price": 21750.0,
    "volume": 97300,
    "side": "neutral",
    "phase": "ato",
    "rule": None,
    "confidence": None,
    "reference": 21750.0,
    "ceiling": 23250.0,
    "floor": 20250.0,
}


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0.5, "50.0 %"), (0.996, "99.6 %"), (0.99999, "99.9 %"), (1.0, "100.0 %"), (0.29, "29.0 %")],
)
def test_a_confidence_below_one_is_never_shown_as_100(share: float, shown: str) -> None:
    assert percent(share) == shown


def test_names_of_columns_stand_above_their_values_and_times_say_their_zone() -> None:
    names, values = head("trade_classified"), line(TRADE, "").plain
    assert values.startswith("2024-08-08 23:54:16.322Z ")
    assert names.index("symbol") == values.index("BTCUSDT.BN")
    assert names.index("side") == values.index("B  ")
    assert names.index("phase") == values.index("continuous")
    assert names.index("rule") == values.index("quote")
    assert names.index("price") + 5 == values.index("61,800.30") + 9
    assert names.index("volume") + 6 == values.index("0.006") + 5
    assert "99.6 %" in values


def test_a_vietnamese_print_has_local_time_thousands_and_the_colour_of_the_reference() -> None:
    shown = line(HPG, "")
    assert shown.plain.startswith("2026-07-20 09:15:00.000+07")
    assert "= " in shown.plain
    assert " 21.75 " in shown.plain
    (paint,) = [span.style for span in shown.spans if "21.75" in shown.plain[span.start : span.end]]
    assert paint == "yellow"


@pytest.mark.parametrize(
    ("symbol", "kind", "value", "shown"),
    [
        ("VCB", "stock", 85200.0, "85.20"),
        ("FUEVFVND", None, 30010.0, "30.01"),
        ("41I1GC000", None, 1905.3, "1,905.30"),
        ("VN30F2612", None, 1905.3, "1,905.30"),
        ("VN30", "index", 1900.25, "1,900.25"),
        ("BTCUSDT.BN", None, 61800.3, "61,800.30"),
        ("VCB", None, None, "-"),
    ],
)
def test_shares_are_in_thousands_and_futures_and_indices_in_points(
    symbol: str, kind: str | None, value: float | None, shown: str
) -> None:
    assert price(value, symbol, kind) == shown


@pytest.mark.parametrize(
    ("value", "painted"),
    [
        (23250.0, "magenta"),
        (20250.0, "cyan"),
        (21750.0, "yellow"),
        (21800.0, "green"),
        (21700.0, "red"),
        (None, ""),
    ],
)
def test_the_five_colours_are_by_exact_limits(value: float | None, painted: str) -> None:
    assert colour(value, 21750.0, 23250.0, 20250.0) == painted


def test_a_price_without_a_reference_has_no_colour() -> None:
    assert colour(100.0, None) == ""


def test_times_are_the_venues() -> None:
    assert time(0, "VN") == "1970-01-01 07:00:00.000+07"
    assert time(0, "BN") == "1970-01-01 00:00:00.000Z"


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        (
            "foreign",
            {"buy_volume": 1200, "sell_volume": 200, "buy_value": 3e9, "sell_value": 1e9},
            ["1,200", "200", "1,000", "2.0", "-"],
        ),
        (
            "index",
            {"value": 1250.5, "prior": 1250.0, "total_volume": 1000, "advances": 3},
            ["1,250.50", "+0.50", "+0.04 %", "1,000", "-", "3", "-", "-"],
        ),
        (
            "auction",
            {"phase": "ato", "expected_price": 21750.0, "expected_volume": 97300},
            ["ato", "21.75", "97,300"],
        ),
    ],
)
def test_each_type_has_its_columns(kind: str, fields: dict[str, Any], words: list[str]) -> None:
    message = {"type": kind, "symbol": "HPG", "ts_ms": 0, "seq": 1} | fields
    if kind == "index":
        message["symbol"] = "VNINDEX"
    assert line(message, "").plain[45:].split() == " ".join(words).split()
    assert head(kind).startswith("time ")


def example(name: str) -> dict[str, Any]:
    folder = Path(schemas.__file__).parent / "examples"
    found: dict[str, Any] = json.loads((folder / name).read_text())
    return found


def test_an_estimate_stands_beside_what_is_published_and_says_whose_weights() -> None:
    shown = line(example("index-estimates/fitted.json"), "").plain
    names = head("index_estimate")
    said = example("index-estimates/fitted.json")
    for name, value in (("estimate", said["value"]), ("published", said["published"])):
        end = names.index(name) + len(name)
        assert shown[:end].endswith(f"{value:,.2f}")
    assert f"{said['error']:+.4f}" in shown
    assert shown.endswith("30/30  fitted, 500 values")
    assert "  -" in line(example("index-estimates/minimal.json"), "").plain


def test_a_summary_shows_breadth_and_who_bought_on_balance() -> None:
    said = example("market-summary/exchange.json")
    shown = line(said, "")
    assert shown.plain.split()[3:7] == [
        str(said[name]) for name in ("advances", "unchanged", "declines", "not_traded")
    ]
    assert f"{said['foreign_net_value'] / 1e9:,.1f}" in shown.plain


def test_leaders_show_the_first_three_of_each_list() -> None:
    said = example("market-summary/leaders.json")
    shown = line(said, "").plain
    first, fourth = said["foreign_buyers"][0], said["foreign_buyers"][3]
    assert f"{first['symbol']} {first['net_value'] / 1e9:,.1f}" in shown
    assert f"{fourth['symbol']} {fourth['net_value'] / 1e9:,.1f}" not in shown
