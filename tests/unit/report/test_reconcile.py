"""The reconciliation of a Vietnamese day: it agrees, and one share off is seen."""

from dataclasses import replace
from typing import Any

import pytest

from services.report.facts import Tape
from services.report.reconcile import Stored, reconcile
from tests.support.vn_day_scripts import day_roll, late_start, whole_day
from tests.unit.report.support import counted, tape_of


def differing(tape: Tape, stored: Stored, script: Any = whole_day) -> list[str]:
    return [c.what for c in reconcile(counted(script), tape, stored) if not c.agrees]


@pytest.mark.parametrize("script", [whole_day, late_start, day_roll])
def test_a_decoded_day_agrees_with_its_lines(script: Any) -> None:
    assert differing(*tape_of(script), script) == []


def test_a_trade_of_the_table_that_is_one_share_off_differs() -> None:
    tape, stored = tape_of(whole_day)
    count, volume, buys = stored.trades["HPG"]
    wrong = replace(stored, trades=dict(stored.trades) | {"HPG": (count, volume + 10**8, buys)})
    assert differing(tape, wrong) == ["files = table trades_classified"]


def test_an_active_buy_that_is_one_share_off_differs_from_the_total() -> None:
    tape, stored = tape_of(whole_day)
    tape.derived.flow["HPG", "2026-07-20", "day"]["buy_volume"] += 1
    (what,) = differing(tape, stored)
    assert what == "files = session-flow: buy + sell + neutral + unknown = total"


def test_a_board_that_shows_another_total_differs() -> None:
    tape, stored = tape_of(whole_day)
    tape.derived.board["HPG"]["total_volume"] += 100
    assert differing(tape, stored) == ["files = board: total volume, last price"]


def test_a_lost_raw_record_differs() -> None:
    tape, stored = tape_of(whole_day)
    tape.raw.lines["VN", "R"] -= 1
    assert differing(tape, stored) == ["files = raw topics: messages by venue and kind"]
