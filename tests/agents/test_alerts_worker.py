"""The rules as a real Faust worker on a real broker: killed under load, and tried again later."""

import asyncio
import itertools
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import msgspec
import pytest

from schemas.alerts import Alert
from schemas.base import BROADCAST
from schemas.frames import messages as decoded
from schemas.market import Gap, MarketMessage
from schemas.topics import ALERTS, MARKET
from services.commands._alerts_test import backtest
from services.runtime.partition import Partition
from services.runtime.settings import Settings
from tests.support.alerts import analytics
from tests.support.eventually import eventually
from tests.support.load import Load, Output, compare, load, output_log
from tests.support.stack import ROOT
from tests.support.trades import messages
from tests.support.workers import workers

pytestmark = pytest.mark.broker

SYMBOLS = 60
GAP_EACH = 4000
LOCAL = timezone(timedelta(hours=7))
RULES = f"""
quiet: {{first_s: 0, sessions: {{stock: ["00:00-24:00"], future: ["00:00-24:00"]}}}}
rules:
  - id: price
    kind: level
    symbols: [{", ".join(f"S{n:04d}" for n in range(SYMBOLS))}]
    price_above: 88000
    price_below: 12000
    rearm_percent: 5
    cooldown_s: 1
  - {{id: gap, kind: feed_gap, min_seconds: 1, cooldown_s: 0}}
"""

Log = dict[int, list[Output]]


def tape_with_gaps() -> Iterator[MarketMessage]:
    """Trades without end, and now and then a gap of the venue, which stands in every partition."""
    for number, message in enumerate(messages(1_000_000_000, SYMBOLS, 1)):
        yield message
        if number % GAP_EACH == GAP_EACH - 1:
            seq = message.seq + 1
            span = {"from_ts_ms": seq // 1000 - 2000, "to_ts_ms": seq // 1000}
            yield Gap(symbol=BROADCAST, feed="test", seq=seq, ts_ms=seq // 1000, venue="VN",
                      channel="X", cause="restart", **span)  # fmt: skip


def undisturbed(feed: Load) -> Log:
    """Partition -> what everything sent so far must give, computed here."""
    log: Log = defaultdict(list)
    service = analytics(MARKET.name, RULES)
    for number, records in feed.records.items():

        def told(key: bytes, value: bytes, at: int = number) -> None:
            log[at].append((key, value))

        partition = Partition(service, {Alert: told}, [])
        for offset, record in enumerate(records):
            partition.run(offset, decoded(record))
    return log


async def test_killed_under_load_it_tells_what_an_undisturbed_run_and_a_back_test_tell(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    """
    Byte for byte by the reader's rule; the back-test of the tape gives each alert once.

    The rules run as one worker over `market` and then, twice, as all that `run analytics` starts.
    """
    rules = tmp_path / "alerts.yaml"
    rules.write_text(RULES)
    with workers(kafka, tape, tmp_path, snapshot_interval_s=0.2, alert_rules=rules) as crew:
        async with load(kafka, tape, source=tape_with_gaps()) as feed:
            over = asyncio.Event()
            flow = asyncio.create_task(feed.flow(over, per_s=5000))
            for name in ("analytics-market", "analytics"):
                worker = crew.run(name)
                await eventually(lambda w=worker: w.said("assigned"), 60)
                await asyncio.sleep(0.5)  # the moment of the kill, anywhere in the load
                worker.kill()
            worker = crew.run("analytics")
            over.set()
            await flow
            await feed.more(10_000)
            want = undisturbed(feed)
            ends = {number: log[-1] for number, log in want.items()}

            async def there() -> Log | None:
                got = await output_log(kafka, tape, ALERTS)
                return got if {n: log[-1] for n, log in got.items()} == ends else None

            got = await eventually(there, 60, every=0.3)
            assert got is not None
            assert await worker.stop() == 0
    difference = compare(want, got)
    assert (difference.missing, difference.wrong, difference.same_order) == (0, 0, True)
    alerts = {value.decode() for log in want.values() for _, value in log}
    kinds = {msgspec.json.decode(text)["rule"] for text in alerts}
    assert kinds == {"price", "gap"}
    assert len(alerts) > 100
    await tried_again(Settings(kafka=kafka, tape=tape, alert_rules=rules), alerts)


async def tried_again(settings: Settings, alerts: set[str]) -> None:
    """A back-test of all, and one of its middle third by time."""
    told = await backtest(settings, (0, 2**53))
    assert sorted(text for _, text in told) == sorted(alerts)
    times = sorted(message["ts_ms"] for message, _ in told)
    begin, end = times[len(times) // 3], times[2 * len(times) // 3]
    some = await asyncio.to_thread(said_by_the_command, settings, begin, end)
    assert [t for _, t in told if begin <= json.loads(t)["ts_ms"] < end] == some
    assert 0 < len(some) < len(told)
    seqs = [message["seq"] for message, _ in told]
    assert all(a <= b for a, b in itertools.pairwise(seqs))


def said_by_the_command(settings: Settings, begin: int, end: int) -> list[str]:
    """What `vntape alerts test --json` says of a span, ms since the epoch."""
    span = [datetime.fromtimestamp(ms / 1000, LOCAL).isoformat() for ms in (begin, end)]
    command = [sys.executable, "-m", "services.cli", "alerts", "test", "--tape", settings.tape]
    command += ["--from", span[0], "--to", span[1], "--json"]
    env = {k: v for k, v in os.environ.items() if not k.startswith("VNTAPE_")}
    env |= {"VNTAPE_KAFKA": str(settings.kafka), "VNTAPE_ALERT_RULES": str(settings.alert_rules)}
    ended = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=100)
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    assert f"{len(lines)} alerts on tape {settings.tape}" in ended.stderr
    return lines
