"""The delivery against receivers that fail, and against SIGKILL of itself."""

import asyncio
import json
import os
import random
import secrets
import signal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from schemas.alerts import Alert, alert_id
from schemas.topics import ALERTS, DEAD_LETTERS
from services.runtime import kafka as clients
from services.runtime.settings import Settings
from services.stack import Addresses
from tests.support.delivering import SECRET, TOKEN, Hook, alert, channels, process, publish
from tests.support.eventually import eventually
from tests.support.writing import Sender, prepared

pytestmark = [pytest.mark.broker, pytest.mark.database]

SEED = int(os.environ.get("VNTAPE_TEST_SEED", "0")) or secrets.randbelow(1 << 32)


def names(settings: Settings, alerts: list[Alert]) -> set[str]:
    return {alert_id(settings.tape, each) for each in alerts}


def logged(settings: Settings, what: str = "channel, status, count(*)") -> set[Any]:
    """Rows of the delivery log, grouped."""
    assert settings.database_url is not None
    columns = what.replace(", count(*)", "")
    query = f"SELECT {what} FROM {settings.tape}.alert_deliveries GROUP BY {columns}"
    with psycopg.connect(settings.database_url.get_secret_value()) as connection:
        return set(connection.execute(query.encode()).fetchall())


async def test_a_receiver_that_fails_hangs_and_is_busy_has_every_alert_once_by_id(
    stack: Addresses, tape: str, tmp_path: Path
) -> None:
    """
    The delivery is killed in the middle, alerts come twice and a venue's in every partition.
    A channel that hangs and one that nobody answers do not delay a good one; what a receiver
    refuses is a dead letter.
    """
    print(f"VNTAPE_TEST_SEED={SEED}")
    rnd = random.Random(SEED)
    settings = await prepared(stack, tape)
    alerts = [alert(n, rnd.choice(["HPG", "FPT", "SSI", "*"])) for n in range(60)]
    want = names(settings, alerts)
    async with Hook(SEED) as hook, Sender(stack.kafka, tape) as sender:
        hooks = {name: {"name": name, "kind": "webhook", "url": f"{hook.url}/{name}"}
                 for name in ("flaky", "good", "hanging", "refusing")}  # fmt: skip
        hooks["flaky"]["attempts"] = 1000
        hooks["refusing"]["rules"] = ["r3"]
        nobody = {
            "name": "nobody",
            "kind": "webhook",
            "url": "http://127.0.0.1:9/",
            "attempts": 1000,
        }
        channels(tmp_path, *hooks.values(), nobody)
        with process(settings, tmp_path) as delivery:
            await publish(sender, alerts[:30])
            for kills in range(2):
                have = 8 + 12 * kills
                await eventually(lambda n=have: len(hook.accepted["/flaky"]) > n, 30)
                delivery.end(signal.SIGKILL)
                delivery.start()
                await publish(sender, alerts[20 * kills + 5 : 20 * kills + 40])
            await eventually(lambda: hook.accepted["/good"].keys() == want, 30)
            first = len(hook.accepted["/flaky"])
            await eventually(lambda: hook.accepted["/flaky"].keys() == want, 60)
            done = ("flaky", "sent", 60), ("good", "sent", 60)
            await eventually(lambda: set(done) <= logged(settings), 20)
            assert delivery.end(signal.SIGTERM) == 0
            said = delivery.log()
    assert first < 60, "the good channel had to wait for the flaky one"
    assert hook.forged == 0
    assert {"500", "429", "hang", "cut", "take and cut"} <= hook.answers.keys()
    assert max(hook.accepted["/flaky"].values()) > 1, "nothing was ever told twice on the wire"
    refused = sum(each.rule == "r3" for each in alerts)
    assert ("refusing", "dead", refused) in logged(settings)
    assert {status for channel, status, _ in logged(settings) if channel == "nobody"} == {"waiting"}
    for each in alerts:
        told = hook.bodies[alert_id(tape, each)]["alert"]
        assert told["numbers"] == each.numbers
    await buried(stack, tape, refused)
    assert SECRET not in said
    assert TOKEN not in said


async def buried(stack: Addresses, tape: str, count: int) -> None:
    """So many alerts are dead letters, verbatim, under their ids."""
    letters = {}
    async for record in clients.read_all(stack.kafka, DEAD_LETTERS.on(tape)):
        headers = {name: value.decode() for name, value in record.headers}
        assert headers["reason"] == "undeliverable: refusing: answered 400"
        assert headers["service"] == "delivery"
        letters[record.key] = json.loads(record.value)
    assert len(letters) == count
    assert all(name.decode().startswith(f"{tape}/r3/") for name in letters)


async def test_telegram_is_told_in_vietnamese_after_the_rest_it_asked_for(
    stack: Addresses, tape: str, tmp_path: Path
) -> None:
    """With the aliases that the writer has stored; the token is in no line of the log."""
    settings = await prepared(stack, tape)
    assert settings.database_url is not None
    with psycopg.connect(settings.database_url.get_secret_value()) as connection:
        connection.execute(
            f"INSERT INTO {tape}.instruments (ts, symbol, seq, feed, ts_source, venue, exchange, "
            "kind, aliases, multiplier, inverse, lot, price_steps) VALUES (now(), '41I1GC000', 1, "
            "'t', 'exchange', 'VN', 'DERIVATIVES', 'future', '{VN30F2612,VN30F1M}', 100000, false,"
            " 1, '{}')".encode()
        )
    async with Hook(SEED) as hook, Sender(stack.kafka, tape) as sender:
        room = {"name": "room", "kind": "telegram", "chat_id": "-100", "api": hook.url}
        channels(tmp_path, {**room, "link": "http://127.0.0.1:8650/?symbol={symbol}"})
        with process(settings, tmp_path) as delivery:
            await publish(sender, [alert(1, "41I1GC000")])
            begun = asyncio.get_running_loop().time()
            await eventually(lambda: hook.texts, 30)
            assert asyncio.get_running_loop().time() - begun > 1.0
            await eventually(lambda: ("room", "sent", 1) in logged(settings), 10)
            assert delivery.end(signal.SIGTERM) == 0
            assert TOKEN not in delivery.log()
    (message,) = hook.texts
    lines = message["text"].splitlines()
    assert lines[0] == "🟠 41I1GC000 (VN30F2612, VN30F1M)"
    assert lines[1] == "Lệnh lớn số 1"
    assert lines[3] == "http://127.0.0.1:8650/?symbol=41I1GC000"
    assert message["chat_id"] == "-100"


def told_long_ago(settings: Settings, *statuses: str) -> None:
    """Rows of a channel that is gone, 91 days old."""
    assert settings.database_url is not None
    query = (
        f"INSERT INTO {settings.tape}.alert_deliveries (channel, id, seq, status, taken_at, alert)"
        " VALUES ('gone', %s, 1, %s, now() - interval '91 days', '{}')"
    )
    with psycopg.connect(settings.database_url.get_secret_value()) as connection:
        for status in statuses:
            connection.execute(query.encode(), [status, status])


async def test_of_a_replay_and_of_what_is_old_nothing_is_told(
    stack: Addresses, tape: str, tmp_path: Path
) -> None:
    """
    The log forgets what is older than its `keep_days`, but for what still waits; what is no
    alert is a dead letter, verbatim, and the next one is told.
    """
    settings = await prepared(stack, tape)
    async with Hook(SEED) as hook, Sender(stack.kafka, tape) as sender:
        good = {"name": "good", "kind": "webhook", "url": f"{hook.url}/good"}
        channels(tmp_path, good, max_age_s=60)
        await publish(sender, [alert(1)])
        with process(settings, tmp_path, VNTAPE_DELIVERY_TAPE="live") as delivery:
            why = f"tape {tape} is not VNTAPE_DELIVERY_TAPE (live)"
            row = ("good", "withheld", why, 1)
            what = "channel, status, reason, count(*)"
            await eventually(lambda: logged(settings, what) == {row}, 30)
            assert delivery.end(signal.SIGTERM) == 0
        told_long_ago(settings, "sent", "dead", "waiting")
        with process(settings, tmp_path) as delivery:
            # An hour ago, and then one of now: when that was told, the old one had its chance.
            sender.raw(ALERTS.name, 0, b"no alert", b"HPG")
            await publish(sender, [alert(-3_600_000_000), alert(3)])
            await eventually(lambda: hook.accepted["/good"], 30)
            statuses = {("good", s, 1) for s in ("withheld", "expired", "sent")}
            statuses |= {("gone", "waiting", 1)}
            await eventually(lambda: logged(settings) == statuses, 10)
            assert delivery.end(signal.SIGTERM) == 0
    assert sum(hook.accepted["/good"].values()) == 1
    letters = [r async for r in clients.read_all(stack.kafka, DEAD_LETTERS.on(tape))]
    ((said, value),) = [(dict(r.headers), r.value) for r in letters]
    assert (value, said["service"], said["topic"]) == (b"no alert", b"delivery", b"alerts")
    assert said["reason"].startswith(b"undecodable: ")
