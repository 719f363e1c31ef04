"""How long walls wait for their figures on a whole peak day; and what the indices cost a writer."""

import statistics
import time

import psycopg
import pytest

from services.runtime import roles
from services.runtime.settings import Settings
from services.stack import Addresses
from tests.support.wall_day import DAY
from tests.support.wall_load import load

pytestmark = [
    pytest.mark.broker, pytest.mark.database, pytest.mark.soak, pytest.mark.timeout(1800),
]  # fmt: skip

LIMIT_S = 0.2
RUNS = 20
WHOLE = f"ts BETWEEN '{DAY}T02:00:00Z' AND '{DAY}T08:00:00Z'"
RECENT = f"ts BETWEEN '{DAY}T07:00:00Z' AND '{DAY}T07:30:00Z'"
QUERIES = {
    "VN30's board": "SELECT b.* FROM {t}.board_last b JOIN {t}.basket_members m USING (symbol)",
    "an exchange's board": "SELECT * FROM {t}.board_last WHERE exchange = 'HOSE' ORDER BY symbol",
    "the whole board": "SELECT * FROM {t}.board_last",
    "breadth by colour": "SELECT exchange, zone, count(*) FROM {t}.board_last GROUP BY 1, 2",
    "active flow, top": "SELECT * FROM {t}.flow_last WHERE phase = 'day' "
    "ORDER BY buy_value - sell_value DESC NULLS LAST LIMIT 10",
    "active flow of VN30": "SELECT f.* FROM {t}.flow_last f JOIN {t}.basket_members m "
    "USING (symbol) WHERE f.phase = 'day'",
    "phases of a symbol": "SELECT * FROM {t}.flow_last WHERE symbol = 'HPG'",
    "phases of all": "SELECT phase, sum(buy_value), sum(sell_value) FROM {t}.flow_last GROUP BY 1",
    "foreign, top": "SELECT * FROM {t}.foreign_last ORDER BY net_value DESC NULLS LAST LIMIT 10",
    "basis now": "SELECT * FROM {t}.basis_last",
    "put-through": "SELECT * FROM {t}.day_last WHERE put_through_value > 0",
    "levels of a symbol": "SELECT * FROM {t}.quote_levels WHERE symbol = 'HPG'",
    "breadth now": "SELECT * FROM {t}.breadth_last",
    "leaders": "SELECT * FROM {t}.leaders_last",
    "indices now": "SELECT * FROM {t}.index_last",
    "age": "SELECT * FROM {t}.data_age",
    "completeness": "SELECT * FROM {t}.completeness ORDER BY covered_percent LIMIT 20",
    "completeness in all": "SELECT sum(printed_volume) / sum(total_volume) FROM {t}.completeness",
    "gaps": "SELECT * FROM {t}.gaps WHERE {whole}",
    "alerts": "SELECT * FROM {t}.alerts_recent ORDER BY ts DESC LIMIT 50",
    "rolls": "SELECT * FROM {t}.rolls",
    "storage": "SELECT * FROM {t}.storage",
    "symbols": "SELECT symbol FROM {t}.symbols WHERE exchange IN ('HOSE') ORDER BY 1",
    "minutes of a symbol": "SELECT * FROM {t}.bars_1m WHERE symbol = 'HPG' AND {whole} ORDER BY ts",
    "5 minutes": "SELECT * FROM {t}.bars_5m WHERE symbol = 'HPG' AND {whole} ORDER BY ts",
    "hours": "SELECT * FROM {t}.bars_1h WHERE symbol = 'HPG' ORDER BY ts",
    "weeks": "SELECT * FROM {t}.bars_1w WHERE symbol = 'HPG' ORDER BY ts",
    "an index": "SELECT * FROM {t}.bars_1m WHERE symbol = 'VNINDEX' AND {whole} ORDER BY ts",
    "flow of a symbol": "SELECT *, sum(buy_volume - sell_volume) OVER (ORDER BY ts) "
    "FROM {t}.flow_1m WHERE symbol = 'HPG' AND {whole}",
    "accuracy of a symbol": "SELECT * FROM {t}.accuracy_1m WHERE symbol = 'HPG' AND {whole}",
    "accuracy of half an hour": "SELECT ts, sum(agreed), sum(compared) FROM {t}.accuracy_1m "
    "WHERE {recent} GROUP BY 1",
    "foreign of a symbol": "SELECT * FROM {t}.foreign_1m WHERE symbol = 'HPG' AND {whole}",
    "basis of a contract": "SELECT * FROM {t}.basis_1m WHERE symbol = "
    "(SELECT min(symbol) FROM {t}.basis_last) AND {whole}",
    "basis of a name": "SELECT * FROM {t}.basis_1m WHERE continuous = 'VN30F1M' AND {whole}",
    "breadth of a scope": "SELECT * FROM {t}.breadth_1m WHERE symbol = 'HOSE' AND {whole}",
    "breadth of exchanges": "SELECT * FROM {t}.breadth_1m "
    "WHERE symbol IN ('HOSE', 'HNX', 'UPCOM') AND {whole}",
    "flow of the market": "SELECT * FROM {t}.flow_market_1m WHERE symbol = 'VN' AND {whole}",
    "index lines": "SELECT * FROM {t}.index_1m WHERE {whole}",
    "index error": "SELECT * FROM {t}.index_error_1m WHERE {whole}",
    "time and sales": "SELECT * FROM {t}.trades_classified WHERE symbol = 'HPG' AND {whole} "
    "ORDER BY ts DESC, seq DESC LIMIT 100",
}


def test_each_query_of_a_wall_takes_less_than_200_ms_on_a_peak_day(
    wall_tape: Settings, stack: Addresses, tape: str
) -> None:
    """p95 of twenty runs, as the reader, with 1,600 symbols."""
    loaded = load(stack, wall_tape.tape, tape)
    for name, count in loaded.rows.items():
        print(f"{name:20} {count:>10,} rows")
    slow = {}
    with psycopg.connect(roles.url(wall_tape, roles.READER), autocommit=True) as connection:
        for name, text in QUERIES.items():
            query = text.format(t=tape, whole=WHOLE, recent=RECENT).encode()
            taken, rows = [], 0
            for _ in range(RUNS):
                begun = time.perf_counter()
                rows = len(connection.execute(query).fetchall())
                taken.append(time.perf_counter() - begun)
            p95 = statistics.quantiles(taken, n=20)[-1]
            print(f"{name:28} {rows:>6} rows  p50 {statistics.median(taken) * 1e3:6.1f} ms  "
                  f"p95 {p95 * 1e3:6.1f} ms")  # fmt: skip
            if p95 > LIMIT_S:
                slow[name] = p95
    assert slow == {}
