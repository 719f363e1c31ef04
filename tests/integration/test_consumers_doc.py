"""Each example of docs/consumers.md, as it stands there, reads a tape on which records repeat."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import psycopg
import pytest

from schemas.trades_classified import TradeClassified
from services.stack.tools import require
from tests.support.consumers import Published, publish
from tests.support.eventually import eventually
from tests.support.gateway import Feed, gateway, writer
from tests.support.stack import ROOT

pytestmark = [pytest.mark.broker, pytest.mark.database]

DOC = ROOT / "docs" / "consumers.md"
BLOCKS = {
    name: text for _, name, text in re.findall(r"```(\w+) (\S+)\n(.*?)```", DOC.read_text(), re.S)
}
TESTED = {
    "notebook.py", "bot.py", "watch.py", "trades.sh", "quotes.sh", "board.sh",
    "board.sql", "active-flow.sql", "minute-bars.sql", "bars.sql", "gaps.sql",
    "breadth.sql", "index-error.sql",
    "foreign-leaders.sql", "front-basis.sql",
}  # fmt: skip


def test_every_example_of_the_page_is_tested_here() -> None:
    assert set(BLOCKS) == TESTED


@pytest.fixture
async def published(source: Feed) -> Published:
    return await publish(source)


def run(name: str, kafka: str, tape: str, folder: Path, **more: str) -> subprocess.Popen[str]:
    """Start an example in an empty folder, as a reader of the page would."""
    file = folder / name
    file.write_text(BLOCKS[name])
    program = ["sh", str(file)] if name.endswith(".sh") else [sys.executable, str(file)]
    env = os.environ | {"KAFKA": kafka, "TAPE": tape, "PYTHONPATH": str(ROOT)} | more
    return subprocess.Popen(program, cwd=folder, env=env, stdout=subprocess.PIPE, text=True)


async def output(process: subprocess.Popen[str]) -> str:
    said, _ = await asyncio.to_thread(process.communicate, timeout=60)
    assert process.returncode == 0
    return said


def delta(trades: list[TradeClassified]) -> Counter[str]:
    found: Counter[str] = Counter()
    for t in trades:
        found[t.symbol] += {"buy": 1, "sell": -1}.get(t.side, 0) * int(t.volume)
    return found


async def test_the_notebook_counts_each_trade_once(
    kafka: str, tape: str, published: Published, tmp_path: Path
) -> None:
    said = await output(run("notebook.py", kafka, tape, tmp_path))
    assert dict(line.split() for line in said.splitlines()) == {
        symbol: str(volume) for symbol, volume in delta(published.trades).items()
    }


async def test_the_bot_acts_once_on_each_trade_though_it_is_ended_and_started_again(
    kafka: str, tape: str, source: Feed, published: Published, tmp_path: Path
) -> None:
    first = run("bot.py", kafka, tape, tmp_path)
    await eventually((tmp_path / "bot-position.json").exists, 20)
    first.send_signal(signal.SIGINT)
    acted = first.communicate(timeout=20)[0].splitlines()
    later = [source.trade("HPG"), source.trade("VCB")]
    await source.send_classified([*published.trades[-5:], *later])
    second = run("bot.py", kafka, tape, tmp_path)
    assert second.stdout is not None
    while len(acted) < len(published.trades) + 2:
        acted.append((await asyncio.to_thread(second.stdout.readline)).rstrip())
    second.kill()
    acted += second.communicate()[0].splitlines()
    wanted = [f"{t.symbol} {t.seq} {t.side} {t.volume}" for t in [*published.trades, *later]]
    assert sorted(acted) == sorted(wanted)


async def test_the_gateways_client_shows_each_trade_once(
    kafka: str, tape: str, published: Published, tmp_path: Path
) -> None:
    async with gateway(kafka, tape, tmp_path) as served:
        process = run("watch.py", kafka, tape, tmp_path, GATEWAY=served.url)
        assert process.stdout is not None
        lines = [
            await asyncio.to_thread(process.stdout.readline) for _ in range(len(published.trades))
        ]
        process.kill()
        process.communicate()
    wanted = [f"{t.symbol} {t.seq} {t.side} {t.volume}\n" for t in published.trades]
    assert sorted(lines) == sorted(wanted)


async def test_kcat_and_jq_show_each_message_once(
    kafka: str, tape: str, published: Published, tmp_path: Path
) -> None:
    require(["kcat", "jq"], print, install=True)

    async def lines(name: str) -> list[Any]:
        said = await output(run(name, kafka, tape, tmp_path))
        return [json.loads(line) for line in said.splitlines()]

    trades = await lines("trades.sh")
    assert sorted(trades) == sorted([t.symbol, t.seq, t.side, t.volume] for t in published.trades)
    quotes = await lines("quotes.sh")
    assert quotes == [[q.symbol, list(q.bids[0]), list(q.asks[0])] for q in published.quotes]
    rows = await lines("board.sh")
    newest = {row.symbol: row for row in published.board}
    assert rows == [
        [s, newest[s].last, newest[s].change, newest[s].total_volume] for s in sorted(newest)
    ]


async def test_the_walls_queries_give_what_was_published(
    kafka: str, tape: str, database: str, published: Published, tmp_path: Path
) -> None:
    with (
        writer(kafka, tape, tmp_path, database),
        psycopg.connect(database, autocommit=True) as connection,
    ):
        connection.execute(f"SET search_path = {tape}, public")

        def query(name: str) -> list[tuple[Any, ...]]:
            return connection.execute(BLOCKS[name].encode()).fetchall()

        newest = {row.symbol: row for row in published.board}
        board = [(s, newest[s].last, newest[s].total_volume) for s in sorted(newest)]
        await eventually(lambda: [(r[0], r[2], r[5]) for r in query("board.sql")] == board, 30)
        flows = [(f.symbol, f.buy_volume, f.sell_volume) for f in published.flows]
        await eventually(lambda: [r[:3] for r in query("active-flow.sql")] == flows, 30)
        leaders = sorted(published.foreign, key=lambda f: -(f.net_value or 0))
        found_ = [(f.symbol, f.net_volume) for f in leaders]
        await eventually(lambda: [r[:2] for r in query("foreign-leaders.sql")] == found_, 30)
        front = [(b.symbol, b.basis, b.roll) for b in published.basis if b.continuous == "VN30F1M"]
        await eventually(
            lambda: [(r[1], r[5], r[8]) for r in query("front-basis.sql")] == front, 30
        )
        gap = (published.gap.symbol, published.gap.channel, published.gap.cause)
        await eventually(lambda: [r[:3] for r in query("gaps.sql")] == [gap], 30)
        volume = sum(int(t.volume) for t in published.trades)
        await eventually(lambda: sum(r[6] for r in query("minute-bars.sql")) == volume, 30)
        bars = query("minute-bars.sql")
        last = published.summaries[-1]
        breadth = [("exchange", "HOSE", last.advances, 0, 0, last.not_traded, 0, 0, 900)]
        await eventually(lambda: query("breadth.sql") == breadth, 30)
        await eventually(lambda: [r[2] for r in query("index-error.sql")] == [0.0, 0.01], 30)
        final = [(b.symbol, b.close, b.volume) for b in published.bars if b.final]
        await eventually(lambda: [(r[0], r[6], r[7]) for r in query("bars.sql")] == final, 30)
    found: Counter[str] = Counter()
    for row in bars:
        found[row[0]] += int(row[7])
    assert found == delta(published.trades)
