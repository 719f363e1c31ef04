"""Scripted Vietnamese days through ingest and foreign flow, against figures by hand."""

from functools import cache

from schemas.foreign_flow import ForeignFlow
from services.foreign.app import SERVICE
from tests.support.vn_day_run import Outputs, local_us, tape

END = "23:59:59"


@cache
def rows(name: str) -> tuple[ForeignFlow, ...]:
    return tuple(Outputs(SERVICE, tape(name)).of(ForeignFlow))


def last(name: str, date: str, time: str, symbol: str) -> ForeignFlow:
    """A symbol's row as it stands when the clock of a local time has come."""
    return [r for r in rows(name) if r.symbol == symbol and r.seq <= local_us(time, date)][-1]


def test_a_whole_day() -> None:
    """10,000 at 21,750, then 15,000 bought and 12,000 sold; HNX until after the PLO."""
    row = last("whole_day", "2026-07-20", END, "HPG")
    assert (row.buy_volume, row.sell_volume, row.net_volume) == (25_000, 12_000, 13_000)
    assert (row.total_volume, row.share, row.room) == (144_000, 37_000 / 288_000, 499_975_000)
    assert (row.value_basis, row.resets) == ("price_times_volume", 0)
    row = last("whole_day", "2026-07-20", END, "SHS")
    assert (row.buy_volume, row.sell_volume, row.net_volume) == (400, 100, 300)
    assert (row.total_volume, row.share) == (9_800, 500 / 19_600), "200 more came after this row"


def test_deltas_of_a_day_that_was_seen_whole_add_up_to_its_net() -> None:
    for symbol in ("HPG", "SHS"):
        mine = [r for r in rows("whole_day") if r.symbol == symbol and r.day == "2026-07-20"]
        assert sum(r.delta_volume or 0 for r in mine) == mine[-1].net_volume
        assert sum(r.delta_value or 0 for r in mine) == mine[-1].net_value
        assert None not in [r.delta_volume for r in mine]


def test_a_new_day_has_none_of_the_old_ones_figures() -> None:
    days = {r.day: r for r in rows("day_roll") if r.symbol == "HPG"}
    assert days["2026-08-28"].buy_volume == 300
    first = next(r for r in rows("day_roll") if r.day == "2026-09-03")
    assert first.delta_volume == first.net_volume, "it begins at nothing"


def test_a_late_start_knows_totals_and_no_speed_until_a_minute_was_seen() -> None:
    (row,) = [r for r in rows("late_start") if r.symbol == "HPG"]
    assert (row.buy_volume, row.delta_volume, row.speed_volume_1m) == (700_000, None, None)
