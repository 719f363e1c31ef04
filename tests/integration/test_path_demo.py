"""Demos reconcile whatever was played before, and say so when something does not."""

import gzip
import json
import secrets
from collections import Counter
from pathlib import Path
from typing import Any

import psycopg
import pytest

from schemas import frames
from schemas.market import Trade
from schemas.topics import MARKET
from services.runtime import kafka as clients
from tests.support.demos import Demos
from tests.support.ingest import ONE_VENUE, THREE_VENUES

pytestmark = [pytest.mark.broker, pytest.mark.database, pytest.mark.timeout(300)]

SECONDS = 40


def first_seconds(source: Path, folder: Path, name: str) -> Path:
    """A recording of the first seconds of another, under a name that no other run has."""
    folder.mkdir(exist_ok=True)
    manifest = json.loads(source.read_text())
    for entry in manifest["files"]:
        with gzip.open(source.parent / entry["path"]) as file:
            lines = file.readlines()
        until = int(lines[0].split()[0]) + SECONDS * 10**9
        kept = [line for line in lines if int(line.split(b" ", 1)[0]) < until]
        (folder / entry["path"]).write_bytes(gzip.compress(b"".join(kept), 1))
    manifest["name"] = name
    path = folder / f"{name}.json"
    path.write_text(json.dumps(manifest))
    return path


def in_files(recording: Path) -> dict[str, Counter[Any]]:
    """Symbol -> (trade id, price, volume) of its trades, by plain JSON."""
    found: dict[str, Counter[Any]] = {}
    for entry in json.loads(recording.read_text())["files"]:
        with gzip.open(recording.parent / entry["path"]) as file:
            for line in file:
                message = json.loads(line.split(b" ", 1)[1])
                if message.get("stream", "").endswith("@trade"):
                    data = message["data"]
                    trade = (str(data["t"]), float(data["p"]), float(data["q"]))
                    found.setdefault(f"{data['s']}.{entry['venue']}", Counter())[trade] += 1
    return found


async def in_market(bootstrap: str, tape: str) -> dict[str, Counter[Any]]:
    """The same of a tape's `market`."""
    found: dict[str, Counter[Any]] = {}
    async for record in clients.read_all(bootstrap, MARKET.on(tape)):
        for message in frames.messages(record.value):
            if isinstance(message, Trade):
                trade = (message.trade_id, message.price, float(message.volume))
                found.setdefault(message.symbol, Counter())[trade] += 1
    return found


def in_table(database: str, tape: str) -> dict[str, Counter[Any]]:
    """The same of its table."""
    found: dict[str, Counter[Any]] = {}
    with psycopg.connect(database) as connection:
        query = f"SELECT symbol, trade_id, price, volume FROM {tape}.trades_classified"
        for symbol, *trade in connection.execute(query):
            found.setdefault(symbol, Counter())[tuple(trade)] += 1
    return found


async def test_two_demos_and_then_an_older_recording_all_reconcile(
    demos: Demos, tmp_path: Path
) -> None:
    """
    Each on a tape of its own; spot and USD-M of one code never mix; a changed row is seen.

    A trade is compared by id, price and volume for each symbol with what plain JSON finds in
    the venue's own file, so one that went to the other market would show twice.
    """
    unique = secrets.token_hex(4)
    newer = first_seconds(ONE_VENUE, tmp_path / "newer", f"n{unique}")
    older = first_seconds(THREE_VENUES, tmp_path / "older", f"o{unique}")
    demos.demo(newer, f"demon{unique}")
    demos.demo(newer, f"demon{unique}r2", "--again")
    demos.demo(older, f"demoo{unique}")

    wanted = in_files(older)
    assert set(wanted) == {"BTCUSDT.BN", "BTCUSDT.BNF", "BTCUSD_PERP.BNC"}
    assert await in_market(demos.stack.kafka, f"demoo{unique}") == wanted
    assert in_table(demos.stack.database, f"demoo{unique}") == wanted

    tape = f"demon{unique}r2"
    assert demos.reconciliation(tape, newer) == 0
    with psycopg.connect(demos.stack.database, autocommit=True) as connection:
        one = f"(SELECT seq FROM {tape}.trades_classified ORDER BY seq LIMIT 1)"
        connection.execute(
            f"UPDATE {tape}.trades_classified SET volume = volume + 0.00000001 WHERE seq = {one}"
        )
    assert demos.reconciliation(tape, newer) == 1, "a volume that is 1e-8 off was not seen"
    status, said = demos.run("demo", "--once", "--recording", str(newer))
    assert (status, f"tape {tape} is there" in said) == (1, True), said
    assert demos.reconciliation(f"demon{unique}", older) == 1, "two recordings were taken for one"
