"""A scripted Vietnamese day through ingest and derivatives, against figures by hand."""

from functools import cache

from schemas.basis import Basis
from tests.support.vn_day_run import Outputs, local_us, tape
from tests.unit.derivatives.support import service

DAY, FUTURE = "2026-07-20", "41I1G8000"


@cache
def rows() -> tuple[Basis, ...]:
    return tuple(Outputs(service(), tape("whole_day")).of(Basis))


def at(time: str) -> Basis:
    """The row of the future as it stands when the clock of a local time has come."""
    return [r for r in rows() if r.seq <= local_us(time, DAY)][-1]


def test_at_08_50_there_is_neither_a_trade_nor_a_spot() -> None:
    row = at("08:50:00")
    assert (row.symbol, row.phase, row.future, row.spot_kind, row.basis) == (
        FUTURE, "ato", None, "none", None,
    )  # fmt: skip


def test_at_09_05_the_future_trades_and_its_spot_is_at_best_an_estimate() -> None:
    row = at("09:05:00")
    assert (row.phase, row.future, row.total_volume) == ("continuous", 1788.5, 70)
    assert row.spot_kind in ("none", "estimated_ato")
    assert (row.basis is None) == (row.spot_kind == "none")


def test_at_14_46_the_last_values_stand() -> None:
    """1785 less 1905. No clock of this tape closes what it tells last, at 15:05:05."""
    row = at("14:46:00")
    assert (row.phase, row.future, row.spot, row.basis) == ("closed", 1785.0, 1905.0, -120.0)
    assert (row.spot_kind, row.basis_percent, row.stale) == ("published", -6.2992, False)
    row = at("23:59:59")
    assert (row.basis, row.open_interest) == (-120.0, 57_500)
    assert row.days_to_expiry is None, "the script's instrument names no last day"
