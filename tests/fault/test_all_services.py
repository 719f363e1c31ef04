"""Vietnamese days with all services of the pump killed under load: no trace anywhere."""

import secrets
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.stack import Addresses
from tests.support import vn_day_crowd
from tests.support.path import COMPUTING, crew
from tests.support.path_kills import SEED, kill_at_random
from tests.support.path_result import Result, assert_same, result, summary
from tests.support.tapes import forget

pytestmark = [
    pytest.mark.broker, pytest.mark.database, pytest.mark.soak, pytest.mark.timeout(900),
]  # fmt: skip

VICTIMS = ("ingest-1", *(f"{service}-1" for service in COMPUTING), "writer-1")
SPEED = "100"
"""A day would last 225 s: longer than the kills. The rest is played as fast as it goes."""
PATIENCE_S = 300.0
MADE = {
    "trades-classified", "session-flow", "board", "foreign-flow", "index-estimates",
    "market-summary", "basis", "bars", "alerts", "busd-patterns", "busd-forecasts",
}  # fmt: skip
LEVELS = [
    {"id": f"over-{each.symbol.lower()}", "kind": "level", "symbols": [each.symbol],
     "price_above": each.reference + 100, "rearm_percent": 0.2, "cooldown_s": 1}
    for each in vn_day_crowd.listings(60) if each.kind == "stock"
]  # fmt: skip
"""Prices of the crowd go up and down by 200 around the reference."""
RULES = yaml.safe_dump({"rules": LEVELS})


def settings(folder: Path) -> dict[str, Any]:
    """As the crowd needs it: it repeats a volume twice in five minutes, not five times."""
    rules = folder / "alerts.yaml"
    rules.write_text(RULES)
    return {
        "receive_clock": "recorded",
        "reference_data": vn_day_crowd.reference_data(folder / "data"),
        "alert_rules": rules,
        "derivatives_rate": 0.045,
        "derivatives_dividend_yield": 0.015,
        "busd_min_occurrences": 2,
        "bars": "1s,5m,1d,20t,20000v,0.5%",
        "snapshot_interval_s": 1,
        "session_timeout_s": 3,
    }


def undisturbed(stack: Addresses, folder: Path, days: Path, options: dict[str, Any]) -> Result:
    """What a run without any trouble leaves."""
    tape = f"t{secrets.token_hex(6)}"
    try:
        with crew(stack, tape, folder, days, **options) as path:
            for name in VICTIMS:
                path.start(name)
            path.finish(PATIENCE_S)
            assert path.restarts == 0
        found = result(stack, tape)
    finally:
        forget(tape, stack)
    assert found.repeats == 0
    return found


def test_days_under_kills_of_all_services_leave_what_an_undisturbed_run_leaves(
    stack: Addresses, tape: str, tmp_path: Path
) -> None:
    """Everybody dies, and two at once: raw topics, market, derived topics and tables compared."""
    days, options = vn_day_crowd.recording(tmp_path), settings(tmp_path)
    wanted = undisturbed(stack, tmp_path / "calm", days, options)
    print(f"\nundisturbed: {summary(wanted)}")
    assert {topic for topic, *_ in wanted.derived} >= MADE
    assert [name for name in MADE if not wanted.tables[name.replace("-", "_")]] == []
    with crew(stack, tape, tmp_path / "killed", days, **options) as path:
        path.begin(SPEED, also=[n for n in VICTIMS if n.startswith(COMPUTING[1:])])
        kill_at_random(path, VICTIMS, SEED, each=1, pairs=2)
        path.kill("ingest-1", restart=False)
        path.start("ingest-1")
        path.finish(PATIENCE_S)
    found = result(stack, tape)
    print(summary(found))
    assert_same(found, wanted)
    assert found.repeats > 0, "no kill came between an output and its snapshot: nothing was tested"
