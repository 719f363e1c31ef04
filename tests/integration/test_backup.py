"""A backup put into an empty database is the database it was made of, and goes on as one."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from psycopg import sql

from services import cli
from services.stack import Addresses
from services.writer.schema import apply_tape

pytestmark = [pytest.mark.database, pytest.mark.timeout(180)]

ROWS = 3000
INSERT = """
INSERT INTO {}.trades_classified (symbol, ts, seq, part, feed, price, volume, side,
    phase, board)
SELECT 'S' || n %% 40, '2026-07-20'::timestamptz + n * interval '1 minute', n, 0, 'ssi', n / 7.0,
    n, 'buy', 'continuous', 'main' FROM generate_series(%s::int, %s) n
"""


@contextmanager
def fresh(stack: Addresses) -> Iterator[str]:
    """URL of an empty database of its own on the tests' server, dropped afterwards."""
    name = sql.Identifier(f"backup_{secrets.token_hex(4)}")
    with psycopg.connect(stack.database, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(name))
        try:
            url = stack.database.rpartition("/")[0] + f"/{name.as_string().strip(chr(34))}"
            with psycopg.connect(url, autocommit=True) as c:
                c.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
            yield url
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def vntape(url: str, *words: str) -> tuple[int, str]:
    """Exit status and output of a command on a database."""
    done = CliRunner().invoke(cli.root, list(words), env={"VNTAPE_DATABASE_URL": url})
    return done.exit_code, done.output


def contents(url: str, tape: str) -> dict[str, Any]:
    """Every table of a tape with all its rows, and where each is partitioned."""
    with psycopg.connect(url) as c:
        names = c.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY 1", [tape]
        ).fetchall()
        query = "SELECT t::text FROM {} t ORDER BY 1"
        found: dict[str, Any] = {
            name: c.execute(sql.SQL(query).format(sql.Identifier(tape, name))).fetchall()
            for (name,) in names
        }
        found["chunks"] = c.execute(
            "SELECT hypertable_name, range_start, range_end FROM timescaledb_information.chunks "
            "WHERE hypertable_schema = %s ORDER BY 1, 2",
            [tape],
        ).fetchall()
    return found


def test_what_is_restored_is_equal_and_goes_on(stack: Addresses, tmp_path: Path) -> None:
    """
    Rows, offsets, chunks and migrations of every table; then more rows come, older and newer.

    A second restore, an occupied folder and a folder that is none are refused with a sentence.
    """
    with fresh(stack) as origin, fresh(stack) as target:
        apply_tape(origin, "kept")
        with psycopg.connect(origin) as c:
            c.execute(sql.SQL(INSERT).format(sql.Identifier("kept")), [1, ROWS])
            c.execute("INSERT INTO kept.offsets (topic, partition, next) VALUES ('market', 3, 77)")
        folder = tmp_path / "backup"
        status, said = vntape(origin, "backup", str(folder))
        assert (status, f"kept ({ROWS} rows)" in said) == (0, True), said
        status, said = vntape(origin, "backup", str(folder))
        assert (status, "never overwrites" in said) == (1, True), said

        status, said = vntape(target, "restore", str(folder))
        assert (status, f"tape kept: {ROWS} rows" in said) == (0, True), said
        before = contents(origin, "kept")
        assert contents(target, "kept") == before
        assert len(before["trades_classified"]) == ROWS
        assert len(before["chunks"]) >= 2

        status, said = vntape(target, "restore", str(folder))
        assert (status, "the database has tapes: kept" in said) == (1, True), said
        status, said = vntape(target, "restore", str(tmp_path))
        assert (status, "is no backup of vntape" in said) == (1, True), said

        assert apply_tape(target, "kept") == [], "the migrations are known to have run"
        with psycopg.connect(target) as c:
            c.execute("SET ROLE vntape_writer")
            c.execute(sql.SQL(INSERT).format(sql.Identifier("kept")), [-5000, 0])
            c.execute(sql.SQL(INSERT).format(sql.Identifier("kept")), [ROWS + 1, ROWS + 5000])
            c.execute("RESET ROLE")
        assert len(contents(target, "kept")["chunks"]) > len(before["chunks"])
