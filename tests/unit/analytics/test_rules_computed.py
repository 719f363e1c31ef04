"""What rules over foreign flow, basis and index estimates tell, and expressions."""

from tests.unit.analytics.support import (
    at,
    basis,
    estimate,
    foreign,
    one,
    row,
    rules,
)


def test_foreigners_that_buy_or_sell_much_in_a_window_are_told() -> None:
    crew = rules("foreign-flow", kind="foreign_burst", window="5m", min_value=50e9, cooldown_s=0)
    assert crew.take(foreign(at(10)), foreign(at(10, 1), speed_value_5m=9.9e9)) == []
    alert = one(crew.take(foreign(at(10, 2), speed_value_5m=10.46e9, price_change_5m=150.0)))
    assert alert.text_vi == "Khối ngoại mua ròng 52,3 tỷ đồng trong 5 phút"
    assert alert.numbers == {"net_value": 52.3e9, "minutes": 5, "price_change": 150.0}
    assert crew.take(foreign(at(10, 3), speed_value_5m=6e9)) == [], "not yet below a half"
    selling = one(crew.take(foreign(at(10, 4), speed_value_5m=-10e9)))
    assert (selling.side, selling.text_en) == (
        "down", "Net foreign selling of VND 50.0 bn in 5 minutes",
    )  # fmt: skip


def test_foreigners_that_speed_up_are_told() -> None:
    crew = rules("foreign-flow", kind="foreign_acceleration", window="1m", min_value=1e9)
    row_ = foreign(at(10), acceleration_value_1m=-2e9, speed_value_1m=-3e9, speed_value_5m=1.0)
    assert one(crew.take(row_)).text_vi == (
        "Khối ngoại tăng tốc bán: 2,0 tỷ đồng/phút mỗi phút (đang -3,0 tỷ đồng/phút)"
    )


def test_a_price_against_the_foreigners_is_told_while_their_net_is_of_some_size() -> None:
    crew = rules("foreign-flow", kind="foreign_correlation", min_net_value=15e9, cooldown_s=0)
    little = foreign(at(10), correlation_15m=-0.95, speed_value_15m=0.9e9)
    assert crew.take(little, foreign(at(10, 1), speed_value_15m=2e9)) == []
    alert = one(crew.take(foreign(at(10, 2), correlation_15m=-0.95, speed_value_15m=2e9)))
    assert alert.text_vi == (
        "Giá đi ngược chiều khối ngoại: tương quan -0,95 trong 15 phút (ròng 30,0 tỷ đồng)"
    )


def test_the_basis_of_the_contract_that_has_the_name_now_is_told() -> None:
    crew = rules("basis", kind="basis_zscore", symbols=["VN30F1M"], min_z=3, cooldown_s=0)
    front = {"continuous": "VN30F1M", "basis": 4.25}
    assert crew.take(basis(at(10), z_score=9.0), basis(at(10, 1), z_score=2.9, **front)) == []
    alert = one(crew.take(basis(at(10, 2), z_score=-3.14, **front)))
    assert alert.text_vi == "Basis +4,25 điểm, lệch -3,1 độ lệch chuẩn"
    assert alert.numbers == {"z_score": -3.14, "basis": 4.25}


def test_a_future_that_parts_from_its_index_is_told() -> None:
    crew = rules("basis", kind="divergence", min_percent=0.3)
    moved = {"future_change_5m": 6.2, "spot_change_5m": 1.1}
    assert crew.take(basis(at(10), divergence=None), basis(at(10, 1), divergence=0.29)) == []
    assert one(crew.take(basis(at(10, 2), divergence=0.35, **moved))).text_vi == (
        "Phái sinh mạnh hơn cơ sở 0,35 điểm % trong 5 phút (+6,2 so với +1,1 điểm)"
    )


def test_an_estimate_that_is_off_is_told_in_basis_points() -> None:
    crew = rules("index-estimates", kind="index_error", min_bps=5, cooldown_s=0)
    assert crew.take(estimate(at(10), None, None), estimate(at(10, 1), 0.04, 0.5)) == []
    alert = one(crew.take(estimate(at(10, 2), -0.065, -0.85)))
    assert (alert.symbol, alert.side) == ("VN30", "down")
    assert alert.text_en == "The estimate is -0.85 points off the published value (-6.5 bps)"


def test_an_expression_holds_and_is_told_with_the_fields_that_it_uses() -> None:
    crew = rules(
        "board", kind="expression", topic="board", cooldown_s=0,
        when="last >= ceiling * 0.99 and kind == 'stock'",
        text_vi="giá {last} sát trần {ceiling}",
    )  # fmt: skip
    stock = {"ceiling": 32_000.0, "kind": "stock"}
    assert crew.take(row(at(10), None, **stock), row(at(10, 1), 31_000, **stock)) == []
    assert crew.take(row(at(10, 2), 31_900, ceiling=32_000.0, kind="etf")) == []
    alert = one(crew.take(row(at(10, 3), 31_900, **stock)))
    assert alert.text_vi == "giá 31.900 sát trần 32.000"
    assert alert.text_en == "giá 31,900 sát trần 32,000"
    assert alert.numbers == {"last": 31_900.0, "ceiling": 32_000.0}
    assert crew.take(row(at(10, 4), 31_950, **stock)) == [], "it still holds"
    assert crew.take(row(at(10, 5), 31_000, **stock), row(at(10, 6), 31_900, **stock))


def test_unknown_fields_and_a_division_by_zero_are_no_alert() -> None:
    crew = rules("board", kind="expression", topic="board", when="last / change > 0")
    assert crew.take(row(at(10), 5, change=0), row(at(10, 1), None, change=1)) == []
    assert crew.take(row(at(10, 2), 5, change=1))
