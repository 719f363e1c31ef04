"""The delivery service as a process, a receiver that misbehaves, and alerts to tell."""

import asyncio
import hashlib
import hmac
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import yaml
from aiohttp import web

from schemas.alerts import Alert
from schemas.base import BROADCAST
from schemas.keys import partition
from schemas.topic import PARTITIONS
from schemas.topics import ALERTS
from services.runtime.settings import Settings
from tests.support.stack import ROOT
from tests.support.writing import Sender

SECRET = "a webhook's secret"
TOKEN = "12345:a-bots-token"
HANG_S = 30.0


def alert(number: int, symbol: str = "HPG", **more: Any) -> Alert:
    """One that fires now; `number` makes it another one."""
    seq = time.time_ns() // 1000 + number
    about: dict[str, Any] = {
        "feed": "test",
        "venue": "VN",
        "day": "2026-07-20",
        "rule": f"r{number % 7}",
        "kind": "large_trade",
        "severity": "warning",
        "topic": "trades-classified",
        "side": None,
        "text_vi": f"Lệnh lớn số {number}",
        "text_en": f"Large trade {number}",
        "numbers": {"number": number},
        "dedupe_key": "k",
    }
    return Alert(symbol=symbol, seq=seq, ts_ms=seq // 1000, **{**about, **more})


async def publish(sender: Sender, alerts: list[Alert]) -> None:
    """Into the topic as the analytics do: a venue's alert into every partition."""
    for each in alerts:
        home = [partition(each.symbol, PARTITIONS)]
        for number in range(PARTITIONS) if each.symbol == BROADCAST else home:
            sender.raw(ALERTS.name, number, msgspec.json.encode(each), each.symbol.encode())
    await sender.flush()


class Hook:
    """
    A receiver on loopback with a manner a path.

    Attributes:
        accepted: path -> how often each id was taken, answered or not.
        bodies: id -> what was in it; texts: messages of Telegram.
        forged: requests whose signature did not fit.
    """

    def __init__(self, seed: int) -> None:
        self.accepted: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.bodies: dict[str, Any] = {}
        self.texts: list[dict[str, Any]] = []
        self.answers: Counter[str] = Counter()
        self.forged = 0
        self._rnd = random.Random(seed)
        self._manners = {"/flaky": self._flaky, "/good": self._take, "/refusing": self._refuse}
        self._manners |= {"/hanging": self._hang, f"/bot{TOKEN}/sendMessage": self._telegram}

    async def __aenter__(self) -> "Hook":
        app = web.Application()
        app.router.add_post("/{path:.*}", self._post)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _post(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        return await self._manners[request.path](request, body)

    def _count(self, request: web.Request, body: bytes) -> None:
        stamp, _, digest = request.headers["X-Vntape-Signature"].partition(",v1=")
        signed = f"{stamp.removeprefix('t=')}.".encode() + body
        right = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        name, found = request.headers["Idempotency-Key"], json.loads(body)
        if not hmac.compare_digest(digest, right) or found["id"] != name:
            self.forged += 1
        self.accepted[request.path][name] += 1
        self.bodies[name] = found

    async def _take(self, request: web.Request, body: bytes) -> web.StreamResponse:
        self._count(request, body)
        return web.Response()

    async def _refuse(self, request: web.Request, _: bytes) -> web.StreamResponse:
        return web.Response(status=400)

    async def _hang(self, request: web.Request, _: bytes) -> web.StreamResponse:
        await asyncio.sleep(HANG_S)  # never in time
        return web.Response()

    async def _flaky(self, request: web.Request, body: bytes) -> web.StreamResponse:
        """Fails, hangs, is too busy, takes it and drops the line before it says so."""
        manner = self._rnd.choice(["500", "429", "hang", "cut", "take and cut", *["take"] * 7])
        self.answers[manner] += 1
        if manner.startswith("take"):
            self._count(request, body)
        if "cut" in manner:
            assert request.transport is not None
            request.transport.abort()
        elif manner == "hang":
            await asyncio.sleep(HANG_S)  # never in time
        elif manner == "429":
            return web.Response(status=429, headers={"Retry-After": "0.2"})
        return web.Response(status=500 if manner == "500" else 200)

    async def _telegram(self, request: web.Request, body: bytes) -> web.StreamResponse:
        self.answers["telegram"] += 1
        if self.answers["telegram"] == 1:
            said = {"ok": False, "error_code": 429, "parameters": {"retry_after": 1}}
            return web.json_response(said, status=429)
        self.texts.append(json.loads(body))
        return web.json_response({"ok": True})


class Process:
    """`vntape run delivery`; may be started again after it ended."""

    def __init__(self, settings: Settings, folder: Path, **more: str) -> None:
        self._log = folder / "delivery.log"
        assert settings.kafka is not None
        assert settings.database_url is not None
        kept = {k: v for k, v in os.environ.items() if not k.startswith("VNTAPE_")}
        self._environment = kept | {
            "VNTAPE_TAPE": settings.tape,
            "VNTAPE_STACK": settings.stack,
            "VNTAPE_LOCAL_DIR": str(settings.local_dir),
            "VNTAPE_KAFKA": settings.kafka,
            "VNTAPE_DATABASE_URL": settings.database_url.get_secret_value(),
            "VNTAPE_DELIVERY": str(folder / "delivery.yaml"),
            "VNTAPE_DELIVERY_TAPE": settings.tape,
            "VNTAPE_WEBHOOK_SECRET": SECRET,
            "VNTAPE_TELEGRAM_TOKEN": TOKEN,
            "VNTAPE_LOG_LEVEL": "debug",
            **more,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "services.cli", "run", "delivery"],
                env=self._environment,
                cwd=ROOT,
                stderr=log,
                stdout=log,
            )

    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def end(self, number: signal.Signals) -> int:
        """Send the signal; the exit status."""
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(30)

    def log(self) -> str:
        return self._log.read_text()


def channels(folder: Path, *some: dict[str, Any], **more: Any) -> None:
    """Write the file of channels; quick about everything."""
    quick = {"first_s": 0.05, "longest_s": 0.4, "timeout_s": 0.3, "per_minute": 6000}
    text = yaml.safe_dump({"channels": [{**quick, **channel} for channel in some], **more})
    (folder / "delivery.yaml").write_text(text)


@contextmanager
def process(settings: Settings, folder: Path, **more: str) -> Iterator[Process]:
    """A running delivery; on a failure its last words are printed."""
    made = Process(settings, folder, **more)
    made.start()
    try:
        yield made
    except BaseException:
        print(made.log()[-4000:])
        raise
    finally:
        if made.running():
            made.end(signal.SIGKILL)
