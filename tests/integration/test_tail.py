"""`vntape tail` shows a topic of the real Kafka: every message once, as columns or as JSON."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from schemas.market import Clock
from tests.support.eventually import eventually
from tests.support.gateway import PARTITIONS, Feed

pytestmark = [pytest.mark.broker]

SYMBOL = "BTCUSDT.BN"


class Tail:
    """The command in a process; `lines` grows as it prints."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def end(self) -> int:
        """Its exit status, once it has ended; all it printed is in `lines`."""
        status = self.process.wait(20)
        self._reading.join(5)
        return status


@contextmanager
def tail(kafka: str, tape: str, *arguments: str) -> Iterator[Tail]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("VNTAPE_")}
    env |= {"VNTAPE_KAFKA": kafka, "VNTAPE_TAPE": tape, "VNTAPE_DATABASE_URL": "postgresql://x"}
    program = [sys.executable, "-m", "services.cli", "tail", *arguments]
    process = subprocess.Popen(
        program, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield Tail(process)
    finally:
        process.kill()
        process.wait()


async def test_each_message_is_shown_once_though_a_run_is_repeated(
    kafka: str, source: Feed
) -> None:
    trades = [source.trade(SYMBOL) for _ in range(20)]
    await source.send_classified(trades)
    await source.send_classified(trades[10:])
    await source.send_classified([source.trade("ETHUSDT.BN"), source.trade(SYMBOL)])
    arguments = ("trades-classified", "--symbol", SYMBOL, "--from-start", "--json", "-n", "21")
    with tail(kafka, source.tape, *arguments) as t:
        await eventually(lambda: len(t.lines) == 21, 20)
        assert t.end() == 0
    assert [json.loads(line)["seq"] for line in t.lines] == source.classified[SYMBOL]


async def test_frames_are_shown_as_columns_and_clocks_are_left_out(
    kafka: str, source: Feed
) -> None:
    quote, trade = source.quote(SYMBOL), source.market_trade(SYMBOL)
    clock = Clock(symbol="*", feed="ingest", seq=trade.seq + 1, ts_ms=1, venue="BN")
    for partition in range(PARTITIONS):
        await source.send_frame([clock], partition)
    await source.send_market([quote, trade])
    with tail(kafka, source.tape, "market", "--from-start") as t:
        await eventually(lambda: len(t.lines) == 3, 20)
        t.process.send_signal(signal.SIGINT)
        assert t.end() == 0
    assert t.lines[0].split() == ["time", "symbol", "type", "fields"]
    assert f"{quote.bids[0][0]:,.2f} x 5" in t.lines[1]
    assert SYMBOL in t.lines[2]


async def test_a_tape_that_is_not_there_is_named(kafka: str, tape: str) -> None:
    with tail(kafka, tape, "market") as t:
        assert t.end() == 1


async def test_it_says_what_it_waits_for_when_nothing_comes(kafka: str, source: Feed) -> None:
    await source.send_classified([source.trade(SYMBOL)])
    with tail(kafka, source.tape, "trades-classified", "--symbol", "FOO", "--json") as t:
        assert t.process.stderr is not None
        said = await asyncio.to_thread(t.process.stderr.readline)
    assert said == (
        f"waiting for trades-classified of FOO on tape {source.tape}; "
        "--from-start shows what is there\n"
    )


async def test_a_type_the_topic_does_not_have_is_refused_with_those_it_has(kafka: str) -> None:
    with tail(kafka, "any", "trades-classified", "--type", "quote") as t:
        assert t.process.stderr is not None
        said = await asyncio.to_thread(t.process.stderr.read)
        assert t.end() == 2
    assert "it has clock, gap, status, trade_classified" in said


async def test_a_future_is_found_by_its_other_name(kafka: str, source: Feed) -> None:
    await source.send_market([source.market_trade("41I1GC000"), source.market_trade("HPG")])
    with tail(
        kafka, source.tape, "market", "-s", "vn30f2612", "--from-start", "-n", "1", "--json"
    ) as t:
        assert t.end() == 0
        assert t.process.stderr is not None
        assert t.process.stderr.read() == "vn30f2612 is 41I1GC000\n"
    assert [json.loads(line)["symbol"] for line in t.lines] == ["41I1GC000"]
