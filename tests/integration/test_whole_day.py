"""A whole simulated trading day through the complete path, against what truly happened."""

import json
import re
import secrets
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from services.stack import Addresses
from tests.support.tapes import forget
from tests.support.whole_day import DATE, WholeDay, played, vntape

pytestmark = [pytest.mark.broker, pytest.mark.database, pytest.mark.timeout(900)]

# B and L (iBoard's trades) stand beside X-TRADE: every print comes three times.
CHANNELS = ("--channels", "F,X-TRADE,X-QUOTE,R,MI,OL,S,B,L")
OVERTAKING = ("--overtaking", "0.05")
# (table, column, where) -> the symbol and what the truth says of it
CHANGES = (
    ("trades_classified", "volume", "symbol = 'HPG' AND phase = 'atc'", "HPG: 1 prints differ"),
    ("session_flow", "sell_volume", "symbol = 'SSI' AND final", "SSI: session-flow's sell of"),
    ("market_foreign", "buy_volume", "symbol = 'VCB'", "VCB: foreign buy_volume is"),
    ("market_auction", "expected_price", "symbol = 'FPT'", "FPT: at[oc] had [0-9]+ estimates"),
    ("market_index", "value", "symbol = 'VN30'", "VN30: 1 values differ, the first in value"),
    ("board", "last", "symbol = 'SHS'", "SHS: the board's last is"),
)


@pytest.fixture(scope="module")
def day(stack: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeDay]:
    """104 symbols, a twentieth of a peak day's orders."""
    tape = f"t{secrets.token_hex(6)}"
    options = ("--seed", "7", "--scale", "0.05", *OVERTAKING, *CHANNELS)
    yield played(stack, tape, tmp_path_factory.mktemp("whole"), *options, seconds=240)
    forget(tape, stack)


def test_the_database_is_the_truth(day: WholeDay) -> None:
    """Every print, phase, foreign total, auction, index value and board row; 99 % of sides."""
    status, said = day.report("truth", str(day.folder))
    print(f"\n{said}\nrecorded in {day.recorded_s:.0f} s, played in {day.played_s:.0f} s")
    assert status == 0, said
    counts = re.search(r"EXACT: 104 symbols, ([\d,]+) prints, 4 indices", said)
    assert counts is not None
    assert int(counts[1].replace(",", "")) > 20_000


def test_the_vendors_totals_and_every_byte_reconcile(day: WholeDay) -> None:
    status, said = day.report("completeness")
    assert (status, "completeness 100.00 % (104 symbols)" in said) == (0, True), said
    status, said = day.report("reconciliation", "--recording", str(day.manifest))
    assert (status, "DIFFERS" in said) == (0, False), said


def test_two_other_sources_have_the_very_prints(day: WholeDay) -> None:
    """B and iBoard's L#, which market is not made from."""
    status, said = day.report("agreement", "--json")
    assert status == 0, said
    prints = json.loads(said)["prints"]
    assert {p["source"] for p in prints} == {"B", "L#"}
    # B's time is a whole second in which a price can come twice: counted, not identified.
    assert [p for p in prints if p["volume_difference"] or p["matched"] != p["count"]] == []
    assert sum(p["count"] for p in prints) > 40_000


def test_the_parquet_files_add_up_to_the_database(day: WholeDay, tmp_path: Path) -> None:
    """Of every symbol: rows, volumes, value, levels of the book, first and last time."""
    ended = vntape(day.stack, tmp_path, "export", "--tape", day.tape, "--out", str(tmp_path))
    assert ended.returncode == 0, ended.stderr.decode()
    names = {f"VN-{kind}-{DATE}.parquet" for kind in ("trades", "quotes")}
    assert {path.name for path in tmp_path.glob("*.p*")} == names
    for kind, table, sums in (
        ("trades", "trades_classified", ("volume", "price * volume", "coalesce(total_volume, 0)")),
        ("quotes", "market_quote", ("bid_price", "coalesce(bids[3][2], 0)", "ask_volume")),
    ):
        found = pq.read_table(tmp_path / f"VN-{kind}-{DATE}.parquet")
        assert found.num_rows > 20_000
        query = ", ".join(f"sum(({each})::numeric)" for each in sums)
        with psycopg.connect(day.stack.database) as connection:
            rows = connection.execute(
                f"SELECT symbol, count(*), {query}, min(ts), max(ts) "
                f"FROM {day.tape}.{table} GROUP BY 1"
            ).fetchall()
        assert summed(found, kind) == {row[0]: row[1:] for row in rows}
        seqs = found["seq"].to_pylist()
        assert seqs == sorted(set(seqs))


def summed(table: pa.Table, kind: str) -> dict[str, tuple[Any, ...]]:
    """By Arrow alone; what sums of floats lose is lost by both: prices are whole tenths."""
    columns = {
        "trades": lambda t: (t["volume"], pc.multiply(t["price"], t["volume"]), t["total_volume"]),
        "quotes": lambda t: (t["bid_price_1"], t["bid_volume_3"], t["ask_volume_1"]),
    }[kind](table)
    plain = pa.table(
        {
            "symbol": table["symbol"].cast(pa.string()),
            **{str(n): column.cast(pa.float64()) for n, column in enumerate(columns)},
            "time": table["time"],
        }
    )
    ways = [
        ("symbol", "count"),
        *((str(n), "sum") for n in range(3)),
        ("time", "min"),
        ("time", "max"),
    ]
    grouped = plain.group_by("symbol").aggregate(ways)
    return {
        row["symbol"]: (
            row["symbol_count"], *(round(Decimal(row[f"{n}_sum"] or 0), 1) for n in range(3)),
            row["time_min"], row["time_max"],
        )
        for row in grouped.to_pylist()
    }  # fmt: skip


def test_what_is_changed_in_a_table_is_found(day: WholeDay) -> None:
    """One row of each: the last of its kind, one more than it was."""
    with psycopg.connect(day.stack.database, autocommit=True) as connection:
        for table, column, where, _ in CHANGES:
            whole = f"{day.tape}.{table}"
            newest = f"(SELECT max(seq) FROM {whole} WHERE {where})"
            found = connection.execute(
                f"UPDATE {whole} SET {column} = {column} + 1 WHERE {where} AND seq = {newest}"
            )
            assert found.rowcount >= 1, table
    status, said = day.report("truth", str(day.folder))
    assert status == 1
    for *_, wanted in CHANGES:
        assert re.search(wanted, said), (wanted, said[-3000:])
    assert day.report("completeness")[0] == 1


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_peak_day_is_the_truth(stack: Addresses, tape: str, tmp_path: Path) -> None:
    """500 thousand trades and 3 million quotes; the recording is made in under two minutes."""
    options = ("--seed", "7", "--scale", "1", *OVERTAKING)
    day = played(stack, tape, tmp_path, *options, seconds=1800)
    rate = day.messages / day.played_s
    print(f"\n{day.messages:,} messages recorded in {day.recorded_s:.0f} s")
    print(f"played in {day.played_s:.0f} s, {rate:,.0f} messages/s")
    status, said = day.report("truth", str(day.folder))
    print(said)
    assert status == 0, said
    status, said = day.report("completeness")
    assert (status, "completeness 100.00 % (104 symbols)" in said) == (0, True), said[-3000:]
    status, said = day.report("reconciliation", "--recording", str(day.manifest))
    assert status == 0, said
    assert day.recorded_s < 120
