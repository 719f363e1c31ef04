"""Vietnamese days with everything killed under load: no trace in any topic, board or table."""

import json
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from schemas.session_flow import SessionFlow
from services.stack import Addresses
from tests.support import vn_day_crowd
from tests.support.eventually import eventually_sync
from tests.support.path import Crew, crew
from tests.support.path_kills import SEED, kill_at_random
from tests.support.path_result import Result, assert_same, result, summary
from tests.support.tapes import forget
from tests.support.vn_day_run import LOCAL

pytestmark = [pytest.mark.broker, pytest.mark.database, pytest.mark.timeout(300)]

VICTIMS = (
    "ingest-1", "classifier-1", "board-1", "foreign-1", "index-1", "index-merge-1", "writer-1",
)  # fmt: skip
ALSO = ("board-1", "foreign-1", "index-1", "index-merge-1")
# A day would last 37 s: longer than the kills. What is left of it, the night and the second
# day are played as fast as they go.
SPEED = "600"
TOPICS = {"trades-classified", "session-flow", "board", "instruments", "sessions", "index-values"}
TOPICS |= {"foreign-flow", "index-estimates", "market-summary"}
PASSED_ON = {"market-partials"}
"""Stored nowhere."""

TABLES = {name.replace("-", "_") for name in TOPICS} | {"market_gap", "market_foreign"}


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days of 61 symbols on three exchanges, 25 thousand messages."""
    return vn_day_crowd.recording(tmp_path_factory.mktemp("days"))


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """More snapshots and a shorter session than in production; the crowd's own reference data."""
    data = vn_day_crowd.reference_data(tmp_path_factory.mktemp("reference") / "data")
    hurried = {"snapshot_interval_s": 1, "session_timeout_s": 3}
    return {"receive_clock": "recorded", "reference_data": data, **hurried}


@pytest.fixture(scope="module")
def undisturbed(
    stack: Addresses,
    days: Path,
    settings: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Result]:
    """What a run without any trouble leaves."""
    tape = f"t{secrets.token_hex(6)}"
    with crew(stack, tape, tmp_path_factory.mktemp("calm"), days, **settings) as path:
        for name in VICTIMS:
            path.start(name)
        path.finish()
        assert path.restarts == 0
    found = result(stack, tape)
    print(f"\nundisturbed: {summary(found)}")
    assert found.repeats == 0
    assert {topic for topic, *_ in found.derived} == TOPICS | PASSED_ON
    assert [name for name in TABLES if not found.tables[name]] == []
    yield found
    forget(tape, stack)


def test_every_flow_adds_up_to_the_vendors_total_of_its_day(
    days: Path, undisturbed: Result
) -> None:
    """Through broker and services: what SSI's last print of each symbol and day says."""
    found: dict[tuple[str, str], SessionFlow] = {}
    for (topic, *_), records in undisturbed.derived.items():
        if topic == "session-flow":
            rows = (msgspec.json.decode(value, type=SessionFlow) for _, value in records)
            found |= {(row.symbol, row.day): row for row in rows if row.phase == "day"}
    totals = vendor_totals(days)
    assert {place: row.total_volume for place, row in found.items()} == totals
    assert len(totals) == 61 * len(vn_day_crowd.DAYS)
    for row in found.values():
        sides = row.buy_volume + row.sell_volume + row.neutral_volume
        assert (sides + row.unknown_volume, row.unexplained_volume) == (row.total_volume, 0)
    assert any(row.unknown_volume >= 300 for row in found.values()), "no print was missing"


def vendor_totals(manifest: Path) -> dict[tuple[str, str], int]:
    """(symbol, ISO date) -> the last TotalVol that was received on its own day."""
    totals = {}
    for line in (manifest.parent / "crowd-ssi.txt").read_text().splitlines():
        stamp, _, message = line.partition(" ")
        day = datetime.fromtimestamp(int(stamp) // 10**9, UTC) + LOCAL
        if message.startswith('{"DataType":"X-TRADE"') and message.endswith('}"}'):
            content = json.loads(json.loads(message)["Content"])
            if content["TradingDate"] == f"{day:%d/%m/%Y}":
                totals[content["Symbol"], f"{day:%Y-%m-%d}"] = int(content["TotalVol"])
    return totals


def rush(path: Crew, kills: int) -> None:
    """The rest as fast as it goes; over the night and the second day workers die `kills` times."""
    path.kill("ingest-1", restart=False)
    path.start("ingest-1")
    for number in range(kills):
        name = ("foreign-1", "board-1", "classifier-1")[number % 3]
        eventually_sync(lambda n=name: path.ready(n), 30, every=0.02)
        path.kill(name)
    path.finish()


def test_vietnamese_days_under_kills_leave_what_an_undisturbed_run_leaves(
    stack: Addresses,
    tape: str,
    tmp_path: Path,
    days: Path,
    settings: dict[str, Any],
    undisturbed: Result,
) -> None:
    """Twenty kills -9: raw topics, market, every derived topic, the board and all tables."""
    with crew(stack, tape, tmp_path, days, **settings) as path:
        path.begin(SPEED, also=ALSO)
        kill_at_random(path, VICTIMS, SEED, each=2, pairs=1)
        rush(path, kills=2)
    found = result(stack, tape)
    print(summary(found))
    assert_same(found, undisturbed)
    assert found.repeats > 0, "no kill came between an output and its snapshot: nothing was tested"


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("round_", range(10))
def test_many_kills_on_vietnamese_days(
    stack: Addresses,
    tape: str,
    tmp_path: Path,
    days: Path,
    settings: dict[str, Any],
    undisturbed: Result,
    round_: int,
) -> None:
    """Other seeds: twenty-four kills of one, and six of two at once, at a lower speed."""
    with crew(stack, tape, tmp_path, days, **settings) as path:
        path.begin("150", also=ALSO)
        kill_at_random(path, VICTIMS, SEED + round_, each=6, pairs=6)
        rush(path, kills=4)
    assert_same(result(stack, tape), undisturbed)
