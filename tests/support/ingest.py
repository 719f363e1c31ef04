"""Playing recordings into the real Kafka, in processes that can be killed, and reading back."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from schemas.topics import BINANCE, DEAD_LETTERS, MARKET, TOPICS
from services.ingest.core.registry import FEEDS
from services.runtime import kafka, topics_admin

ROOT = Path(__file__).resolve().parents[2]
BINANCE_DATA = ROOT / "tests" / "data" / "binance"
ONE_VENUE = BINANCE_DATA / "manifest-20240809.json"
THREE_VENUES = BINANCE_DATA / "manifest.json"

_CLI = "from services.cli import main; main()"


def make_topics(bootstrap: str, tape: str, *feeds: str) -> None:
    """The topics that ingest writes with these feeds; Binance's when none is named."""
    raw = [name for feed in feeds for name in FEEDS[feed].topics] or [BINANCE.name]
    asyncio.run(topics_admin.apply(bootstrap, tape, topics_admin.needed(["ingest"], raw)))


@dataclass
class IngestProcess:
    """`vntape run ingest` on a tape, in a process of its own."""

    tape: str
    manifest: Path | None
    kafka: str
    local_dir: Path
    database: str | None = None
    options: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    process: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.local_dir.mkdir(exist_ok=True)
        self._address.unlink(missing_ok=True)
        env = {k: v for k, v in os.environ.items() if not k.startswith("VNTAPE_")}
        # Without a database ingest takes no lock; an own folder hides the local stack's.
        env |= {"VNTAPE_KAFKA": self.kafka, "VNTAPE_LOCAL_DIR": str(self.local_dir)}
        env |= {"VNTAPE_STACK": "nowhere", **dict(self.settings)}
        if self.database:
            env["VNTAPE_DATABASE_URL"] = self.database
        command = [sys.executable, "-c", _CLI, "run", "ingest", "--tape", self.tape]
        if self.manifest is not None:
            command += ["--recording", str(self.manifest)]
        command += self.options
        self.log = (self.local_dir / f"{self.tape}.log").open("ab+")
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=env, stdout=self.log, stderr=self.log
        )

    @property
    def _address(self) -> Path:
        return self.local_dir / "nowhere" / "run" / f"{self.tape}-ingest-1.json"

    def wait(self, seconds: float = 60) -> int:
        """Its exit status; killed and reported when it takes longer."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
            raise AssertionError(f"still running after {seconds} s: {self.said()}") from None
        finally:
            self.log.close()

    def kill(self) -> None:
        """SIGKILL, and until it is gone."""
        self.process.kill()
        self.wait(10)

    def terminate(self) -> int:
        """SIGTERM; its exit status, at most 5 s later."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait(5)

    def said(self) -> str:
        """Everything it wrote to stdout and stderr."""
        return (self.local_dir / f"{self.tape}.log").read_text()

    def health(self) -> dict[str, Any]:
        """What `/health` answers; empty while nobody does."""
        try:
            address = json.loads(self._address.read_text())["http"]
            with urllib.request.urlopen(f"{address}/health", timeout=5) as reply:
                return dict(json.load(reply))
        except (OSError, ValueError):
            return {}

    def done(self) -> int:
        """Records of the recording that it has taken."""
        return int(self.health().get("recording", {}).get("done", 0))


@dataclass
class Written:
    """
    What a tape holds, but for what may differ between runs.

    Attributes:
        raw: (topic, partition) -> (key, value, headers) in order, positions left out.
        market: partition -> messages in order, without the ends of frames.
        letters: dead letters, each once.
    """

    raw: dict[tuple[str, int], list[tuple[bytes, bytes, Any]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    market: dict[int, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    letters: set[tuple[bytes, bytes, Any]] = field(default_factory=set)


async def written(bootstrap: str, tape: str) -> Written:
    """Read all of a tape."""
    found = Written()
    there = (await topics_admin.tapes(bootstrap)).get(tape, [])
    for topic in (t for t in TOPICS if t.codec == "raw" and t.on(tape) in there):
        async for r in kafka.read_all(bootstrap, topic.on(tape)):
            if dict(r.headers)["channel"] != b"position":
                found.raw[topic.name, r.partition].append((r.key, r.value, r.headers))
    async for r in kafka.read_all(bootstrap, MARKET.on(tape)):
        found.market[r.partition] += [line for line in r.value.split(b"\n") if line]
    async for r in kafka.read_all(bootstrap, DEAD_LETTERS.on(tape)):
        found.letters.add((r.key, r.value, tuple(r.headers)))
    return found


def play(tape: str, manifest: Path, bootstrap: str, folder: Path, *options: str) -> None:
    """Play a recording to its end."""
    run = IngestProcess(tape, manifest, bootstrap, folder, options=options)
    status = run.wait()
    assert status == 0, run.said()
