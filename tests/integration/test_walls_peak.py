"""How long every panel of every wall waits for its figures, on a whole peak day."""

import statistics

import pytest

from services.runtime.settings import Settings
from services.stack import Addresses
from tests.support.grafana import boards, queries
from tests.support.wall_load import load
from tests.support.wall_reader import Wall

pytestmark = [
    pytest.mark.broker, pytest.mark.database, pytest.mark.soak, pytest.mark.timeout(1800),
]  # fmt: skip

LIMIT_S = 0.2
RUNS = 20


def test_each_panel_variable_and_annotation_takes_less_than_200_ms(
    wall_tape: Settings, stack: Addresses, tape: str
) -> None:
    """p95 of twenty runs of each different query, with 1,600 symbols."""
    load(stack, wall_tape.tape, tape)
    wall, slow = Wall(wall_tape, tape), {}
    asked = {q.sql: q for path, board in boards().items() for q in queries(board, path)}
    p95 = {}
    for query in asked.values():
        taken = []
        for _ in range(RUNS):
            wall.ask(query)
            taken.append(wall.took[query.where])
        p95[query.where] = statistics.quantiles(taken, n=20)[-1]
    for where, seconds in sorted(p95.items(), key=lambda item: -item[1]):
        print(f"{seconds * 1000:6.0f} ms  {where}")
        if seconds > LIMIT_S:
            slow[where] = seconds
    wall.connection.close()
    assert slow == {}
