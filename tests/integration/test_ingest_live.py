"""A live feed of lines: what a program that holds a vendor's socket passes on."""

import asyncio
import contextlib
import json
import shutil
import socket
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from schemas import frames
from schemas.market import Gap, Trade
from schemas.topics import IBOARD, SSI_B, SSI_F, SSI_MI, SSI_OL, SSI_R, SSI_X
from services.ingest.verify import verify
from services.runtime import kafka as clients
from services.runtime import topics_admin
from tests.support.eventually import eventually_sync
from tests.support.ingest import IngestProcess, make_topics
from tests.support.live import binance_trades, listening, live

pytestmark = [pytest.mark.broker, pytest.mark.timeout(120)]

VN_TOPICS = (SSI_X, SSI_R, SSI_MI, SSI_B, SSI_F, SSI_OL, IBOARD)
BOTH = ("--listen", "iboard:0")


def pass_on(port: int, lines: list[bytes]) -> str:
    """Send lines, end, and give the answer."""
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.settimeout(10)
        connection.sendall(b"".join(line + b"\r\n" for line in lines))
        connection.shutdown(socket.SHUT_WR)
        return connection.makefile().read()


def market(kafka: str, tape: str) -> list[Any]:
    """Trades and gaps that stand, each once, in the order of seq."""

    async def read() -> dict[int, Any]:
        found = {}
        async for record in clients.read_all(kafka, f"{tape}.market"):
            for message in frames.messages(record.value):
                if isinstance(message, Trade | Gap):
                    found[message.seq] = message
        return found

    return [m for _, m in sorted(asyncio.run(read()).items())]


def trades(kafka: str, tape: str) -> list[Trade]:
    """Those that stand, each once."""
    return [m for m in market(kafka, tape) if isinstance(m, Trade)]


def x_trade(volume: int, total: int) -> bytes:
    """X-TRADE of HPG, of now."""
    now = datetime.now(timezone(timedelta(hours=7)))
    content = {"RType": "X-TRADE", "TradingDate": f"{now:%d/%m/%Y}", "Time": f"{now:%H:%M:%S}"}
    content |= {"Symbol": "HPG", "LastPrice": 21750.0, "LastVol": volume, "TotalVol": total}
    content |= {"TotalVal": total * 21750.0, "Exchange": "HOSE", "MarketId": "HOSE"}
    return json.dumps({"DataType": "X-TRADE", "Content": json.dumps(content)}).encode()


def lot(volume: int, total: int) -> bytes:
    """The same as a frame of iBoard."""
    now = datetime.now(timezone(timedelta(hours=7)))
    fields = ["MAIN", "L#HPG", "21750", str(volume), str(total), f"{now:%H:%M:%S}", "21850", "bu"]
    return "|".join([*fields, "0", "0", "U", "MAIN", str(int(time.time() * 1000))]).encode()


def test_two_feeds_at_once_count_a_volume_once_and_a_restart_may_change_the_source(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    """The choice stands on the tape: decoding the raw topics from nothing gives `market`."""
    asyncio.run(topics_admin.apply(kafka, tape, VN_TOPICS))
    make_topics(kafka, tape)

    def passed(run: IngestProcess, feed: str, lines: list[bytes]) -> None:
        assert pass_on(listening(run, feed), lines) == f"taken {len(lines)} lost 0\n"

    run = live(tape, kafka, tmp_path, *BOTH, listen="ssi:0")
    try:
        passed(run, "ssi", [x_trade(0, 0), x_trade(100, 100), x_trade(200, 300)])
        passed(run, "iboard", [lot(100, 100), lot(200, 300)])
        assert run.terminate() == 0, run.said()
        run = live(tape, kafka, tmp_path, *BOTH, listen="ssi:0", sources="trade=iboard:L")
        passed(run, "iboard", [lot(200, 300), lot(100, 500)])
        passed(run, "ssi", [x_trade(100, 500)])
        assert run.terminate() == 0, run.said()
    finally:
        run.process.kill()
    found = market(kafka, tape)
    trades = [(m.feed, m.volume) for m in found if isinstance(m, Trade)]
    assert trades == [("ssi", 100), ("ssi", 200), ("iboard", 100)]
    gaps = [m for m in found if isinstance(m, Gap)]
    assert [(m.cause, m.channel) for m in gaps] == [
        ("restart", "*"), ("source_change", "vn.X-TRADE"), ("volume_chain", "vn.L"),
    ]  # fmt: skip
    assert gaps[2].missing_volume == 100
    verdict = asyncio.run(verify(kafka, tape))
    assert verdict.ok, verdict.faults


def test_a_spool_that_is_gone_is_a_gap_and_what_stands_is_never_sent_again(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    """Another machine goes on: its spool is empty, the tape says where it was."""
    make_topics(kafka, tape)
    lines = binance_trades()
    run = live(tape, kafka, tmp_path)
    try:
        for stand in (500, 1000):
            port = listening(run)
            assert pass_on(port, [next(lines) for _ in range(500)]) == "taken 500 lost 0\n"
            eventually_sync(lambda stand=stand: len(trades(kafka, tape)) == stand, 30)
            run.kill()
            shutil.rmtree(tmp_path / "nowhere" / "spool")
            run = live(tape, kafka, tmp_path)
        listening(run)
        assert run.terminate() == 0, run.said()
    finally:
        run.process.kill()
    causes = [m.cause for m in market(kafka, tape) if isinstance(m, Gap)]
    assert causes.count("restart") == 2
    verdict = asyncio.run(verify(kafka, tape))
    assert verdict.ok, verdict.faults
    assert verdict.raw["BN", "spot.trade"] == len(trades(kafka, tape)) == 1000


def test_wrong_wishes_are_one_sentence(kafka: str, tape: str, tmp_path: Path) -> None:
    make_topics(kafka, tape)
    asyncio.run(topics_admin.apply(kafka, tape, VN_TOPICS))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        wishes: list[tuple[str, dict[str, str], str]] = [
            (f"binance@BN:{port}", {}, "name another port with --listen"),
            ("ssi:0", {"sources": "trade=ssi:OL"}, "VNTAPE_SOURCES: trade cannot come from"),
        ]
        for listen, settings, said in wishes:
            run = live(tape, kafka, tmp_path, listen=listen, **settings)
            with contextlib.closing(run.log):
                assert run.process.wait(20) == 78, run.said()
            assert said in run.said()
            assert "Traceback" not in run.said()
