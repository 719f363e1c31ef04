"""A Vietnamese day through the demo: it reconciles, and the reports see one share that is off."""

import json
import secrets
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from services.stack import Addresses
from tests.support.demos import Demos
from tests.support.vn_day_scripts import whole_day

pytestmark = [pytest.mark.soak, pytest.mark.broker, pytest.mark.database, pytest.mark.timeout(200)]


@pytest.fixture
def told(demos: Demos) -> Callable[..., tuple[int, str]]:
    """`vntape report …`: exit status and what it said."""
    return lambda *arguments: demos.run("report", *arguments)


def test_a_vietnamese_day_reconciles_and_one_share_off_ends_the_reports_with_1(
    demos: Demos, told: Callable[..., tuple[int, str]], stack: Addresses, tmp_path: Path
) -> None:
    """
    The price board, completeness from tables and from topics, agreement of B and iBoard.

    Hand-made totals: HPG 144,000 in 915 prints; 912 of B and 909 of L# are among them.
    """
    unique = secrets.token_hex(4)
    recording, tape = whole_day().write(tmp_path, f"v{unique}"), f"demov{unique}"
    said = demos.demo(recording, tape)
    (hpg,) = (line for line in said.splitlines() if line.startswith(" HPG "))
    shown = [cell.strip() for cell in hpg.split("│")]
    assert shown[1:6] == ["21.85", "21.90", "+0.05", "+0.23", "144,000"]

    here = ("--tape", tape)
    for source in ((), ("--from-topics",)):
        status, said = told("completeness", *here, *source)
        assert (status, "completeness 100.00 % (4 symbols)" in said) == (0, True), said
    status, said = told("agreement", *here, "--symbol", "HPG", "--json")
    prints = {p["source"]: (p["count"], p["matched"]) for p in json.loads(said)["prints"]}
    assert (status, prints) == (0, {"B": (912, 912), "L#": (909, 909)})

    with psycopg.connect(stack.database, autocommit=True) as connection:
        table = f"{tape}.trades_classified"
        one = f"(SELECT seq FROM {table} WHERE symbol = 'HPG' ORDER BY seq LIMIT 1)"
        connection.execute(f"UPDATE {table} SET volume = volume + 1 WHERE seq = {one}")
    status, said = told("completeness", *here)
    assert (status, "144,001" in said, "1 of 4 symbol-days" in said) == (1, True, True), said
    assert told("completeness", *here, "--symbol", "SHS")[0] == 0
    assert told("reconciliation", *here, "--recording", str(recording))[0] == 1
